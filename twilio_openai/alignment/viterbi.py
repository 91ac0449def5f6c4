"""One dynamic programme over the audio: which segment lasts from when to when.

Time is counted in frames; a boundary t lies before frame t. `reach[t]` is the best score of everything up to the
current segment that ends at boundary t. Each segment takes `reach` to the next one: sounds try every duration up to a
few times the expected one, pauses and unforeseen speech have a linear cost and need a running maximum only.
Boundaries whose score has fallen too far behind the best are dropped, which keeps the cost linear in the audio's
length.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .lattice import Branch, Kind, Segment, Slot

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

IMPOSSIBLE = -1e9
FEW = 48
"""A front of fewer boundaries is not worth pruning."""


@dataclass(frozen=True)
class Weights:
    """Costs in nepers after the acoustic weight, durations in frames of 10 ms (tuned with benchmarks/heard)."""

    acoustic: float = 0.12
    """Weight of a frame's log-likelihood: neighbouring frames are far from independent."""
    final_spread: float = 1.4
    """How much wider the spread of a drawn-out sound is, on the long side."""
    longest: float = 4.0
    """A sound's longest duration over the expected one; twice that when drawn out."""
    missing: float = 6.0
    """Cost of a sound that is not there."""
    no_stop: float = 2.0
    """Cost of no pause at punctuation."""
    pause: float = 4.0
    """Cost of a pause where nothing asks for one."""
    pause_frame: float = 0.006
    """Cost of a pause per frame."""
    shortest_pause: int = 4
    """Frames; shorter silences belong to the sounds."""
    edge_frame: float = 0.003
    """Cost of silence before and after the speech, per frame."""
    unforeseen: float = 5.0
    """Cost of unforeseen speech."""
    unforeseen_frame: float = 0.6
    """... and per frame: it fits any sound, so it must be dearer than the right one."""
    other_reading: float = 0.5
    """Cost of each reading after the first."""
    beam: float = 60.0
    """How far behind the best a boundary's score may fall before it is dropped ..."""
    drift: float = 0.3
    """... after this allowance per frame: later boundaries have paid for more frames."""
    longest_stretch: int = 800
    """Frames that a pause or unforeseen speech is followed at most."""
    longest_sound: int = 80
    """Frames that one sound may last at most."""


class Placed(NamedTuple):
    """A segment and the frames that it lasts."""

    segment: Segment
    start: int
    end: int


@dataclass(frozen=True)
class Path:
    """The best way through the lattice."""

    placed: tuple[Placed, ...]
    """In order; the last one ends with the audio."""
    score: float
    finished: bool
    """Whether every slot was reached."""


class _Step(NamedTuple):
    """What the backward pass needs of one segment: the duration that led to each boundary from `first` on."""

    segment: Segment
    first: int
    durations: Integers


class _Choice(NamedTuple):
    """The branches of one slot, and which of them led to each boundary from `first` on."""

    branches: tuple[tuple[_Step, ...], ...]
    first: int
    chosen: Integers


class _Ending(NamedTuple):
    """A place where the audio may end: slot, branch, number of segments, and the score there."""

    slot: int
    branch: int
    segments: int
    score: float


class _Front(NamedTuple):
    """Scores at the boundaries `first`, `first + 1`, ..."""

    first: int
    scores: Array

    @property
    def last(self) -> int:
        return self.first + len(self.scores) - 1


