"""Server VAD by energy, in the time of the audio: only what has been appended counts, no clock.

Speech begins with the third loud frame of 20 ms among the last four; it ends after `silence_ms` without a loud
frame. The probability of a frame grows with its level: 0.5 at -42 dBFS, so that a faint line is silence and any
voice is speech.
"""

from collections import deque
from dataclasses import dataclass, field
from math import log10

from twilio_openai.rehearsal.mulaw import BYTES_PER_MS, FRAME_BYTES, FRAME_MS, mean_power

_FULL_SCALE = 32768.0**2
_ONSET_FRAMES, _ONSET_WINDOW = 3, 4


@dataclass(frozen=True)
class Started:
    """Speech began; the time includes the padding before it."""

    audio_start_ms: int


@dataclass(frozen=True)
class Stopped:
    """Speech ended; the time includes the silence after it."""

    audio_end_ms: int


def speech_probability(frame: bytes) -> float:
    """How likely mu-law audio is speech, by its level alone."""
    level_db = 10 * log10(max(mean_power(frame), 1.0) / _FULL_SCALE)
    return min(1.0, max(0.0, (level_db + 54.5) / 25.0))


@dataclass
class Vad:
    """Feed it all appended audio; it says when speech began and ended, in ms of that audio."""

    threshold: float = 0.5
    prefix_ms: int = 300
    silence_ms: int = 200
    speaking: bool = False
    _rest: bytes = b""
    _at_ms: int = 0
    _last_loud_ms: int = 0
    _recent: deque[int] = field(default_factory=lambda: deque(maxlen=_ONSET_WINDOW))

    def configure(self, threshold: float, prefix_ms: int, silence_ms: int) -> None:
        self.threshold, self.prefix_ms, self.silence_ms = threshold, prefix_ms, silence_ms

    def reset(self) -> None:
        """Forget speech that is under way; the audio's time goes on."""
        self.speaking = False
        self._recent.clear()

    def feed(self, audio: bytes) -> list[Started | Stopped]:
        """Mu-law audio that was appended, of any length."""
        audio, happened = self._rest + audio, list[Started | Stopped]()
        for start in range(0, len(audio) - FRAME_BYTES + 1, FRAME_BYTES):
            self._at_ms += FRAME_MS
            change = self._frame(audio[start : start + FRAME_BYTES])
            happened += [change] if change else []
        self._rest = audio[len(audio) - len(audio) % FRAME_BYTES :]
        return happened

    def _frame(self, frame: bytes) -> Started | Stopped | None:
        loud = speech_probability(frame) > self.threshold
        if loud:
            self._last_loud_ms = self._at_ms
        self._recent.append(loud)
        if not self.speaking and sum(self._recent) >= _ONSET_FRAMES:
            self.speaking = True
            first_loud = list(self._recent).index(True)
            onset_ms = self._at_ms - (len(self._recent) - first_loud) * FRAME_MS
            return Started(max(0, onset_ms - self.prefix_ms))
        if self.speaking and self._at_ms - self._last_loud_ms >= self.silence_ms:
            self.reset()
            return Stopped(self._at_ms)
        return None


def ms_of(audio_bytes: int) -> float:
    """The duration of mu-law audio."""
    return audio_bytes / BYTES_PER_MS
