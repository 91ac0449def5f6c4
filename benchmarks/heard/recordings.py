"""The recordings: synthesised speech whose word times the synthesiser told.

`data/manifest.jsonl` has one recording per line; `data/audio/<id>.ulaw` is its raw mu-law audio, 8000 bytes per
second. A word's times are those of all its speech ("$9.05" ends with "cents"); words said as one ("24,90" "€") share
one span.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

DATA = Path(__file__).parent / "data"


@dataclass(frozen=True)
class Recording:
    """One synthesised answer."""

    id: str
    split: str
    """"dev": the table was trained on it; "kept": other voices, other texts, and Italian, for measuring only."""
    language: str
    engine: str
    voice: str
    style: str
    """"plain", or "varied": tempo changes between phrases, and longer pauses."""
    text: str
    words: tuple[tuple[str, float, float], ...]
    """(written word, true start, true end), ms"""
    audio: bytes

    @property
    def duration_ms(self) -> float:
        return len(self.audio) / 8

    @property
    def ends_ms(self) -> tuple[float, ...]:
        return tuple(end for _, _, end in self.words)


def load(wanted: Callable[[Recording], bool] = lambda recording: True, data: Path = DATA) -> list[Recording]:
    """The recordings that `wanted` accepts, in the manifest's order."""
    with (data / "manifest.jsonl").open(encoding="utf-8") as manifest:
        recordings = [_read(json.loads(line), data) for line in manifest]
    return [recording for recording in recordings if wanted(recording)]


def _read(entry: dict[str, object], data: Path) -> Recording:
    identity = str(entry["id"])
    words = entry["words"]
    assert isinstance(words, list)
    return Recording(
        identity,
        str(entry["split"]),
        str(entry["lang"]),
        str(entry["engine"]),
        str(entry["voice"]),
        str(entry["style"]),
        str(entry["text"]),
        tuple((str(word), float(start), float(end)) for word, start, end in words),
        (data / "audio" / f"{identity}.ulaw").read_bytes(),
    )
