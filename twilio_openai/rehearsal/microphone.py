"""What the caller says, frame by frame: queued speech, else the faint noise of a line on which nobody speaks."""

import random
from collections import deque
from dataclasses import dataclass, field

from twilio_openai.rehearsal import speech
from twilio_openai.rehearsal.mulaw import FRAME_BYTES, SILENCE

_NOISE_MS = 4000


@dataclass
class Utterance:
    """Something the caller says; `started_ms` is known once its first frame has been taken."""

    audio: bytes
    taken: int = 0
    started_ms: float | None = None

    @property
    def said(self) -> bool:
        return self.taken >= len(self.audio)

    def take(self, at_ms: float) -> bytes:
        """The next 20 ms of it, shorter at its end."""
        if self.started_ms is None:
            self.started_ms = at_ms
        part = self.audio[self.taken : self.taken + FRAME_BYTES]
        self.taken += FRAME_BYTES
        return part


@dataclass
class Microphone:
    """Frames of 160 bytes. No two phones with different seeds send the same noise."""

    noise: bool = True
    seed: int = 0
    _queue: deque[Utterance] = field(default_factory=deque)
    _background: bytes = b""

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._background = speech.faint(_NOISE_MS, self.seed)

    def say(self, audio: bytes) -> Utterance:
        """Queue speech; it begins with a frame."""
        utterance = Utterance(audio)
        self._queue.append(utterance)
        return utterance

    @property
    def speaking(self) -> bool:
        return bool(self._queue)

    def frame(self, at_ms: float) -> bytes | None:
        """The next 20 ms of speech, or None when nobody speaks."""
        if not self._queue:
            return None
        frame = self._queue[0].take(at_ms)
        if self._queue[0].said:
            self._queue.popleft()
        return frame + self.quiet()[len(frame) :]

    def quiet(self) -> bytes:
        """20 ms in which nobody speaks."""
        if not self.noise:
            return SILENCE * FRAME_BYTES
        offset = self._random.randrange(len(self._background) - FRAME_BYTES)
        return self._background[offset : offset + FRAME_BYTES]
