"""The caller's audio on its way to the model, and the memory of it that a new session needs.

Rules:
- While there is no session everything is kept, and handed over whole and in order when there is one.
- While there is one, the last `RING_MS` are remembered, and everything from `RING_MS` before the start of a turn
  until that turn has its answer: if the session is lost, the next one hears that again, so that nothing the caller
  said goes without an answer.
- What a turn that was answered consisted of is never handed over again.

The model tells times in ms of audio appended to its session; `when` turns that into the time at which it arrived here.
"""

from base64 import b64encode
from binascii import a2b_base64
from collections import deque

from ..audio import BYTES_PER_MS, FRAME_MS, SILENCE, ms, silence_payload
from ..protocols.openai_realtime import append_audio
from .line_silence import GAP_MS, LineSilence

RING_MS = 2000
NOTICED_GAP_MS = 100.0
"""Five frames missing: counted as a gap in the call's record."""

MAX_KEPT_MS = 70_000
"""Audio kept at the most, without a session or for a turn without an answer; the oldest goes first."""

HANDED_OVER_BYTES = 1600
"""Size of the pieces in which kept audio goes to a new session: 200 ms."""

SAME_TIME_MS = 10.0

_RING = RING_MS * BYTES_PER_MS
_TRIM_AT = _RING + 400 * BYTES_PER_MS  # trimmed twice a second, not once a frame
_MAX_KEPT = MAX_KEPT_MS * BYTES_PER_MS


class CallerAudio:
    """One call's audio from the caller. Positions are bytes of all audio, silence of ours included, since the start."""

    def __init__(self, now_ms: float) -> None:
        self.frames = 0
        self.bytes = 0
        self.gaps = 0
        self.longest_gap_ms = 0.0
        self.dropped = 0
        self._last_ms = now_ms
        self._open = False
        self._kept = bytearray()
        self._end = 0  # position behind the last byte kept
        self._limit = _MAX_KEPT
        self._base = 0  # position of the first byte appended to this session
        self._turn_start: int | None = None  # of the turn that has no answer yet
        self._turn_end = 0
        self._answered = 0  # position up to which the caller has had an answer
        self._clock: deque[tuple[int, float]] = deque(maxlen=100)  # (position, its arrival in ms)
        self._busy = False
        self._silence = LineSilence()

    # -- frames

    def frame(self, payload: str, now_ms: float) -> str:
        """One frame, as the message for the model; "" while there is no session (it is kept), or if it is no base64."""
        quiet_ms = now_ms - self._last_ms
        if quiet_ms > NOTICED_GAP_MS:
            self.gaps += 1
            self.longest_gap_ms = max(self.longest_gap_ms, quiet_ms)
        self._last_ms = now_ms
        try:
            audio = a2b_base64(payload, strict_mode=True)
        except ValueError:
            self.dropped += 1
            return ""
        self.frames += 1
        self.bytes += len(audio)
        self._keep(audio)
        return append_audio(payload) if self._open else ""

    def tick(self, now_ms: float) -> list[str]:
        """Silence for the model, if it is due."""
        self._note_time(now_ms)
        if not self._open:
            return []
        frames = self._silence.owed_frames(now_ms - self._last_ms, self.bytes)
        self._keep(SILENCE * (FRAME_MS * BYTES_PER_MS * frames))
        return [append_audio(silence_payload(FRAME_MS))] * frames

    def due_ms(self, now_ms: float) -> float:
        """When `tick` is to be called again."""
        gap_at = self._last_ms + GAP_MS
        return gap_at if gap_at > now_ms else now_ms + FRAME_MS

    # -- sessions

    def open(self, now_ms: float) -> list[str]:
        """A session is there: what it has to hear, whole and in order, as messages."""
        start = max(self._start, self._answered if self._turn_start is None else self._turn_start)
        self._clock.append((self._end, now_ms))
        self._base, self._open = start, True
        self._limit = self._limit_now()
        audio = bytes(self._kept[start - self._start :])
        return [_append(audio[at : at + HANDED_OVER_BYTES]) for at in range(0, len(audio), HANDED_OVER_BYTES)]

    def lost(self, alive_ms: float) -> None:
        """The session is lost, and was last alive at `alive_ms`: keep everything from the turn without an answer on, or
        from two seconds before that.
        """
        self._open = False
        self._limit = _MAX_KEPT
        if self._turn_start is None:
            self._forget_before(min(self._end, self._arrived_by(alive_ms)) - _RING)

    def watch(self, *, busy: bool) -> None:
        """While the model is busy with an answer, nobody knows whether it hears: keep what it may be missing."""
        self._busy = busy
        self._limit = self._limit_now()

    @property
    def open_session(self) -> bool:
        """Whether there is a session."""
        return self._open

    # -- turns

    def began(self, audio_ms: float) -> None:
        """The caller's speech began at this ms of the session's audio."""
        if self._turn_start is None:
            self._turn_start = max(self._answered, self._position(audio_ms) - _RING)
            self._limit = self._limit_now()

    def ended(self, audio_ms: float) -> None:
        """The caller's speech ended at this ms of the session's audio."""
        self._turn_end = self._position(audio_ms)

    def answered(self) -> None:
        """What the caller said last has its answer."""
        if self._turn_start is not None:
            self._turn_start, self._answered = None, self._turn_end
            self._limit = self._limit_now()

    @property
    def unanswered(self) -> bool:
        """Whether the caller has said something that has no answer yet."""
        return self._turn_start is not None

    def when(self, audio_ms: float) -> float:
        """The time at which this ms of the session's audio arrived here."""
        position = self._position(audio_ms)
        for known, arrival_ms in reversed(self._clock):
            if known <= position:
                return arrival_ms + ms(position - known)
        known, arrival_ms = self._clock[0] if self._clock else (self._end, self._last_ms)
        return arrival_ms - ms(known - position)

    def _note_time(self, now_ms: float) -> None:
        """Remember when this position was reached, unless real time from the point before tells it as well."""
        if self._clock:
            position, at_ms = self._clock[-1]
            if abs(at_ms + ms(self._end - position) - now_ms) < SAME_TIME_MS:
                return
        self._clock.append((self._end, now_ms))

    # -- the memory

    @property
    def _start(self) -> int:
        return self._end - len(self._kept)

    def _position(self, audio_ms: float) -> int:
        return self._base + int(audio_ms * BYTES_PER_MS)

    def _limit_now(self) -> int:
        return _TRIM_AT if self._open and self._turn_start is None and not self._busy else _MAX_KEPT

    def _arrived_by(self, arrival_ms: float) -> int:
        """The position of what had arrived by then."""
        known = [(position, at_ms) for position, at_ms in self._clock if at_ms <= arrival_ms]
        position, at_ms = known[-1] if known else (self._start, arrival_ms)
        return position + int((arrival_ms - at_ms) * BYTES_PER_MS)

    def _keep(self, audio: bytes) -> None:
        self._kept += audio
        self._end += len(audio)
        if len(self._kept) > self._limit:
            wanted = self._limit == _MAX_KEPT
            self.dropped += wanted
            self._forget_before(self._end - (_MAX_KEPT if wanted else _RING))

    def _forget_before(self, position: int) -> None:
        excess = position - self._start
        if excess > 0:
            del self._kept[:excess]


def _append(audio: bytes) -> str:
    return append_audio(b64encode(audio).decode("ascii"))
