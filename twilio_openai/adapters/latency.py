"""How long a caller waits: for the first audio of an answer, and for the agent to stop when they cut in. Pure."""

from dataclasses import dataclass, field
from statistics import quantiles
from typing import Any


@dataclass(slots=True)
class Latencies:
    """The waits of one call, in ms.

    `answers`: from the end of the caller's last word to the answer's first audio on its way to Twilio.
    `barge_ins`: from the caller's first sound to `clear` on its way to Twilio.
    """

    answers: list[float] = field(default_factory=list)
    barge_ins: list[float] = field(default_factory=list)
    last_word_ms: float | None = None

    def answered(self, now_ms: float) -> None:
        """The first audio of an answer is being sent."""
        if self.last_word_ms is not None:
            self.answers.append(max(0.0, now_ms - self.last_word_ms))
            self.last_word_ms = None

    def record(self) -> dict[str, Any]:
        """The call's waits as figures of its record."""
        return {"answer_ms": _figures(self.answers), "barge_in_ms": _figures(self.barge_ins)}


def _figures(waits: list[float]) -> dict[str, int] | None:
    if not waits:
        return None
    cuts = quantiles(waits, n=20, method="inclusive") if len(waits) > 1 else [waits[0]] * 19
    return {"count": len(waits), "p50": int(cuts[9]), "p95": int(cuts[18]), "max": int(max(waits))}
