"""Synthesise the rehearsal's recordings with espeak-ng and write them, with the times of their words, into the
package.

    python scripts/make_speech.py                # the bakery call and further lines
    python scripts/make_speech.py --from FOLDER  # adopt those of a folder (manifest.jsonl, audio/*.ulaw) too

Needs libespeak-ng (Debian: libespeak-ng1). Word times come from the synthesiser's own events: where a word begins,
and where the last sound before a pause ends. Sentences are spoken one by one and joined with pauses, as people
speak on the phone.
"""

import argparse
import ctypes
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twilio_openai.rehearsal import mulaw
from twilio_openai.rehearsal.speech import faint

FOLDER = Path(__file__).resolve().parent.parent / "twilio_openai" / "rehearsal" / "speech"
AGENT, CALLER = "en-us+f3", "en+m3"
LEAD_MS, TAIL_MS, PEAK = 60, 180, 9000.0

LINES = {
    "agent-greeting": "Thanks for calling the Corner Bakery. How can I help you today?",
    "agent-order": "Yes, I can help you place your order. What would you like?",
    "agent-total": "That will be $9.05. Cash or credit? We also have a store discount you can apply now.",
    "agent-sure": "Sure. What would you like to order?",
    "agent-coffee": "Yes, we have coffee, it is two dollars.",
    "agent-add-coffee": "Would you like me to add a coffee to your order?",
    "agent-total-again": "The total is $9.05. Would you like to pay cash or by card?",
    "agent-ready": "Great. Your order will be ready in ten minutes. Goodbye!",
    "agent-moment": "One moment, please.",
    "agent-checking": "Let me check whether we have a table for you.",
    "agent-free": "Yes, we have a table for two on Friday at 7:30 p.m. Shall I book it for you?",
    "agent-hours": "We are open from 7 a.m. to 6 p.m. on weekdays, and from 8 a.m. to 2 p.m. on Saturdays.",
    "agent-transfer": "I will put you through to a colleague now. Please hold the line.",
    "agent-bye": "Thank you for calling. Goodbye!",
    "caller-hello": "Hello, I would like to place an order.",
    "caller-bagels": "I want bagels and a soda.",
    "caller-coffee": "Sorry for interrupting. Do you also have coffee?",
    "caller-yes": "Yes please.",
    "caller-cash": "I will pay cash.",
    "caller-bye": "That is all, thank you. Goodbye.",
    "caller-table": "Do you have a table for two on Friday evening?",
    "caller-hours": "When are you open?",
    "caller-human": "Can I talk to a person, please?",
    "caller-wait": "Wait, wait.",
    "caller-no": "No, something else.",
}
ADOPTED = [
    "dev-en-00-2",
    "dev-en-03-0",
    "dev-en-05-3",
    "dev-en-09-1",
    "dev-en-16-2",
    "dev-en-18-4",
    "dev-es-01-0",
    "dev-es-03-1",
    "dev-de-00-0",
    "dev-de-01-1",
    "dev-fr-01-0",
    "dev-fr-02-1",
]

_SYNCHRONOUS, _PHONEME_EVENTS, _UTF8, _RATE_PARAMETER = 2, 1, 1, 1
_WORD, _PHONEME = 1, 7


class _Id(ctypes.Union):
    _fields_ = [("number", ctypes.c_int), ("name", ctypes.c_char_p), ("phoneme", ctypes.c_char * 8)]


class _Event(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int),
        ("identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_ms", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    ]


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


@dataclass(frozen=True)
class Sound:
    """An event of the synthesiser: a word that begins at a character of the text, or a phoneme ("_" is a pause)."""

    type: int
    at_ms: float
    position: int = 0
    phoneme: str = ""


