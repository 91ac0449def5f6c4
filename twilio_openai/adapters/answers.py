"""The model's answers in their order: one at a time, and who may ask for the next.

Rules:
- The API has one active answer per conversation. We ask for one only when none is active, none that we asked for is
  on its way, the caller is not speaking (their turn brings an answer of its own), and every function call has its
  output.
- The outputs of parallel calls are answered together, after the answer that made them is done.
- An answer that began after an output had arrived has seen it: then nothing is left to ask for.
- After a barge-in, whatever else comes of the active answer is cut: it is not sent to the caller.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

RETRY_MS = 1000.0
MAX_FAILURES = 3


@dataclass(slots=True)
class Answers:
    """The state of the model's answers."""

    active: str | None = None
    asked: bool = False
    asked_with: str = ""
    wanted: bool = False
    not_before_ms: float = 0.0
    failures: int = 0
    calls: dict[str, str] = field(default_factory=dict)  # running function calls: call_id -> response_id
    orphans: set[str] = field(default_factory=set)  # calls of a lost session that are still running
    unseen: set[str] = field(default_factory=set)  # outputs and items sent that the API has not confirmed
    cut: set[str] = field(default_factory=set)
    _stale: bool = False

    def created(self, response_id: str) -> None:
        """An answer has begun: ours, or one that the caller's turn brought."""
        self._stale = bool(self.calls or self.unseen)
        if self.asked:
            self.unseen.clear()  # they went ahead of our request on the same socket
        self.active, self.asked = response_id, False
        self.wanted = bool(self.calls or self.unseen) and self.wanted

    def done(self, response_id: str, status: str, now_ms: float) -> None:
        """An answer has ended. One that failed is asked for again, a little later."""
        if self.active == response_id:
            self.active = None
        if status == "failed":
            self.failed(now_ms)
        else:
            self.failures = 0

    def lost(self) -> None:
        """The session is gone, and with it any answer under way or asked for."""
        pending = self.asked or self.active is not None
        self.wanted = self.wanted or pending
        self.active, self.asked = None, False
        self.orphans.update(self.calls)
        self.calls.clear()
        self.unseen.clear()

    def interrupt(self, generating: Iterable[str] = ()) -> None:
        """The caller cut the active answer off, and these of which something was being generated."""
        self.cut.update(generating)
        if self.active is not None:
            self.cut.add(self.active)

    def failed(self, now_ms: float) -> None:
        """An answer failed, or our request for one was refused: it is asked for again, a little later."""
        self.failures += 1
        self.asked, self.wanted = False, True
        self.not_before_ms = now_ms + RETRY_MS * self.failures

    def refused(self) -> None:
        """Our request came while another answer had begun. If that one has not seen every output, we ask again."""
        self.asked, self.wanted = False, self.wanted or self._stale

    def call_ended(self, call_id: str) -> None:
        """A function call has its output, which is being sent."""
        self.calls.pop(call_id, None)
        self.unseen.add(call_id)
        self.wanted = True

    def seen(self, what: str) -> None:
        """The API has taken the output of this call, or this item of ours, into the conversation."""
        self.unseen.discard(what)

    def may_ask(self, now_ms: float, *, callers_turn: bool) -> bool:
        """Whether to ask for an answer now."""
        free = self.active is None and not self.asked and not self.calls and not callers_turn
        return self.wanted and free and now_ms >= self.not_before_ms

    def ask(self, event_id: str) -> None:
        """Note that an answer is being asked for, with this event."""
        self.asked, self.wanted, self.asked_with = True, False, event_id

    def due_ms(self, now_ms: float) -> float | None:
        """When an answer that waits for its time may be asked for."""
        return self.not_before_ms if self.wanted and self.not_before_ms > now_ms else None
