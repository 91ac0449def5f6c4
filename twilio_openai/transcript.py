"""The transcript: who said what in which order, and of the agent's words those that the caller heard.

Rules:
- A turn has one item of the conversation and keeps the place that the item got, however late its words come.
- A caller's turn is settled when it is transcribed, or when that failed. An agent's turn is settled when it is known
  how much of its audio was heard and its text is final; if it was cut, its words are counted then by whoever can
  align text to audio.
- `text` and `unheard` of an agent's turn are together the words that were generated.

Pure. Times are ms since the start of the call.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from .playback import Evidence

Role = Literal["caller", "agent"]


@dataclass(frozen=True, slots=True)
class Turn:
    """A settled turn, as it goes into the log (contract: "A turn")."""

    role: Role
    item_id: str
    text: str
    started_ms: int
    unheard: str = ""
    interrupted: bool = False
    heard_ms: int = 0
    generated_ms: int = 0
    confidence: float | None = None
    failed: bool = False

    def record(self) -> dict[str, Any]:
        """The turn as a log record's fields."""
        record: dict[str, Any] = {
            "role": self.role,
            "item_id": self.item_id,
            "text": self.text,
            "started_ms": self.started_ms,
        }
        if self.role == "caller":
            return record | ({"failed": True} if self.failed else {})
        record |= {"unheard": self.unheard, "interrupted": self.interrupted}
        record |= {"heard_ms": self.heard_ms, "generated_ms": self.generated_ms}
        return record | ({"confidence": self.confidence} if self.confidence is not None else {})


@dataclass(slots=True)
class CallerLine:
    """A caller's turn in the making."""

    item_id: str
    started_ms: int
    text: str | None = None
    failed: bool = False

    @property
    def settled(self) -> bool:
        """Whether its words are known, or known to be lost."""
        return self.text is not None

    def turn(self) -> Turn:
        """The turn as far as it is known."""
        return Turn("caller", self.item_id, self.text or "", self.started_ms, failed=self.failed or self.text is None)


@dataclass(frozen=True, slots=True)
class WordCount:
    """How many words of a cut answer were heard, and how that is known: `ends_ms` is each word's end in its audio."""

    words: int
    confidence: float
    method: str = ""
    ends_ms: tuple[float, ...] = ()

    @property
    def sure(self) -> bool:
        """Whether the count may be relied on."""
        return self.confidence >= 0.5


@dataclass(slots=True)
class AgentLine:
    """An agent's turn in the making: what was generated, and what became of it."""

    item_id: str
    started_ms: int = 0
    parts: list[str] = field(default_factory=list)
    final: bool = False
    generated_bytes: int = 0
    heard_ms: float | None = None
    interrupted: bool = False
    sent_words: int | None = None
    """Of an answer that a lost session cut off: how many of its words the audio that was sent holds."""
    heard_words: int | None = None
    count: WordCount | None = None
    evidence: Evidence | None = None

    @property
    def text(self) -> str:
        """Everything generated so far."""
        return "".join(self.parts)

    def audible(self) -> str:
        """Its words as far as they were heard, or are being heard just now."""
        if self.heard_words is not None:
            return self.turn().text
        words = self.text.split()
        return " ".join(words if self.sent_words is None else words[: self.sent_words])

    @property
    def ready(self) -> bool:
        """Whether both its text and what was heard of its audio are final, so that its words can be counted."""
        return self.final and self.heard_ms is not None

    @property
    def settled(self) -> bool:
        """Whether its heard words are known."""
        return self.heard_words is not None

    def turn(self) -> Turn:
        """The turn as far as it is known; words that have not been counted are not claimed."""
        words = self.text.split()
        count = self.heard_words or 0
        return Turn(
            "agent",
            self.item_id,
            " ".join(words[:count]),
            self.started_ms,
            unheard=" ".join(words[count:]),
            interrupted=self.interrupted,
            heard_ms=int(self.heard_ms or 0),
            generated_ms=self.generated_bytes // 8,
            confidence=self.count.confidence if self.count else None,
        )


class Transcript:
    """The lines of one call, in the order of the conversation."""

    def __init__(self) -> None:
        self._order: list[str] = []
        self._lines: dict[str, CallerLine | AgentLine] = {}

    def place(self, item_id: str, previous_item_id: str) -> None:
        """Give an item its place behind another one, at the end if that one is unknown. The first place stays."""
        if item_id in self._order:
            return
        behind = self._order.index(previous_item_id) + 1 if previous_item_id in self._order else len(self._order)
        self._order.insert(behind, item_id)

    def caller(self, item_id: str, started_ms: float) -> CallerLine:
        """The caller's line of this item, begun if it is new."""
        self.place(item_id, "")
        line = self._lines.setdefault(item_id, CallerLine(item_id, int(started_ms)))
        return line if isinstance(line, CallerLine) else CallerLine(item_id, int(started_ms))

    def agent(self, item_id: str) -> AgentLine:
        """The agent's line of this item, begun if it is new."""
        self.place(item_id, "")
        line = self._lines.setdefault(item_id, AgentLine(item_id))
        return line if isinstance(line, AgentLine) else AgentLine(item_id)

    def find_caller(self, item_id: str) -> CallerLine | None:
        """The caller's line of this item, if there is one."""
        line = self._lines.get(item_id)
        return line if isinstance(line, CallerLine) else None

    def find_agent(self, item_id: str) -> AgentLine | None:
        """The agent's line of this item, if there is one."""
        line = self._lines.get(item_id)
        return line if isinstance(line, AgentLine) else None

    def withdraw(self, item_id: str) -> None:
        """Take a line out: an empty one of the agent's, or one of the caller's that a new session hears again."""
        if self._lines.pop(item_id, None) is not None:
            self._order.remove(item_id)

    def said(self) -> Iterator[CallerLine | AgentLine]:
        """Every line in order."""
        return (self._lines[item_id] for item_id in self._order if item_id in self._lines)

    def waiting_for_caller(self) -> bool:
        """Whether something that the caller said is still being transcribed."""
        return any(isinstance(line, CallerLine) and not line.settled for line in self._lines.values())

    def give_up(self) -> list[CallerLine]:
        """The caller's lines whose words have not come: from now on they are lost."""
        lost = [line for line in self._lines.values() if isinstance(line, CallerLine) and not line.settled]
        for line in lost:
            line.text, line.failed = "", True
        return lost

    def agent_lines(self) -> Iterator[AgentLine]:
        """The agent's lines in order."""
        return (line for item_id in self._order if isinstance(line := self._lines.get(item_id), AgentLine))

    def heard(self) -> list[str]:
        """What the caller surely heard of the agent, a turn each; a cut turn whose words are in doubt is left out."""
        sure = (line for line in self.agent_lines() if line.settled and (line.count is None or line.count.sure))
        return [text for line in sure if (text := line.turn().text)]

    def playing(self) -> Iterator[AgentLine]:
        """The agent's lines of which audio came and which are not settled."""
        return (line for line in self.agent_lines() if line.generated_bytes and not line.settled)

    def position(self, item_id: str) -> int:
        """The place of a line among the turns, from 0."""
        return sum(1 for other in self._order[: self._order.index(item_id)] if other in self._lines)

    def turns(self) -> list[Turn]:
        """Every turn in order, settled or not."""
        return [self._lines[item_id].turn() for item_id in self._order if item_id in self._lines]
