"""`python -m benchmarks.load`: the server and the yardstick under load, in turns, as a table and a picture."""

import argparse
import os
from pathlib import Path
from statistics import median

from . import servers, variants
from .plot import draw
from .run import Figures, run

HEAD = "server         calls   CPU ms  ratio   up p50/p99 ms   down p50/p99    barge-in p50/p99   KB/call   sound"


def main() -> None:
    """Runs every server with every number of calls, interleaved, and keeps of each the run with the median CPU."""
    options = _options()
    cores = (0, 1) if options.pin and (os.cpu_count() or 1) > 1 else None
    kept: list[Figures] = []
    print(HEAD)
    for calls in options.calls:
        rounds = [
            {name: run(name, calls, options.seconds, cores) for name in options.servers} for _ in range(options.rounds)
        ]
        yardstick = median(turn[options.servers[-1]].cpu_ms for turn in rounds)
        for name in options.servers:
            figures = _median([turn[name] for turn in rounds])
            kept.append(figures)
            print(_line(figures, yardstick, _slope(kept, figures)), flush=True)
    draw(kept, options.plot)
    print(f"\nCPU: ms per second of a call; ratio: to {options.servers[-1]}.")
    print("KB/call: of each call more than in the server's row before, in its first row above idle.")
    print(f"picture: {options.plot}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    parser.add_argument("--calls", type=_numbers, default=[10, 50, 100, 200], help="e.g. 10,50,100")
    parser.add_argument("--seconds", type=float, default=10, help="length of what is measured")
    parser.add_argument("--rounds", type=int, default=1, help="the median of so many is told")
    known = ", ".join((servers.OURS, servers.YARDSTICK, *variants.SWITCHES))
    default = [servers.OURS, servers.YARDSTICK]
    parser.add_argument("--servers", type=_names, default=default, help=f"ratios are to the last; of {known}")
    parser.add_argument("--no-pin", dest="pin", action="store_false", help="do not keep the two sides on a core each")
    parser.add_argument("--plot", type=Path, default=Path("load.svg"))
    return parser.parse_args()


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]


def _names(text: str) -> list[str]:
    names = text.split(",")
    for name in names:
        if name not in (servers.OURS, servers.YARDSTICK, *variants.SWITCHES):
            raise argparse.ArgumentTypeError(f"{name!r} is none of the servers")
    return names


def _median(runs: list[Figures]) -> Figures:
    return sorted(runs, key=lambda one: one.cpu_ms)[len(runs) // 2]


def _slope(kept: list[Figures], figures: Figures) -> float:
    """KB for each further call."""
    before = [one for one in kept if one.server == figures.server and one.calls < figures.calls]
    if not before:
        return (figures.memory_kb - figures.idle_kb) / figures.calls
    return (figures.memory_kb - before[-1].memory_kb) / (figures.calls - before[-1].calls)


def _line(figures: Figures, yardstick: float, kb_per_call: float) -> str:
    def both(name: str) -> str:
        return f"{figures.seen[name]['p50']:.2f} / {figures.seen[name]['p99']:.2f}"

    return (
        f"{figures.server:<14} {figures.calls:>5} {figures.cpu_ms:>8.2f} {figures.cpu_ms / yardstick:>6.2f}   "
        f"{both('up_ms'):<15} {both('down_ms'):<15} {both('cut_ms'):<18} {kb_per_call:>7.0f}   "
        f"{'yes' if figures.sound else 'NO'}"
    )


if __name__ == "__main__":
    main()
