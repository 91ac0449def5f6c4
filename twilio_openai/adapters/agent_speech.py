"""The agent's speech: each item from its first delta until it is known how much of it was heard.

Of an item we know what was generated (audio and text), what was sent to the loudspeaker (the ledger's business), and
in the end what was heard. An item is heard whole when its generation is over and the ledger says that all of it has
played. Otherwise it was cut, by a barge-in or by the end of the call, and `heard_ms` says where.
"""

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterator
from dataclasses import dataclass, field

from ..audio import BYTES_PER_MS, ms, payload_bytes
from ..ledger import FIRST_MARK_BYTES, PlaybackLedger
from ..playback import Heard
from ..protocols.openai_realtime import AudioDelta
from ..transcript import AgentLine, Transcript

FIRST_MARK_CHARACTERS = FIRST_MARK_BYTES * 4 // 3

WHOLE_MS = 20.0
"""What is missed of an item's end by no more than a frame was heard whole."""

LATE_TEXT_MS = 5000.0
"""How long an item whose audio is settled waits for its final text."""


@dataclass(slots=True)
class Item:
    """One spoken item. `told` is whether the model knows that it was cut."""

    line: AgentLine
    response_id: str
    audio: list[str] = field(default_factory=list)
    generating: bool = True
    completed: bool = False
    cut: bool = False
    told: bool = False
    text_due_ms: float | None = None

    @property
    def generated_ms(self) -> float:
        """Audio received for it, sent on or not."""
        return ms(self.line.generated_bytes)

    def as_cut(self) -> "Cut":
        """Its cut, in figures."""
        return Cut(self.line.item_id, int(self.line.heard_ms or 0), int(self.generated_ms))

    def decoded(self) -> bytes:
        """Its audio as μ-law bytes, as far as it is valid base64."""
        return b"".join(_decoded(payload) for payload in self.audio)


@dataclass(frozen=True, slots=True)
class Cut:
    """What the model must be told of an item: it was heard for so long, 0 if never."""

    item_id: str
    heard_ms: int
    generated_ms: int