class Search:
    """The forward pass over one audio; a fresh one for each."""

    def __init__(self, scores: Array, pace: float, weights: Weights) -> None:
        """`scores`: (frames x columns) log-likelihoods; `pace`: frames per expected ms."""
        self.frames = len(scores)
        self.pace = pace
        self.weights = weights
        relative = weights.acoustic * (scores - scores.max(axis=1, keepdims=True))
        self.sums = np.zeros((scores.shape[1], self.frames + 1))
        np.cumsum(relative.T, axis=1, out=self.sums[:, 1:])
        self.endings: list[_Ending] = []
        self.choices: list[_Choice] = []
        self.costs: dict[tuple[float, float, bool], Array] = {}

    def run(self, slots: Sequence[Slot], open_end: bool) -> Path | None:
        """The best path, or None where the audio's end cannot be reached within the beam.

        `open_end`: the audio may end before the slots do.
        """
        front = _Front(0, np.zeros(1))
        for number, slot in enumerate(slots):
            front = self._choose(number, slot, front)
        last = len(slots) - 1
        ends = [
            one
            for one in self.endings
            if open_end or (one.slot == last and one.segments == len(slots[last][one.branch]))
        ]
        best = max(ends, key=lambda ending: ending.score, default=None)
        if best is None or best.score <= IMPOSSIBLE / 2:
            return None
        finished = best.slot == last and best.segments == len(slots[last][best.branch])
        return Path(tuple(self._trace(best)), best.score, finished)

    def _choose(self, number: int, slot: Slot, front: _Front) -> _Front:
        results = [self._follow(number, index, branch, front) for index, branch in enumerate(slot)]
        steps = tuple(taken for _, taken in results)
        first = min(out.first for out, _ in results)
        last = max(out.last for out, _ in results)
        table = np.full((len(results), last - first + 1), IMPOSSIBLE)
        for index, (out, _) in enumerate(results):
            table[index, out.first - first : out.last - first + 1] = out.scores
        chosen = table.argmax(axis=0) if len(results) > 1 else np.zeros(table.shape[1], dtype=np.int64)
        self.choices.append(_Choice(steps, first, chosen))
        return self._pruned(_Front(first, table.max(axis=0)))

    def _follow(self, number: int, index: int, branch: Branch, front: _Front) -> tuple[_Front, tuple[_Step, ...]]:
        if index:
            front = _Front(front.first, front.scores - self.weights.other_reading)
        steps: list[_Step] = []
        for segment in branch:
            front, step = self._advance(segment, front)
            steps.append(step)
            if front.last == self.frames:
                self.endings.append(_Ending(number, index, len(steps), float(front.scores[-1])))
            front = self._pruned(front)
        return front, tuple(steps)

    def _advance(self, segment: Segment, front: _Front) -> tuple[_Front, _Step]:
        if segment.kind in (Kind.SOUND, Kind.FINAL):
            return self._sound(segment, front)
        return self._stretch(segment, front)

    def _sound(self, segment: Segment, front: _Front) -> tuple[_Front, _Step]:
        """Every duration from 0 to the longest, from every boundary of the front."""
        costs = self._costs(segment)
        longest = len(costs) - 1
        last = min(self.frames, front.last + longest)
        sums = self.sums[segment.column]
        entries = np.full(longest + last - front.first + 1, IMPOSSIBLE)
        entries[longest : longest + len(front.scores)] = front.scores - sums[front.first : front.last + 1]
        totals = _windows(entries, longest + 1) + costs[::-1]
        best = totals.argmax(axis=1)
        scores = totals[np.arange(len(best)), best] + sums[front.first : last + 1]
        return _Front(front.first, scores), _Step(segment, front.first, longest - best)

    def _costs(self, segment: Segment) -> Array:
        key = (segment.expected_ms, segment.spread, segment.kind is Kind.FINAL)
        if key not in self.costs:
            self.costs[key] = sound_costs(segment, self.pace, self.weights)
        return self.costs[key]

    def _stretch(self, segment: Segment, front: _Front) -> tuple[_Front, _Step]:
        """A linear cost per frame: the best entry so far, or no such stretch at all."""
        skip, enter, per_frame, shortest = self._linear(segment.kind)
        last = self.frames if segment.kind is Kind.EDGE else min(self.frames, front.last + self.weights.longest_stretch)
        times = np.arange(front.first, last + 1)
        sums = self.sums[segment.column, front.first : last + 1] - per_frame * times
        entries = np.full(len(times), IMPOSSIBLE)
        entries[: len(front.scores)] = front.scores
        best, origin = _running_best(entries - sums)
        taken = np.full(len(times), IMPOSSIBLE)
        room = max(0, len(times) - shortest)
        taken[shortest:] = best[:room] + sums[shortest:] - enter
        since = np.zeros(len(times), dtype=np.int64)
        since[shortest:] = np.arange(shortest, shortest + room) - origin[:room]
        stays = entries - skip >= taken
        return _Front(front.first, np.where(stays, entries - skip, taken)), _Step(
            segment, front.first, np.where(stays, 0, since)
        )

    def _linear(self, kind: Kind) -> tuple[float, float, float, int]:
        """(cost of its absence, of its presence, per frame, shortest in frames)"""
        weights = self.weights
        return {
            Kind.STOP: (weights.no_stop, 0.0, weights.pause_frame, weights.shortest_pause),
            Kind.PAUSE: (0.0, weights.pause, weights.pause_frame, weights.shortest_pause),
            Kind.EDGE: (0.0, 0.0, weights.edge_frame, 1),
            Kind.UNFORESEEN: (0.0, weights.unforeseen, weights.unforeseen_frame, 6),
        }[kind]

    def _pruned(self, front: _Front) -> _Front:
        if len(front.scores) < FEW:
            return front
        weights = self.weights
        levelled = front.scores + weights.drift * np.arange(len(front.scores))
        alive = np.flatnonzero(levelled > levelled.max() - weights.beam)
        low, high = int(alive[0]), int(alive[-1])
        return _Front(front.first + low, front.scores[low : high + 1])

    def _trace(self, ending: _Ending) -> list[Placed]:
        """The placed segments, walking back from the audio's end."""
        steps = list(self.choices[ending.slot].branches[ending.branch][: ending.segments])
        placed: list[Placed] = []
        end = self.frames
        for number in range(ending.slot, -1, -1):
            if number < ending.slot:
                choice = self.choices[number]
                steps = list(choice.branches[int(choice.chosen[end - choice.first])])
            for step in reversed(steps):
                start = end - int(step.durations[end - step.first])
                placed.append(Placed(step.segment, start, end))
                end = start
        return placed[::-1]


