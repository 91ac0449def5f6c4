"""Trains the alignment's table of sound classes from the recordings in `benchmarks/heard/data`.

    python scripts/train_alignment.py            writes twilio_openai/alignment/table.json
    python scripts/train_alignment.py --check    fails if the shipped table is not what would be written

The words' true times are given. Inside a word the sounds start at their expected shares; then Gaussians and durations
are estimated and the sounds are placed anew, a few times over. The same input gives the same table after rounding.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.heard.recordings import Recording, load  # noqa: E402
from twilio_openai.alignment.features import BANDS, log_mel, normalised  # noqa: E402
from twilio_openai.alignment.lattice import FIRST_SOUND, Slot, expected_ms, lattice  # noqa: E402
from twilio_openai.alignment.segmental import WEIGHTS  # noqa: E402
from twilio_openai.alignment.sounds import COUNT, SYMBOLS  # noqa: E402
from twilio_openai.alignment.spoken import phrases  # noqa: E402
from twilio_openai.alignment.table import Table, dump  # noqa: E402
from twilio_openai.alignment.tables import paired  # noqa: E402
from twilio_openai.alignment.viterbi import best_path  # noqa: E402

Array = NDArray[np.float64]
Labels = NDArray[np.int64]

TABLE = ROOT / "twilio_openai" / "alignment" / "table.json"
ROUNDS = 4
"""How often sounds are placed and Gaussians estimated; the likelihood hardly rises after four."""
RIDGE = 0.3
"""Added to every variance (nepers squared), so that no class is surer than the features are exact."""
SHARED_FRAMES = 1000.0
"""Weight of the covariance that all classes share against a class's own, in frames."""
LEAST_SPREAD = 0.4
START_SPREAD = 0.45
SILENCE, UNKNOWN = COUNT - 1, -1
# Where training starts (ms at an average pace); classes measured in later rounds.
START_MS = {
    symbol: float(ms)
    for symbol, ms in paired(
        """
        a=105 e=80 i=80 o=105 u=90 Y=90 @=55 A=110 s=95 S=95 z=70 Z=70 f=80 v=55 h=50 x=60 m=65 n=60 l=60 r=50 R=45
        c=50 t=35 b=60 d=45 g=60 w=55 j=55
        """
    ).items()
}


class Part(NamedTuple):
    """The frames of one phrase, and what is said in them."""

    first: int
    last: int
    slots: Sequence[Slot]


class Sample(NamedTuple):
    """One recording, ready to be learnt from."""

    bands: Array
    parts: Sequence[Part]


