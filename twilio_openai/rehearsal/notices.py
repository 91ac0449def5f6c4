"""What Twilio's debugger would show: its error codes, in the order in which they happened."""

from dataclasses import dataclass

ERROR, WARNING, INFO = "error", "warning", "info"

LEVELS = {31930: WARNING, 31931: WARNING, 31950: WARNING, 31951: WARNING, 31953: WARNING, 12200: WARNING, 31921: INFO}


@dataclass(frozen=True)
class Notice:
    """One line of the debugger. A closed stream (31921) is shown even when it was meant."""

    code: int
    text: str
    at_ms: float = 0.0

    @property
    def level(self) -> str:
        return LEVELS.get(self.code, ERROR)
