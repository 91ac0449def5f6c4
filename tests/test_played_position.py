"""How exact `heard_ms` is, over hundreds of simulated barge-ins: the figures are printed (`pytest -s`)."""

import random
from dataclasses import replace

import pytest

from benchmarks.played_position import Conditions, Line, measure

CALM = Conditions(out_ms=40, back_ms=40, jitter_ms=0, late_ms=120, stalls=False)
WEATHERS = {
    "no delay": replace(CALM, out_ms=0, back_ms=0),
    "no delay, jitter": replace(CALM, out_ms=0, back_ms=0, jitter_ms=30),
    "150 ms either way": replace(CALM, out_ms=150, back_ms=150),
    "150 ms either way, jitter": replace(CALM, out_ms=150, back_ms=150, jitter_ms=30),
    "150 ms there": replace(CALM, out_ms=150, back_ms=0, jitter_ms=30),
    "150 ms back": replace(CALM, out_ms=0, back_ms=150, jitter_ms=30),
    "stalls": replace(CALM, jitter_ms=30, stalls=True),
    "stalls, far away": replace(CALM, out_ms=150, back_ms=150, jitter_ms=30, stalls=True),
}


def errors_of(weather: Conditions, count: int, cut_after_ms: tuple[float, float]) -> list[float]:
    """The errors of so many barge-ins, so long after the answer's start."""
    rng = random.Random(7)
    errors: list[float] = []
    while len(errors) < count:
        line = Line(weather, rng)
        line.probe()
        line.clock.run(rng.uniform(600, 1000))
        line.answer("item", rng.randrange(2500, 6000, 20), rng.uniform(3, 6))
        line.clock.run(line.clock.now + weather.out_ms + 60 + rng.uniform(*cut_after_ms))
        if line.ledger.unplayed:
            errors.append(line.barge_in())
    return errors


def report(name: str, errors: list[float]) -> tuple[float, float]:
    """Print and return the mean and the 95th percentile of the absolute errors."""
    sizes = sorted(map(abs, errors))
    mean, p95 = sum(sizes) / len(sizes), sizes[int(0.95 * len(sizes))]
    bias, over = sum(errors) / len(errors), sum(size > 60 for size in sizes)
    figures = f"mean {mean:.1f} ms, p95 {p95:.1f}, worst {sizes[-1]:.1f}, bias {bias:+.1f}, over 60 ms {over}"
    print(f"\n{name}: {len(sizes)} barge-ins, {figures}")  # noqa: T201
    return mean, p95


def test_barge_ins_in_any_weather() -> None:
    mean, p95 = report("any weather", measure(250, seed=11))
    assert mean < 15
    assert p95 < 40


@pytest.mark.parametrize("name", WEATHERS)
@pytest.mark.parametrize("cut_after_ms", [(400, 3000), (150, 250)], ids=["later", "at 150-250 ms"])
def test_barge_ins_in_each_weather(name: str, cut_after_ms: tuple[float, float]) -> None:
    mean, p95 = report(f"{name}, {cut_after_ms[0]}-{cut_after_ms[1]} ms", errors_of(WEATHERS[name], 120, cut_after_ms))
    assert mean < 15
    assert p95 < 40
