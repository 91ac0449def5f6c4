"""Which words did the caller hear? `python -m benchmarks.heard` (make bench-heard)

Cuts of the recordings at random moments; a word is heard when all of its speech has been played. "kept" recordings have
voices, texts and a language (Italian) that the table was not trained on; "dev" ones were its training data.
"""

from __future__ import annotations

import argparse
import time
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import accumulate

from . import one_thread  # noqa: F401 (first: numpy reads its variables once)
from .cuts import Cut, cuts
from .methods import METHODS, Method
from .recordings import Recording, load
from .scores import HEADER, Score

MODES: dict[str, float | None] = {"full": None, "4x": 4.0, "1.5x": 1.5}


class Clock:
    """CPU time against seconds of audio."""

    def __init__(self) -> None:
        self.cpu_ms = 0.0
        self.audio_s = 0.0

    def ends(self, method: Method, cut: Cut) -> Sequence[float]:
        """The method's answer, timed."""
        started = time.process_time()
        found = method(cut)
        self.cpu_ms += (time.process_time() - started) * 1000
        self.audio_s += len(cut.audio) / 8000
        return list(accumulate(found, max))

    @property
    def ms_per_second(self) -> float:
        """CPU ms per second of audio."""
        return self.cpu_ms / max(self.audio_s, 1e-9)


def measure(name: str, recordings: Sequence[Recording], mode: str, count: int) -> tuple[dict[str, Score], float]:
    """One method over all cuts: scores per group ("all", "language en", "voice ...") and CPU ms per second of audio."""
    scores: dict[str, Score] = defaultdict(Score)
    clock = Clock()
    for recording in recordings:
        for claimed, heard in _outcomes(METHODS[name], recording, mode, count, clock):
            for group in ("all", f"language {recording.language}", f"voice {recording.engine} {recording.voice}"):
                scores[group].add(claimed, heard)
    return scores, clock.ms_per_second


def _outcomes(method: Method, recording: Recording, mode: str, count: int, clock: Clock) -> Iterator[tuple[int, int]]:
    ends: Sequence[float] = ()
    for cut in cuts(recording, count, MODES[mode]):
        if cut.first_of_recording or mode != "full":
            ends = clock.ends(method, cut)
        yield bisect_right(ends, cut.played_ms), cut.heard


def report(
    recordings: Sequence[Recording], modes: Sequence[str], full_cuts: int, partial_cuts: int, groups: bool
) -> None:
    """Prints every method in every mode, then ours per language and voice."""
    for mode in modes:
        count = full_cuts if mode == "full" else partial_cuts
        print(f"\ngeneration {mode}\n{HEADER}   CPU ms/s")
        for name in METHODS:
            scores, cost = measure(name, recordings, mode, count)
            print(f"{scores['all'].line(name)}{cost:11.2f}")
    for name in ("align", "estimate") if groups else ():
        print(f"\n{name}, {modes[0]}\n{HEADER}")
        scores, _ = measure(name, recordings, modes[0], full_cuts if modes[0] == "full" else partial_cuts)
        for group in sorted(scores):
            print(scores[group].line(group))


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.heard", description=__doc__)
    parser.add_argument("--split", choices=("kept", "dev", "all"), default="kept")
    parser.add_argument("--mode", choices=tuple(MODES), action="append", help="default: all of them")
    parser.add_argument("--language")
    parser.add_argument("--cuts", type=int, default=20, help="per recording, whole answers")
    parser.add_argument("--partial-cuts", type=int, default=10, help="per recording, while generation runs")
    parser.add_argument("--no-groups", action="store_true", help="leave out languages and voices")
    options = parser.parse_args()
    recordings = load(
        lambda one: options.split in ("all", one.split) and options.language in (None, one.language),
    )
    minutes = sum(one.duration_ms for one in recordings) / 60_000
    print(f"{len(recordings)} recordings ({options.split}), {minutes:.1f} min")
    report(recordings, options.mode or list(MODES), options.cuts, options.partial_cuts, not options.no_groups)


if __name__ == "__main__":
    main()
