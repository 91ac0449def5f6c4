"""The caller's keys: digits pressed in a row are one message, ended by a pause or by `#`."""

PAUSE_MS = 1000.0


class Keypad:
    """The digits that were pressed and not yet passed on."""

    def __init__(self) -> None:
        self._digits = ""
        self._first_ms = 0.0
        self._due_ms: float | None = None

    def press(self, digit: str, now_ms: float) -> None:
        """One key more."""
        if not self._digits:
            self._first_ms = now_ms
        self._digits += digit
        self._due_ms = now_ms if digit == "#" else now_ms + PAUSE_MS

    def due_ms(self) -> float | None:
        """When the digits are complete, None when there are none."""
        return self._due_ms

    def take(self, now_ms: float, *, ended: bool = False) -> tuple[str, float] | None:
        """The digits and the time of the first, if they are complete (or the call has ended)."""
        if self._due_ms is None or (now_ms < self._due_ms and not ended):
            return None
        digits, self._digits, self._due_ms = self._digits, "", None
        return digits, self._first_ms