def _windows(values: Array, width: int) -> Array:
    """Every window of `width` values: numpy's sliding_window_view without its checks, dearer than the sums."""
    return np.ndarray((len(values) - width + 1, width), np.float64, values, strides=(8, 8))


def _running_best(values: Array) -> tuple[Array, Integers]:
    """The greatest value so far, and where it stands."""
    best = np.maximum.accumulate(values)
    places = np.where(values == best, np.arange(len(values)), 0)
    return best, np.maximum.accumulate(places)


def sound_costs(segment: Segment, pace: float, weights: Weights) -> Array:
    """Log-probabilities of a sound's lasting 0, 1, 2, ... frames, up to the longest."""
    drawn = segment.kind is Kind.FINAL
    expected = max(0.1, segment.expected_ms * pace)
    longest = int(min(float(weights.longest_sound), max(8.0, expected * weights.longest * (2.0 if drawn else 1.0))))
    deviations = np.log(np.maximum(np.arange(longest + 1), 0.4) / expected) / segment.spread
    if drawn:
        deviations = np.where(deviations > 0, deviations / weights.final_spread, deviations)
    costs = -0.5 * deviations**2
    costs[0] = -weights.missing
    return np.asarray(costs)


def best_path(slots: Sequence[Slot], scores: Array, pace: float, open_end: bool, weights: Weights) -> Path | None:
    """The best path, with a wider beam where it lost the audio's end; None where that is of no use either."""
    for beam in (weights.beam, 4 * weights.beam):
        path = Search(scores, pace, replace(weights, beam=beam)).run(slots, open_end)
        if path is not None:
            return path
    return None
