"""The end of a call from our side: the goodbye is heard first, then the line is closed or the caller is put through.

Rules: what the model says in the answer that asked for the end is the goodbye; if it said nothing, its next answer
is. The goodbye must have left the caller's loudspeaker, as the ledger knows it. A caller who speaks first cancels.
After `LIMIT_MS` it happens all the same.
"""

from dataclasses import dataclass

LIMIT_MS = 15_000.0


@dataclass(slots=True)
class Farewell:
    """An end, asked for in the answer `asked_in`. `number` is who the caller is put through to, None to hang up."""

    reason: str
    number: str | None
    asked_in: str
    due_ms: float
    goodbye: str | None = None
    """The answer that is the goodbye, once it is known."""

    def answer_began(self, response_id: str) -> None:
        """The answer after the one that asked is the goodbye, unless that one was."""
        if self.goodbye is None and response_id != self.asked_in:
            self.goodbye = response_id
