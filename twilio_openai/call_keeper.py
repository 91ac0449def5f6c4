"""Keeps one call in the store: its start, each settled turn, what has been heard of the one that is playing, its end.

Nothing here waits: the writer takes changes at once and stores them behind the call's back.
"""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from .adapters.conversation import Conversation
from .store import Ended, Said, Started, StoreWriter
from .transcript import AgentLine, Turn

GENERATION = 1
"""Of a call's first stream."""

CERTAIN_MS = 500.0
"""Words that would have ended within this before the playhead are not claimed of a turn that is still playing."""

SLOWEST_MS_PER_CHARACTER = 80.0
"""Speech is hardly ever slower: an answer that is still being generated claims no more words than that."""


class CallKeeper:
    """The store's view of one call."""

    def __init__(self, call_sid: str, conversation: Conversation, writer: StoreWriter) -> None:
        self._call_sid = call_sid
        self._conversation = conversation
        self._writer = writer

    def started(self, account_sid: str, caller: str, called: str) -> None:
        """The call's first stream has started."""
        now = datetime.now(UTC)
        self._writer.put(
            Started(self._call_sid, GENERATION, now, account_sid=account_sid, from_number=caller, to_number=called)
        )

    def said(self, turn: Turn) -> None:
        """A turn is settled."""
        position = self._conversation.transcript.position(turn.item_id)
        self._writer.put(Said(self._call_sid, GENERATION, position, turn))

    def progress(self, now_ms: float) -> None:
        """What is playing: words are claimed by their share of the audio, rather too few than too many."""
        ledger = self._conversation.agent.ledger
        for line in self._conversation.transcript.playing():
            heard_ms = ledger.heard(line.item_id, now_ms).heard_ms
            turn = replace(_so_far(line, heard_ms), heard_ms=int(heard_ms))
            position = self._conversation.transcript.position(line.item_id)
            self._writer.put(Said(self._call_sid, GENERATION, position, turn, settled=False))

    def ended(self, ended_by: str, duration_ms: int, record: dict[str, Any]) -> None:
        """The call is over: every turn in its final place, then the end."""
        for position, turn in enumerate(self._conversation.transcript.turns()):
            self._writer.put(Said(self._call_sid, GENERATION, position, turn))
        self._writer.put(Ended(self._call_sid, GENERATION, datetime.now(UTC), ended_by, duration_ms, record))


def _so_far(line: AgentLine, heard_ms: float) -> Turn:
    words, text = line.text.split(), line.text
    generated_ms = line.generated_bytes / 8
    length_ms = generated_ms if line.final else max(generated_ms, len(text) * SLOWEST_MS_PER_CHARACTER)
    characters = len(text) * max(0.0, heard_ms - CERTAIN_MS) / max(length_ms, 1.0)
    count, end = 0, 0
    for word in words:
        end += len(word) + 1
        if end > characters:
            break
        count += 1
    turn = line.turn()
    return replace(turn, text=" ".join(words[:count]), unheard="", interrupted=True)
