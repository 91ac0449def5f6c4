"""Silence for the model where the line sends nothing. Pure.

Some lines stop sending frames when nobody speaks. The model's voice detection counts in audio, so without frames a turn
never ends: after `GAP_MS` without a frame, silence goes to the model in real time until frames return. If they return
in a burst that makes up for the gap, time was told twice; the next gap waits that much longer.
"""

from ..audio import FRAME_MS, ms

GAP_MS = 300.0


class LineSilence:
    """How much silence the model is owed."""

    def __init__(self) -> None:
        self._filled_ms = 0.0
        self._surplus_ms = 0.0
        self._bytes_at_gap = 0

    def owed_frames(self, quiet_ms: float, received_bytes: int) -> int:
        """Frames of silence to send now: `quiet_ms` without a frame, after so many bytes in all."""
        if quiet_ms < GAP_MS:
            self._end_gap(quiet_ms, received_bytes)
            return 0
        if not self._filled_ms:
            self._bytes_at_gap = received_bytes
        frames = int((quiet_ms - GAP_MS - self._surplus_ms - self._filled_ms) // FRAME_MS)
        self._filled_ms += max(0, frames) * FRAME_MS
        return max(0, frames)

    def _end_gap(self, quiet_ms: float, received_bytes: int) -> None:
        """Frames are back. What they bring at once beyond real time is time that silence had told already."""
        if self._filled_ms:
            burst_ms = ms(received_bytes - self._bytes_at_gap) - quiet_ms - 2 * FRAME_MS
            self._surplus_ms = min(self._filled_ms, max(0.0, burst_ms))
            self._filled_ms = 0.0
