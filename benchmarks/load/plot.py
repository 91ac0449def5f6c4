"""The figures as a picture: small multiples in one SVG, written by hand so that nothing needs to be installed."""

from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path

from .run import Figures

WIDTH, HEIGHT, LEFT, TOP = 420, 260, 56, 40
COLOURS = ("#0b6e4f", "#c1440e", "#3056a0", "#7a5195", "#b08900", "#555555", "#008b8b")

Panel = tuple[str, Callable[[Figures], float]]

PANELS: tuple[Panel, ...] = (
    ("CPU, ms per second of a call", lambda one: one.cpu_ms),
    ("memory of the server, MB", lambda one: one.memory_kb / 1024),
    ("caller to model, p99, ms", lambda one: one.seen["up_ms"]["p99"]),
    ("model to caller, p99, ms", lambda one: one.seen["down_ms"]["p99"]),
    ("barge-in to clear, p99, ms", lambda one: one.seen["cut_ms"]["p99"]),
    ("barge-in to clear, p50, ms", lambda one: one.seen["cut_ms"]["p50"]),
)


def draw(figures: Sequence[Figures], path: Path) -> None:
    """All panels, each against the number of calls, a line for every server."""
    servers = list(dict.fromkeys(one.server for one in figures))
    panels = [_panel(figures, servers, number, panel) for number, panel in enumerate(PANELS)]
    legend = [
        f'<text x="{LEFT + 130 * number}" y="20" fill="{_colour(number)}">● {escape(server)}</text>'
        for number, server in enumerate(servers)
    ]
    rows = (len(PANELS) + 1) // 2
    size = f'width="{2 * WIDTH}" height="{rows * HEIGHT + TOP}"'
    style = 'font-family="sans-serif" font-size="12"'
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style}><rect {size} fill="white"/>'
        + "".join(legend + panels)
        + "</svg>\n"
    )


def _colour(number: int) -> str:
    return COLOURS[number % len(COLOURS)]


def _panel(figures: Sequence[Figures], servers: list[str], number: int, panel: Panel) -> str:
    title, value = panel
    right = max(one.calls for one in figures) * 1.05
    top = (max(value(one) for one in figures) or 1) * 1.1
    width, height = WIDTH - LEFT - 24, HEIGHT - 80

    def at(one: Figures) -> tuple[float, float]:
        return LEFT + width * one.calls / right, TOP + height * (1 - value(one) / top)

    parts = [f'<text x="{LEFT}" y="28" font-weight="bold">{title}</text>']
    for share in (0, 0.5, 1):
        y = TOP + height * (1 - share)
        parts.append(f'<line x1="{LEFT}" x2="{LEFT + width}" y1="{y}" y2="{y}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4}" text-anchor="end">{top * share:.3g}</text>')
    for calls in sorted({one.calls for one in figures}):
        x = LEFT + width * calls / right
        parts.append(f'<text x="{x:.1f}" y="{TOP + height + 18}" text-anchor="middle">{calls}</text>')
    for order, server in enumerate(servers):
        points = [at(one) for one in sorted(figures, key=lambda one: one.calls) if one.server == server]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{_colour(order)}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{_colour(order)}"/>' for x, y in points]
    return f'<g transform="translate({number % 2 * WIDTH},{number // 2 * HEIGHT + TOP / 2})">{"".join(parts)}</g>'