def main() -> int:
    """Trains; writes or checks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare with the shipped table and write nothing")
    options = parser.parse_args()
    text = render(train(training_data()))
    if options.check:
        same = TABLE.read_text("utf-8") == text
        print(
            "the shipped table is up to date" if same else "the shipped table differs: run scripts/train_alignment.py"
        )
        return 0 if same else 1
    TABLE.write_text(text, "utf-8")
    print(f"wrote {TABLE} ({len(text)} bytes)")
    return 0


def render(table: Table) -> str:
    """The table as the text of its file."""
    data = dump(table, {"script": "scripts/train_alignment.py", "input_sha256": fingerprint(training_data())})
    return json.dumps(data, separators=(",", ":")) + "\n"


def training_data() -> list[Recording]:
    """The recordings to learn from; the others are kept aside for measuring."""
    return load(lambda recording: recording.split == "dev")


def fingerprint(recordings: Sequence[Recording]) -> str:
    """A digest of the recordings and their word times."""
    digest = hashlib.sha256()
    for recording in recordings:
        digest.update(repr((recording.id, recording.text, recording.words)).encode())
        digest.update(recording.audio)
    return digest.hexdigest()


def train(recordings: Sequence[Recording], rounds: int = ROUNDS) -> Table:
    """A table from labelled recordings."""
    table = _start()
    samples = [_sample(recording, table) for recording in recordings]
    labels = [_spread_evenly(sample) for sample in samples]
    table = replace(table, colour=_colour(samples, labels))
    features = [normalised(sample.bands, table.colour) for sample in samples]
    for _ in range(rounds):
        table = _estimate(table, features, labels)
        samples = [
            _sample(recording, table, sample.bands) for recording, sample in zip(recordings, samples, strict=True)
        ]
        labels = [_place(sample, table.scores(one)) for sample, one in zip(samples, features, strict=True)]
        table = _measure(table, samples, labels)
    return _estimate(table, features, labels)


def _start() -> Table:
    size = 2 * BANDS
    durations = np.array([START_MS[symbol] for symbol in SYMBOLS])
    spreads = np.full(len(SYMBOLS), START_SPREAD)
    return Table(
        np.zeros(BANDS), np.zeros((COUNT, size)), np.tile(np.eye(size), (COUNT, 1, 1)), durations, spreads, np.float64
    )


def _sample(recording: Recording, table: Table, bands: Array | None = None) -> Sample:
    bands = log_mel(recording.audio) if bands is None else bands
    return Sample(bands, list(_parts(recording, table, len(bands))))


def _parts(recording: Recording, table: Table, frames: int) -> Iterator[Part]:
    at = 0
    for phrase in phrases([word for word, _, _ in recording.words], recording.language):
        covered = recording.words[at : at + phrase.words]
        at += phrase.words
        first = round(min(start for _, start, _ in covered) / 10)
        last = min(frames, round(max(end for _, _, end in covered) / 10))
        slots = _speech_only(
            lattice([word for word, _, _ in covered], [phrase], recording.language, table.voice(recording.language))
        )
        if expected_ms(slots) and last - first > 1:
            yield Part(first, last, slots)


def _speech_only(slots: Sequence[Slot]) -> list[Slot]:
    """Without the silence around and the unforeseen speech behind."""
    return [slots[1]]


def _spread_evenly(sample: Sample) -> Labels:
    """Labels by the expected shares; where there is more than one reading, nothing is known yet."""
    labels = np.full(len(sample.bands), SILENCE)
    for first, last, slots in sample.parts:
        sounds = [one for one in slots[0][0] if one.expected_ms]
        shares = np.cumsum([0.0, *(one.expected_ms for one in sounds)])
        borders = np.round(first + (last - first) * shares / shares[-1]).astype(int)
        for sound, start, end in zip(sounds, borders, borders[1:], strict=False):
            labels[start:end] = sound.column - FIRST_SOUND if len(slots[0]) == 1 else UNKNOWN
    return labels


def _colour(samples: Sequence[Sample], labels: Sequence[Labels]) -> Array:
    shape = np.mean(
        [sample.bands[label != SILENCE].mean(0) for sample, label in zip(samples, labels, strict=True)], axis=0
    )
    return np.asarray(np.round(shape - shape.mean(), 3))


def _place(sample: Sample, scores: Array) -> Labels:
    """Labels by the best path inside each phrase's true times."""
    labels = np.full(len(sample.bands), SILENCE)
    for first, last, slots in sample.parts:
        pace = min(0.3, max(0.03, (last - first) / expected_ms(slots)))
        path = best_path(slots, scores[first:last], pace, False, WEIGHTS)
        labels[first:last] = UNKNOWN
        for segment, start, end in path.placed if path else ():
            labels[first + start : first + end] = segment.column - FIRST_SOUND if segment.expected_ms else SILENCE
    return labels


def _estimate(table: Table, features: Sequence[Array], labels: Sequence[Labels]) -> Table:
    """Gaussians of the labelled frames."""
    frames, classes = np.concatenate(features), np.concatenate(labels)
    members = [frames[classes == index] for index in range(COUNT)]
    means = np.stack([one.mean(0) if len(one) else frames.mean(0) for one in members])
    scatters = np.stack([(one - mean).T @ (one - mean) for one, mean in zip(members, means, strict=True)])
    shared = scatters.sum(0) / sum(map(len, members))
    whiteners = np.stack([_whitener(scatter, len(one), shared) for scatter, one in zip(scatters, members, strict=True)])
    return replace(table, means=means, whiteners=whiteners)


def _whitener(scatter: Array, count: int, shared: Array) -> Array:
    covariance = (scatter + SHARED_FRAMES * shared) / (count + SHARED_FRAMES) + RIDGE * np.eye(len(shared))
    return np.asarray(np.linalg.cholesky(np.linalg.inv(covariance)))


def _measure(table: Table, samples: Sequence[Sample], labels: Sequence[Labels]) -> Table:
    """Durations and spreads of the placed sounds, relative to each recording's pace."""
    logs: list[list[float]] = [[] for _ in SYMBOLS]
    for sample, label in zip(samples, labels, strict=True):
        runs = [run for part in sample.parts for run in _runs(label[part.first : part.last])]
        pace = sum(length for _, length in runs) / sum(table.durations_ms[index] for index, _ in runs)
        for index, length in runs:
            logs[index].append(float(np.log(length / pace)))
    durations = np.array(
        [np.exp(np.mean(one)) if len(one) > 20 else old for one, old in zip(logs, table.durations_ms, strict=True)]
    )
    spreads = np.array([max(LEAST_SPREAD, np.std(one)) if len(one) > 20 else START_SPREAD for one in logs])
    counts = np.array([len(one) for one in logs])
    scale = (counts @ table.durations_ms) / (counts @ durations)
    return replace(table, durations_ms=durations * scale, spreads=spreads)


def _runs(labels: Labels) -> Iterator[tuple[int, int]]:
    """(class, frames) of each run of one sound."""
    borders = np.flatnonzero(np.diff(labels, prepend=-2, append=-2))
    for start, end in pairwise(borders):
        if 0 <= labels[start] < SILENCE:
            yield int(labels[start]), int(end - start)


if __name__ == "__main__":
    sys.exit(main())
