"""The caller's turns: their audio, when they spoke, which of their turns have no answer yet, and how long they
waited for it.
"""

from ..protocols import openai_realtime as realtime
from ..protocols.websocket_adapter import Action
from ..transcript import Transcript
from .actions import Note, Publish
from .caller_audio import CallerAudio
from .latency import Latencies


class CallerTurns:
    """The caller's side of one conversation.

    `padding_ms` is how much earlier than the speech the model says that it began, `silence_ms` how long it waits
    before it says that speech has stopped.
    """

    def __init__(self, transcript: Transcript, began_ms: float, padding_ms: float, silence_ms: float) -> None:
        self.audio = CallerAudio(began_ms)
        self.latencies = Latencies()
        self.speaking = False
        self._transcript = transcript
        self._began_ms = began_ms
        self._padding_ms, self._silence_ms = padding_ms, silence_ms
        self._speech_began: dict[str, float] = {}
        self._open: list[str] = []  # committed turns that have no answer yet
        self._answering: str | None = None  # the answer to them

    def began(self, event: realtime.SpeechStarted, now_ms: float) -> float:
        """The caller speaks; since when."""
        self.speaking = True
        self.audio.began(event.audio_start_ms)
        since_ms = min(now_ms, self.audio.when(event.audio_start_ms + self._padding_ms))
        self._speech_began[event.item_id] = since_ms
        return since_ms

    def stopped(self, event: realtime.SpeechStopped, now_ms: float) -> None:
        """The caller has been quiet for a while."""
        self.speaking = False
        self.audio.ended(event.audio_end_ms)
        self.latencies.last_word_ms = min(now_ms, self.audio.when(event.audio_end_ms - self._silence_ms))

    def committed(self, event: realtime.Committed, now_ms: float) -> None:
        """What they said has its place in the conversation."""
        self.speaking = False
        self._transcript.place(event.item_id, event.previous_item_id)
        self._transcript.caller(event.item_id, self._speech_began.pop(event.item_id, now_ms) - self._began_ms)
        self._open.append(event.item_id)

    def transcribed(self, item_id: str, text: str, now_ms: float) -> list[Action]:
        """The words of a turn; the first that come count."""
        line = self._transcript.caller(item_id, now_ms - self._began_ms)
        if line.settled:
            return []
        line.text = text
        return [Publish(line.turn())]

    def transcription_failed(self, item_id: str, reason: str, now_ms: float) -> list[Action]:
        """The words of a turn are lost; it keeps its place."""
        line = self._transcript.caller(item_id, now_ms - self._began_ms)
        if line.settled:
            return []
        line.failed = True
        note = Note("transcription.failed", "warning", {"item_id": item_id, "reason": reason})
        return [note, *self.transcribed(item_id, "", now_ms)]

    def pressed(self, item_id: str, digits: str, first_ms: float) -> Action:
        """A turn of keys."""
        line = self._transcript.caller(item_id, first_ms - self._began_ms)
        line.text = digits
        return Publish(line.turn())

    def answer_began(self, response_id: str) -> None:
        """An answer has begun; whether it is one to what they said."""
        self.audio.watch(busy=True)
        if self._open and not self.speaking:
            self._answering = response_id

    def answer_heard(self, response_id: str, now_ms: float) -> None:
        """Audio of an answer is on its way to them."""
        self.latencies.answered(now_ms)
        if response_id == self._answering:
            self._answering = None
            self._open.clear()
            self.audio.answered()

    def lost(self, alive_ms: float) -> list[Action]:
        """The session is gone, last alive at `alive_ms`: the next one hears the turns without an answer again."""
        self.speaking, self._answering = False, None
        self.audio.lost(alive_ms)
        for item_id in self._open:
            self._transcript.withdraw(item_id)
        self._open.clear()
        return [Publish(line.turn()) for line in self._transcript.give_up()]
