"""The one clock of the stand-ins: monotonic milliseconds, so that what phone and model noted can be compared."""

import time


def now_ms() -> float:
    return time.monotonic() * 1000.0