class Espeak:
    """libespeak-ng, speaking into memory."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL("libespeak-ng.so.1")
        self.sample_rate = self._library.espeak_Initialize(_SYNCHRONOUS, 0, None, _PHONEME_EVENTS)
        self._callback = _Callback(self._collect)
        self._library.espeak_SetSynthCallback(self._callback)
        self._samples: list[int] = []
        self._sounds: list[Sound] = []

    def speak(self, text: str, voice: str, words_per_minute: int) -> tuple[NDArray[np.float64], list[Sound]]:
        """Samples at 8 kHz, and the events in their order."""
        self._samples, self._sounds = [], []
        if self._library.espeak_SetVoiceByName(voice.encode()):
            raise SystemExit(f"espeak-ng has no voice {voice}")
        self._library.espeak_SetParameter(_RATE_PARAMETER, words_per_minute, 0)
        encoded = text.encode() + b"\0"
        self._library.espeak_Synth(encoded, len(encoded), 0, 1, 0, _UTF8, None, None)
        self._library.espeak_Synchronize()
        return _at_8_khz(np.array(self._samples, dtype=np.float64), self.sample_rate), self._sounds

    def _collect(self, samples: Any, count: int, events: Any) -> int:
        if samples and count:
            self._samples.extend(samples[:count])
        index = 0
        while events[index].type:
            self._note(events[index])
            index += 1
        return 0

    def _note(self, event: _Event) -> None:
        if event.type == _WORD:
            self._sounds.append(Sound(_WORD, event.audio_ms, event.text_position - 1))
        elif event.type == _PHONEME:
            self._sounds.append(Sound(_PHONEME, event.audio_ms, phoneme=event.id.phoneme.decode("utf-8", "replace")))


def _at_8_khz(samples: NDArray[np.float64], rate: int) -> NDArray[np.float64]:
    """Resampled by cutting the spectrum at 4 kHz."""
    count = int(len(samples) * 8000 / rate)
    spectrum = np.fft.rfft(samples)[: count // 2 + 1]
    return np.asarray(np.fft.irfft(spectrum, count) * count / len(samples), dtype=np.float64)


def _spans(text: str, sounds: list[Sound], duration_ms: float) -> list[tuple[float, float]]:
    """Start and end of every written word; one that the synthesiser speaks as several spans all of them.

    A word ends where the next one begins, or before that where its last sound gives way to a pause.
    """
    places = [match.start() for match in re.finditer(r"\S+", text)]
    starts = dict[int, float]()
    for sound in sounds:
        if sound.type == _WORD:
            starts.setdefault(sum(place <= sound.position for place in places) - 1, sound.at_ms)
    bounds = [starts[index] for index in range(len(places))] + [duration_ms]
    return [(start, _speech_end(sounds, start, end)) for start, end in pairwise(bounds)]


def _speech_end(sounds: list[Sound], start_ms: float, end_ms: float) -> float:
    """Where the pause begins with which the span ends; the span's end where it ends with a sound."""
    phonemes = [sound for sound in sounds if sound.type == _PHONEME and start_ms <= sound.at_ms < end_ms]
    pause_ms = end_ms
    for sound in reversed(phonemes):
        if not sound.phoneme.startswith("_"):
            break
        pause_ms = sound.at_ms
    return pause_ms


def _trimmed(samples: NDArray[np.float64]) -> tuple[int, int]:
    """The samples between which something is heard."""
    loud = np.flatnonzero(np.abs(samples) > 0.01 * np.abs(samples).max())
    return max(0, int(loud[0]) - 40), min(len(samples), int(loud[-1]) + 160)


def _sentences(text: str) -> Iterator[str]:
    yield from re.split(r"(?<=[.!?])\s+(?=[A-Z])", text)


def synthesise(espeak: Espeak, id_: str, text: str) -> tuple[dict[str, Any], bytes]:
    """A manifest entry and its audio."""
    voice = AGENT if id_.startswith("agent") else CALLER
    pause_ms = 420 if id_.startswith("agent") else 220
    audio, words = faint(LEAD_MS, seed=len(text)), list[list[Any]]()
    for number, sentence in enumerate(_sentences(text)):
        audio += faint(pause_ms, seed=number + 1) if number else b""
        samples, sounds = espeak.speak(sentence, voice, 170)
        first, last = _trimmed(samples)
        at_ms, length_ms = len(audio) / 8 - first / 8, last / 8
        for written, (start, end) in zip(sentence.split(), _spans(sentence, sounds, length_ms), strict=True):
            words.append([written, round(max(start, first / 8) + at_ms), round(min(end, length_ms) + at_ms)])
        audio += mulaw.encode(samples[first:last] * (PEAK / np.abs(samples).max()))
    audio += faint(TAIL_MS, seed=99)
    return {"id": id_, "text": text, "voice": voice, "language": "en", "words": words}, audio


def adopt(folder: Path) -> Iterator[tuple[dict[str, Any], bytes]]:
    """Recordings of other voices and languages, for the tests."""
    for line in (folder / "manifest.jsonl").read_text("utf-8").splitlines():
        entry = json.loads(line)
        if entry["id"] in ADOPTED:
            voice = f"{entry['engine']} {entry['voice']}"
            kept = {"id": entry["id"].removeprefix("dev-"), "text": entry["text"], "voice": voice}
            audio = (folder / "audio" / f"{entry['id']}.ulaw").read_bytes()
            yield {**kept, "language": entry["lang"], "words": entry["words"]}, audio


def _shipped(manifest: Path) -> Iterator[tuple[dict[str, Any], bytes]]:
    """What was adopted before and is kept when the lines alone are made again."""
    if manifest.exists():
        for entry in json.loads(manifest.read_text("utf-8")):
            if entry["id"] not in LINES and not entry["id"].startswith(("agent-", "caller-")):
                yield entry, (FOLDER / f"{entry['id']}.ulaw").read_bytes()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--from", dest="folder", type=Path, help="a folder to adopt recordings from")
    folder = parser.parse_args().folder
    FOLDER.mkdir(exist_ok=True)
    manifest, espeak = FOLDER / "manifest.json", Espeak()
    made = [synthesise(espeak, id_, text) for id_, text in LINES.items()]
    made += list(adopt(folder) if folder else _shipped(manifest))
    for entry, audio in made:
        (FOLDER / f"{entry['id']}.ulaw").write_bytes(audio)
    lines = ",\n".join(json.dumps(entry, ensure_ascii=False) for entry, _ in made)
    manifest.write_text(f"[\n{lines}\n]\n", "utf-8")
    print(f"{len(made)} recordings, {sum(len(audio) for _, audio in made) / 8000:.0f} s, in {FOLDER}")


if __name__ == "__main__":
    main()
