"""The truth of a call: which of the model's speech left the loudspeaker, and so which words the caller heard.

A pure function of two logs: what the phone played, byte by byte, and what the model generated, item by item. What
the server sent on is found again in the items in the order in which it was sent, so that two items with the same
words are not confused.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from twilio_openai.rehearsal.conversation import Item
from twilio_openai.rehearsal.loudspeaker import Chunk, Loudspeaker
from twilio_openai.rehearsal.mulaw import BYTES_PER_MS, FRAME_BYTES
from twilio_openai.rehearsal.speech import Word

_LOOK_AHEAD_BYTES = 400
_SLACK_MS = 0.5


@dataclass(frozen=True)
class Place:
    """`length` bytes of a chunk, from `at` on, are those of an item from `offset` on; item None: nobody's audio."""

    chunk: Chunk
    at: int
    length: int
    item: Item | None
    offset: int

    def played(self, now_ms: float) -> int:
        """How many of them have been played."""
        return max(0, min(self.length, self.chunk.played(now_ms) - self.at))


@dataclass
class Heard:
    """What the caller heard of one item."""

    item: Item
    spans: list[tuple[int, int]] = field(default_factory=list)
    """The item's bytes that were played, in order."""
    started_ms: float | None = None
    """When its first byte left the loudspeaker."""

    @property
    def played_ms(self) -> float:
        return sum(end - start for start, end in self.spans) / BYTES_PER_MS

    @property
    def words(self) -> tuple[Word, ...]:
        """The words that were played to their end."""
        return tuple(word for word in self.item.words if self._covers(word))

    @property
    def unheard(self) -> tuple[Word, ...]:
        return tuple(word for word in self.item.words if not self._covers(word))

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)

    @property
    def unheard_text(self) -> str:
        return " ".join(word.text for word in self.unheard)

    @property
    def cut_error_ms(self) -> float | None:
        """By how much the item was truncated too late; None if it was not truncated."""
        return None if self.item.truncated_ms is None else self.item.truncated_ms - self.played_ms

    def _covers(self, word: Word) -> bool:
        start, end = (word.start_ms + _SLACK_MS) * BYTES_PER_MS, (word.end_ms - _SLACK_MS) * BYTES_PER_MS
        return any(first <= start and end <= last for first, last in self.spans)


def heard(loudspeakers: Sequence[Loudspeaker], items: Sequence[Item], now_ms: float) -> list[Heard]:
    """What was heard of every spoken item by `now_ms`, in the order of the items."""
    spoken = [item for item in items if item.role == "assistant" and item.audio]
    results = {item.id: Heard(item) for item in spoken}
    matcher = _Matcher(spoken)
    for loudspeaker in loudspeakers:
        for place in matcher.match(loudspeaker):
            if place.item and (played := place.played(now_ms)):
                _note(results[place.item.id], place, played)
    return list(results.values())


def foreign_audio(loudspeaker: Loudspeaker, items: Sequence[Item], now_ms: float) -> bytes:
    """What was played and is no item's: padding, or words of the server's own."""
    places = _Matcher([item for item in items if item.role == "assistant" and item.audio]).match(loudspeaker)
    mine = [place for place in places if not place.item]
    return b"".join(place.chunk.payload[place.at : place.at + place.played(now_ms)] for place in mine)


@dataclass(frozen=True)
class Delivery:
    """What became of the caller's audio on its way to the model."""

    missing_bytes: int
    """Sent by the phone and not appended in its place."""
    silence_bytes: int
    """Put in by the server as mu-law silence."""
    strange_bytes: int
    """Appended and said by nobody."""


def delivery(sent: bytes, appended: bytes) -> Delivery:
    """Compare what the phone sent with what was appended, frame by frame and in order; the end may be under way."""
    at = missing = silence = strange = 0
    for start in range(0, len(sent), FRAME_BYTES):
        frame = sent[start : start + FRAME_BYTES]
        if at >= len(appended):
            break
        found = appended.find(frame, at)
        if found < 0:
            missing += len(frame)
            continue
        between = appended[at:found]
        silence += between.count(0xFF)
        strange += len(between) - between.count(0xFF)
        at = found + len(frame)
    return Delivery(missing, silence, strange)


