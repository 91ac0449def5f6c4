"""How long the model may say nothing before it is taken for frozen, and how long the caller's turn may take to bring
its answer.
"""

UPTAKE_MS = 8000.0
"""The model takes up a turn within this, or it is frozen."""

ANSWER_MS = 10_000.0
"""While it answers, the model never says nothing at all for so long, or it is frozen."""

TURN_MS = 2000.0
"""The caller's turn brings an answer of its own within this; meanwhile none is asked for."""


class ModelWatch:
    """The clock on one session."""

    def __init__(self, now_ms: float) -> None:
        self.alive_ms = now_ms
        """When the model last said anything."""
        self._uptake_due_ms: float | None = None
        self._turn_due_ms = 0.0

    def turn_ended(self, now_ms: float) -> None:
        """The caller has stopped speaking, and the session answers by itself."""
        self._turn_due_ms = now_ms + TURN_MS

    def committed(self, now_ms: float) -> None:
        """The caller's turn is in the conversation, and the session answers by itself."""
        self._uptake_due_ms = now_ms + UPTAKE_MS

    def taken_up(self) -> None:
        """An answer has begun, or there is nobody to wait for."""
        self._uptake_due_ms, self._turn_due_ms = None, 0.0

    def expects_answer(self, now_ms: float) -> bool:
        """Whether the caller's turn may still bring its own answer."""
        return now_ms < self._turn_due_ms

    def due_ms(self, *, answering: bool) -> float | None:
        """When the model is taken for frozen."""
        return self.alive_ms + ANSWER_MS if answering else self._uptake_due_ms