class AgentSpeech:
    """All items of one call that have not been settled."""

    def __init__(self, ledger: PlaybackLedger, transcript: Transcript, began_ms: float) -> None:
        self.ledger = ledger
        self._transcript = transcript
        self._began_ms = began_ms
        self._items: dict[str, Item] = {}
        self._settled: set[str] = set()
        self.spoken: set[str] = set()
        """Answers of which audio was sent."""

    # -- generation

    def add(self, item_id: str, response_id: str, *, cut: bool) -> Item:
        """The item, begun if it is new; one of an answer that was cut has been cut before it began."""
        item = self._items.get(item_id)
        if item is None:
            item = self._items[item_id] = Item(self._transcript.agent(item_id), response_id, cut=cut)
        return item

    def find(self, item_id: str) -> Item | None:
        """The item, if it is not settled yet."""
        return self._items.get(item_id)

    def of_answer(self, response_id: str) -> Iterator[Item]:
        """The unsettled items of one answer."""
        return (item for item in self._items.values() if item.response_id == response_id)

    def send(self, delta: AudioDelta, now_ms: float) -> list[tuple[str, str]]:
        """A delta on its way to the loudspeaker: pieces of base64, each with the name of the mark to send behind it."""
        item = self._items.get(delta.item_id) or self.add(delta.item_id, delta.response_id, cut=False)
        size = payload_bytes(delta.payload)
        if not item.line.generated_bytes:
            item.line.started_ms = int(now_ms - self._began_ms)
            self.spoken.add(delta.response_id)
        item.line.generated_bytes += size
        item.audio.append(delta.payload)
        if size > FIRST_MARK_BYTES and self.ledger.is_dry(now_ms):
            first, rest = delta.payload[:FIRST_MARK_CHARACTERS], delta.payload[FIRST_MARK_CHARACTERS:]
            return [
                (first, self.ledger.sent(delta.item_id, FIRST_MARK_BYTES, now_ms)),
                (rest, self.ledger.sent(delta.item_id, size - FIRST_MARK_BYTES, now_ms)),
            ]
        return [(delta.payload, self.ledger.sent(delta.item_id, size, now_ms))]

    def drop(self, delta: AudioDelta) -> None:
        """A delta of an answer that was cut: generated, never sent."""
        if delta.item_id in self._settled:
            return
        item = self.add(delta.item_id, delta.response_id, cut=True)
        item.line.generated_bytes += payload_bytes(delta.payload)
        item.audio.append(delta.payload)

    def item_done(self, item_id: str, text: str, *, completed: bool) -> None:
        """Nothing more is generated for this item."""
        item = self._items.get(item_id)
        if item is not None:
            item.generating = False
            item.completed = item.completed or completed
            self.text_done(item_id, text)

    def answer_done(self, response_id: str, now_ms: float) -> None:
        """Nothing more is generated for any item of this answer; late text may still come."""
        for item in self.of_answer(response_id):
            item.generating = False
            item.text_due_ms = now_ms + LATE_TEXT_MS

    def text(self, item_id: str, delta: str) -> None:
        """More words of an item."""
        item = self._items.get(item_id)
        if item is not None and not item.line.final:
            item.line.parts.append(delta)

    def text_done(self, item_id: str, text: str) -> None:
        """All words of an item."""
        item = self._items.get(item_id)
        if item is not None and text and not item.line.final:
            item.line.parts, item.line.final = [text], True

    def lost(self) -> list[Item]:
        """The session is gone: what it was generating ends here, with the audio that was sent. Those items."""
        items = [item for item in self._items.values() if item.generating]
        for item in items:
            item.generating, item.cut, item.line.final = False, True, True
        return items

    # -- playback

    def interrupt(self) -> set[str]:
        """The caller cut in: whatever else comes of these answers is not sent."""
        generating = [item for item in self._items.values() if item.generating]
        for item in generating:
            item.cut = True
        return {item.response_id for item in generating}

    def settle(self, heard: list[Heard]) -> list[Cut]:
        """Take what the ledger found at a cut; the items of which the model believes more than was heard."""
        cuts = []
        for one in heard:
            item = self._items.get(one.item_id)
            if item is None or (one.whole and not item.cut):
                continue
            item.cut = True
            item.line.heard_ms = one.sent_ms if one.whole else one.heard_ms
            item.line.evidence = self.ledger.evidence
            if not one.whole:
                cuts.append(self._tell(item))
        return cuts

    def untold(self) -> list[Cut]:
        """Cut items of a finished answer of which the model generated more than was heard, and does not know it."""
        items = [item for item in self._items.values() if item.cut and not item.generating and not item.told]
        for item in items:
            if item.line.heard_ms is None:
                item.line.heard_ms = self.ledger.sent_ms(item.line.item_id)
        return [self._tell(item) for item in items if item.generated_ms > (item.line.heard_ms or 0.0) + WHOLE_MS]

    def stop(self, heard: list[Heard]) -> None:
        """The call is over: what has not been settled was cut here."""
        self.settle(heard)
        for item in self._items.values():
            if item.line.heard_ms is None:
                item.cut = item.cut or item.generating
                item.line.heard_ms = self.ledger.sent_ms(item.line.item_id)
            item.generating = False
            item.line.final = True

    @staticmethod
    def _tell(item: Item) -> Cut:
        item.told = True
        return item.as_cut()

    # -- the end of an item

    def heard_out(self, response_id: str) -> bool:
        """Whether nothing of this answer is being generated or played any more."""
        return not any(
            item.generating or self.ledger.playing(item.line.item_id) for item in self.of_answer(response_id)
        )

    def take_ready(self, now_ms: float) -> list[Item]:
        """The items of which everything is known now; they are not kept here any longer."""
        ready = [item for item in self._items.values() if self._is_ready(item, now_ms)]
        for item in ready:
            line = item.line
            missed = item.generated_ms - (line.heard_ms or 0.0) > WHOLE_MS
            line.interrupted = missed or (item.cut and not item.completed) or not line.generated_bytes
            self._items.pop(line.item_id)
            self._settled.add(line.item_id)
            self.ledger.forget(line.item_id)
        return ready

    def due_ms(self) -> float | None:
        """When an item has waited long enough for its text."""
        waiting = (item for item in self._items.values() if not self.ledger.playing(item.line.item_id))
        return min((item.text_due_ms for item in waiting if item.text_due_ms is not None), default=None)

    def _is_ready(self, item: Item, now_ms: float) -> bool:
        line = item.line
        if item.generating or self.ledger.playing(line.item_id):
            return False
        if line.heard_ms is None:
            line.heard_ms = self.ledger.sent_ms(line.item_id)
        if item.text_due_ms is not None and now_ms >= item.text_due_ms:
            line.final = True
        return line.ready


def _decoded(payload: str) -> bytes:
    try:
        return b64decode(payload)
    except (Base64Error, ValueError):
        return b"\xff" * (len(payload) * 3 // 4 // BYTES_PER_MS * BYTES_PER_MS)