def _note(result: Heard, place: Place, played: int) -> None:
    if result.started_ms is None:
        result.started_ms = place.chunk.run.time_of(place.chunk.position + place.at)
    start, end = place.offset, place.offset + played
    if result.spans and result.spans[-1][1] == start:
        result.spans[-1] = (result.spans[-1][0], end)
    else:
        result.spans.append((start, end))


class _Matcher:
    """Walks through the items as the server's audio comes; never back."""

    def __init__(self, items: Sequence[Item]) -> None:
        self._items = items
        self._index = 0
        self._offset = 0

    def match(self, loudspeaker: Loudspeaker) -> list[Place]:
        """Where every chunk of a stream comes from."""
        places, chunks = list[Place](), loudspeaker.chunks
        cuts_ms = [cut.at_ms for cut in loudspeaker.cuts]
        for number, chunk in enumerate(chunks):
            before_ms = chunks[number - 1].arrived_ms if number else 0.0
            was_cut = any(before_ms <= cut_ms <= chunk.arrived_ms for cut_ms in cuts_ms)
            places += self._chunk(chunk, _ahead(chunks, number, cuts_ms), was_cut)
        return places

    def _chunk(self, chunk: Chunk, ahead: bytes, was_cut: bool) -> list[Place]:
        places, at = list[Place](), 0
        while at < len(chunk.payload):
            rest = chunk.payload[at:]
            after_item = at > 0 and rest.strip(b"\xff") == b"" and len(rest) < FRAME_BYTES
            length = 0 if after_item else self._continue(rest, ahead[at:], chunk.arrived_ms, was_cut)
            if not length:
                return [*places, Place(chunk, at, len(rest), None, 0)]
            places.append(Place(chunk, at, length, self._items[self._index], self._offset))
            self._offset += length
            at, was_cut = at + length, False
        return places

    def _continue(self, rest: bytes, ahead: bytes, arrived_ms: float, was_cut: bool) -> int:
        """How many bytes come from the place that is found: where the last ones ended, else an item's start, else
        later.
        """
        if was_cut and self._jump(ahead, arrived_ms):
            return self._common(rest)
        if length := self._common(rest):
            return length
        if self._jump(ahead, arrived_ms) or self._skip(rest):
            return self._common(rest)
        return 0

    def _common(self, rest: bytes) -> int:
        """The bytes are the item's next ones: all of them, or up to the item's end."""
        if self._index >= len(self._items):
            return 0
        following = bytes(self._items[self._index].audio[self._offset : self._offset + len(rest)])
        return len(following) if following and rest.startswith(following) else 0

    def _jump(self, ahead: bytes, arrived_ms: float) -> bool:
        """Go to the start of the next item that begins so."""
        first = self._index + 1 if self._offset else self._index
        for index in range(first, len(self._items)):
            start = bytes(self._items[index].audio[: len(ahead)])
            if ahead.startswith(start) and self._items[index].created_ms <= arrived_ms:
                self._index, self._offset = index, 0
                return True
        return False

    def _skip(self, rest: bytes) -> bool:
        """Go on in the same item, behind audio that was left out."""
        if self._index >= len(self._items) or len(rest) < FRAME_BYTES or not rest.strip(b"\xff"):
            return False
        offset = self._items[self._index].audio.find(rest, self._offset)
        if offset < 0:
            return False
        self._offset = offset
        return True


def _ahead(chunks: Sequence[Chunk], number: int, cuts_ms: Sequence[float]) -> bytes:
    """The next bytes of the stream, up to the next cut."""
    audio, first_ms = b"", chunks[number].arrived_ms
    for chunk in chunks[number:]:
        if len(audio) >= _LOOK_AHEAD_BYTES or any(first_ms < cut_ms <= chunk.arrived_ms for cut_ms in cuts_ms):
            break
        audio += chunk.payload
    return audio[: max(_LOOK_AHEAD_BYTES, len(chunks[number].payload))]
