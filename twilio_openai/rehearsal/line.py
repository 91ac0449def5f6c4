"""The line between the phone and the server: how late messages are, and when the line is silent.

"Up" is from the phone to the server, "down" from the server to the phone. A message may be late, never out of order.
"""

import random
from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """How bad the line is; the default is a perfect one."""

    delay_out_ms: float = 0.0
    """One way, phone to server."""
    delay_in_ms: float = 0.0
    """One way, server to phone."""
    jitter_ms: float = 0.0
    """Each message is later by up to this much, either way."""
    speaker_late_ms: float = 0.0
    """Playback that starts from an empty buffer starts up to this much late."""
    speaker_tick_ms: float = 0.0
    """Playback takes its buffer in steps of so long, with all that it takes counting as played; 0 is byte by byte."""
    gaps: bool = False
    """No frames are sent while nobody speaks."""
    noise: bool = True
    """A silent frame is faint noise; else it is 0xFF."""
    burst_frames: int = 1
    """So many frames are gathered and sent at once."""
    stalls: tuple[tuple[float, float], ...] = ()
    """(at_ms, for_ms) of the stream: what is sent up meanwhile arrives at the end of it, all at once."""
    clear_reversed: bool = False
    """Cleared marks come back last first; their order is nowhere documented."""
    echo_at_stop: bool = False
    """Marks that wait when the call ends come back before `stop`; whether they do is nowhere documented."""
    seed: int = 0


class Delay:
    """One direction: when a message that leaves now arrives. Messages keep their order."""

    def __init__(
        self, delay_ms: float, jitter_ms: float, seed: int, stalls: tuple[tuple[float, float], ...] = ()
    ) -> None:
        self._delay_ms = delay_ms
        self._jitter_ms = jitter_ms
        self._random = random.Random(seed)
        self._stalls = stalls
        self._last_ms = 0.0

    def arrival_ms(self, now_ms: float) -> float:
        """When a message that leaves at `now_ms` arrives."""
        leaves_ms = max((at + length for at, length in self._stalls if at <= now_ms < at + length), default=now_ms)
        late_ms = self._delay_ms + self._random.uniform(0.0, self._jitter_ms)
        self._last_ms = max(self._last_ms, leaves_ms + late_ms)
        return self._last_ms
