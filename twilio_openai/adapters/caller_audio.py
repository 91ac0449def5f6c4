"""The caller's audio on its way to the model: kept until there is a session, with silence while the line sends nothing.

Some lines stop sending frames when nobody speaks. The model's voice detection counts in audio, so without frames a
turn never ends: after `GAP_MS` without a frame, silence goes to the model in real time until frames return. If they
return in a burst that makes up for the gap, time was told twice; the next gap waits that much longer.

The model tells when speech began in ms of audio appended to its session; `when` turns that into the time at which it
arrived here.
"""

from collections import deque

from ..audio import FRAME_MS, ms, payload_bytes, silence_payload
from ..protocols.openai_realtime import append_audio

GAP_MS = 300.0
NOTICED_GAP_MS = 100.0
"""Five frames missing: counted as a gap in the call's record."""

MAX_HELD = 3000
"""Frames kept while there is no session: a minute."""


class CallerAudio:
    """One call's audio from the caller. `frames` and `bytes` count what came, decoded."""

    def __init__(self, now_ms: float) -> None:
        self.frames = 0
        self.bytes = 0
        self.gaps = 0
        self.longest_gap_ms = 0.0
        self.dropped = 0
        self._last_ms = now_ms
        self._open = False
        self._held: deque[tuple[str, float]] = deque()
        self._appended_bytes = 0
        self._clock: deque[tuple[float, float]] = deque(maxlen=1000)  # (appended ms, arrival ms)
        self._filled_ms = 0.0
        self._surplus_ms = 0.0
        self._bytes_at_gap = 0

    def frame(self, payload: str, now_ms: float) -> str:
        """One frame, as the message for the model; "" while there is no session and the frame is kept."""
        quiet_ms = now_ms - self._last_ms
        if quiet_ms > NOTICED_GAP_MS:
            self.gaps += 1
            self.longest_gap_ms = max(self.longest_gap_ms, quiet_ms)
        self._last_ms = now_ms
        size = payload_bytes(payload)
        self.frames += 1
        self.bytes += size
        if not self._open:
            self._hold(payload, now_ms)
            return ""
        self._appended_bytes += size
        return append_audio(payload)

    def open(self, now_ms: float) -> list[str]:
        """A session is there: what was kept, whole and in order, as messages for the model."""
        self._open = True
        self._clock.append((0.0, self._held[0][1] if self._held else now_ms))
        messages = [append_audio(payload) for payload, _ in self._held]
        self._appended_bytes = sum(payload_bytes(payload) for payload, _ in self._held)
        self._held.clear()
        self._note(now_ms)
        return messages

    def tick(self, now_ms: float) -> list[str]:
        """Silence for the model, if it is due."""
        if not self._open:
            return []
        self._note(now_ms)
        quiet_ms = now_ms - self._last_ms
        if quiet_ms < GAP_MS:
            self._end_gap(quiet_ms)
            return []
        if not self._filled_ms:
            self._bytes_at_gap = self.bytes
        frames = int((quiet_ms - GAP_MS - self._surplus_ms - self._filled_ms) // FRAME_MS)
        if frames <= 0:
            return []
        self._filled_ms += frames * FRAME_MS
        self._appended_bytes += frames * FRAME_MS * 8
        return [append_audio(silence_payload(FRAME_MS))] * frames

    def due_ms(self, now_ms: float) -> float:
        """When `tick` is to be called again."""
        gap_at = self._last_ms + GAP_MS
        return gap_at if gap_at > now_ms else now_ms + FRAME_MS

    def when(self, audio_ms: float) -> float:
        """The time at which this ms of the session's audio arrived here."""
        for appended_ms, arrival_ms in reversed(self._clock):
            if appended_ms <= audio_ms:
                return arrival_ms + audio_ms - appended_ms
        return self._clock[0][1] if self._clock else self._last_ms

    def _hold(self, payload: str, now_ms: float) -> None:
        if len(self._held) == MAX_HELD:
            self._held.popleft()
            self.dropped += 1
        self._held.append((payload, now_ms))

    def _note(self, now_ms: float) -> None:
        self._clock.append((ms(self._appended_bytes), now_ms))

    def _end_gap(self, quiet_ms: float) -> None:
        """Frames are back. What they bring at once beyond real time is time that silence had told already."""
        if self._filled_ms:
            burst_ms = ms(self.bytes - self._bytes_at_gap) - quiet_ms - 2 * FRAME_MS
            self._surplus_ms = min(self._filled_ms, max(0.0, burst_ms))
            self._filled_ms = 0.0
