"""The agent's turns as messages and actions: its audio to the loudspeaker, its cuts to the model, its words to the
transcript.
"""

from collections.abc import Callable
from dataclasses import asdict

from ..ledger import PlaybackLedger
from ..protocols import openai_realtime as realtime
from ..protocols import twilio_media as twilio
from ..protocols.websocket_adapter import Action, Send, Side
from ..transcript import AgentLine, Transcript, WordCount
from .actions import CountWords, Note, Publish
from .agent_speech import AgentSpeech, Cut, Item


class AgentTurns:
    """The agent's side of one conversation. `new_id` makes ids for the events that go to the model."""

    def __init__(self, stream_sid: str, transcript: Transcript, new_id: Callable[[str], str], began_ms: float) -> None:
        self.ledger = PlaybackLedger()
        self.speech = AgentSpeech(self.ledger, transcript, began_ms)
        self._stream_sid = stream_sid
        self._media_head = twilio.media_head(stream_sid)
        self._transcript = transcript
        self._new_id = new_id
        self._counting: dict[str, Item] = {}
        self._to_note = False  # whether a barge-in has no record yet
        self.frames = 0

    # -- the loudspeaker

    def play(self, delta: realtime.AudioDelta, now_ms: float) -> list[str]:
        """The messages that bring a delta to the loudspeaker: media, and a mark behind each."""
        messages = []
        for payload, mark in self.speech.send(delta, now_ms):
            self.frames += 1
            messages.append(self._media_head + payload + twilio.MEDIA_TAIL)
            messages.append(twilio.mark(self._stream_sid, mark))
        return messages

    def probe(self, now_ms: float) -> Action:
        """Measure the round trip, while nothing is buffered."""
        return self._to_phone(twilio.mark(self._stream_sid, self.ledger.probe(now_ms)))

    def clear(self, now_ms: float) -> list[Action]:
        """Stop the loudspeaker; the cut is settled when its echoes tell where."""
        mark = self.ledger.clear(now_ms)
        return [self._to_phone(twilio.clear(self._stream_sid)), self._to_phone(twilio.mark(self._stream_sid, mark))]

    # -- cuts

    def settle(self, now_ms: float) -> list[Action]:
        """End a cut that is under way: the model is told what was heard."""
        if not self.ledger.clearing:
            return []
        told = self._tell(self.speech.settle(self.ledger.settle()))
        return told + self.publish_ready(now_ms)

    def stop(self, now_ms: float) -> list[Action]:
        """The stream is over: whatever was playing ended here."""
        self.speech.stop(self.ledger.stop(now_ms))
        return self.publish_ready(now_ms)

    def lost(self, now_ms: float) -> tuple[list[Action], AgentLine | None]:
        """The session is gone: what it said ends with the audio that was sent. And that line, if there is one."""
        cut_off, actions = None, list[Action]()
        for item in self.speech.lost():
            cut_off = item.line
            actions.append(self._count_words(item, self.ledger.sent_ms(cut_off.item_id)))
        return actions + self.publish_ready(now_ms), cut_off

    def interrupt(self) -> set[str]:
        """The caller cut in; the answers of which something was being generated."""
        self._to_note = True
        return self.speech.interrupt()

    def answer_began(self) -> None:
        """Whatever is cut from now on is cut by a later barge-in."""
        self._to_note = False

    def _tell(self, cuts: list[Cut]) -> list[Action]:
        return self._note(cuts) + [Send(Side.TARGET, self._correction(cut)) for cut in cuts]

    def _note(self, cuts: list[Cut]) -> list[Action]:
        """One record for each barge-in, with the items that it cut."""
        if not cuts or not self._to_note:
            return []
        self._to_note = False
        return [Note("barge_in", "info", {"items": [asdict(cut) for cut in cuts]})]

    def _correction(self, cut: Cut) -> str:
        """What was played in part is truncated; what was never heard is taken out of the conversation."""
        if cut.heard_ms > 0:
            return realtime.truncate(self._new_id("e"), cut.item_id, cut.heard_ms)
        return realtime.delete_item(self._new_id("e"), cut.item_id)

    # -- words

    def publish_ready(self, now_ms: float) -> list[Action]:
        """The turns of which everything is known now."""
        told = [] if self.ledger.clearing else self._tell(self.speech.untold())
        ready = self.speech.take_ready(now_ms)
        cut = [item.as_cut() for item in ready if item.cut and item.line.interrupted]
        return told + self._note(cut) + [self._publish(item) for item in ready if self._is_turn(item)]

    def words_counted(self, item_id: str, count: WordCount) -> list[Action]:
        """How many words of a cut item were heard (or were sent, if a lost session cut it off and it still plays)."""
        item = self._counting.pop(item_id, None)
        if item is None:
            line = self._transcript.find_agent(item_id)
            if line is not None and not line.settled:
                line.sent_words = count.words
            return []
        item.line.heard_words, item.line.count = count.words, count
        return [Publish(item.line.turn())]

    def _is_turn(self, item: Item) -> bool:
        """Whether anything was generated for it; an item that stayed empty is no turn."""
        if not (item.line.text.strip() or item.line.generated_bytes):
            self._transcript.withdraw(item.line.item_id)
            return False
        return True

    def _publish(self, item: Item) -> Action:
        """All words of an item heard whole, none of one that was not heard; those of a cut one must be counted."""
        line = item.line
        if not line.interrupted or not line.heard_ms or not line.text.strip():
            line.heard_words = 0 if line.interrupted else len(line.text.split())
            return Publish(line.turn())
        self._counting[line.item_id] = item
        return self._count_words(item, line.heard_ms)

    @staticmethod
    def _count_words(item: Item, heard_ms: float) -> Action:
        return CountWords(item.line.item_id, item.line.text, item.decoded(), heard_ms, item.completed)

    def _to_phone(self, text: str) -> Action:
        return Send(Side.SOURCE, text)
