"""What the stand-in model hears: the input audio buffer, the turns that VAD finds in it, and their transcription."""

import base64
import binascii
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from twilio_openai.rehearsal import mulaw
from twilio_openai.rehearsal.clock import now_ms
from twilio_openai.rehearsal.conversation import Item
from twilio_openai.rehearsal.schema import Refused
from twilio_openai.rehearsal.vad import Started, Stopped, Vad

if TYPE_CHECKING:
    from twilio_openai.rehearsal.model_session import ModelSession

SEMANTIC_SILENCE_MS = {"low": 800, "medium": 500, "auto": 500, "high": 300}
LONGEST_APPEND_BYTES = 15 * 1024 * 1024
SHORTEST_COMMIT_MS = 100
_TRANSCRIPTION = "conversation.item.input_audio_transcription"


class Ears:
    """All times are those of the appended audio. `on_speech` and `on_turn` tell the session what was heard."""

    def __init__(self, session: "ModelSession", on_speech: Callable[[], None], on_turn: Callable[[], None]) -> None:
        self.appended = bytearray()
        """Every byte of audio that the client appended, in order."""
        self.appends: list[tuple[float, int]] = []
        """(arrival, bytes) of each append."""
        self.caller_said: list[str | None] = []
        """What was understood of each turn, whether it was told or not."""
        self._session = session
        self._on_speech, self._on_turn = on_speech, on_turn
        self._vad = Vad()
        self._turn_id = ""
        self._turn_start = 0
        self._buffer_start = 0

    def configure(self, turn_detection: dict[str, Any] | None) -> None:
        """The session's turn detection was set; None: the client commits by hand."""
        detection = turn_detection or {}
        silence_ms = SEMANTIC_SILENCE_MS.get(detection.get("eagerness", ""), detection.get("silence_duration_ms", 200))
        self._vad.configure(detection.get("threshold", 0.5), detection.get("prefix_padding_ms", 300), silence_ms)

    @property
    def _input(self) -> dict[str, Any]:
        return dict(self._session.config["audio"]["input"])

    @property
    def _bytes_per_ms(self) -> int:
        return 48 if self._input["format"]["type"] == "audio/pcm" else mulaw.BYTES_PER_MS

    # The buffer

    def append(self, encoded: str) -> None:
        """Base64 audio in the session's format; Refused if it is not."""
        try:
            audio = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError) as error:
            raise Refused("invalid_value", "Invalid 'audio'. Expected base64-encoded audio bytes.", "audio") from error
        if not audio or len(audio) > LONGEST_APPEND_BYTES:
            raise Refused("invalid_value", "Invalid 'audio': empty or longer than 15 MiB.", "audio")
        self.appended += audio
        self.appends.append((now_ms(), len(audio)))
        if self._input["turn_detection"] is not None:
            for change in self._vad.feed(self._as_mulaw(audio)):
                self._change(change)

    def clear(self) -> None:
        """Forget what has not been committed."""
        self._buffer_start = len(self.appended)
        self._vad.reset()
        self._session.emit("input_audio_buffer.cleared")

    def commit_by_hand(self) -> None:
        """The client ends the turn; Refused if there is too little of it."""
        buffered_ms = (len(self.appended) - self._buffer_start) / self._bytes_per_ms
        if buffered_ms < SHORTEST_COMMIT_MS:
            message = (
                "Error committing input audio buffer: buffer too small. Expected at least 100ms of audio, "
                f"but buffer only has {buffered_ms:.2f}ms of audio."
            )
            raise Refused("input_audio_buffer_commit_empty", message)
        self._vad.reset()
        self._commit(self._session.new_id("item"), self._buffer_start, len(self.appended))

    def _as_mulaw(self, audio: bytes) -> bytes:
        """Appended audio as mu-law: noise, if it is not in the format that the session was told."""
        if self._bytes_per_ms == mulaw.BYTES_PER_MS:
            return audio
        samples = np.frombuffer(audio[: len(audio) // 2 * 2], "<i2")[::3]
        return mulaw.encode(samples.astype(np.float64))

    # Turns

    def _change(self, change: Started | Stopped) -> None:
        if isinstance(change, Started):
            self._turn_id, self._turn_start = self._session.new_id("item"), change.audio_start_ms * self._bytes_per_ms
            place = {"audio_start_ms": change.audio_start_ms, "item_id": self._turn_id}
            self._session.emit("input_audio_buffer.speech_started", **place)
            self._on_speech()
            return
        end_ms = change.audio_end_ms
        self._session.emit("input_audio_buffer.speech_stopped", audio_end_ms=end_ms, item_id=self._turn_id)
        self._commit(self._turn_id, self._turn_start, end_ms * self._bytes_per_ms)
        self._on_turn()

    def _commit(self, item_id: str, start: int, end: int) -> None:
        """The buffer becomes an item of the caller's, and is transcribed beside everything else."""
        session = self._session
        audio = self.appended[start:end]
        self._buffer_start = end
        content: list[dict[str, Any]] = [{"type": "input_audio", "transcript": None}]
        item = Item(item_id, role="user", content=content, audio=audio, created_ms=now_ms())
        item.bytes_per_ms = self._bytes_per_ms
        session.emit("input_audio_buffer.committed", previous_item_id=session.conversation.last_id, item_id=item_id)
        session.add(item)
        heard = session.options.hearing.recognise(self._as_mulaw(bytes(audio)))
        self.caller_said.append(heard)
        if self._input["transcription"]:
            self._transcribe(item, heard, len(self.caller_said) - 1)

    # Transcription

    def _transcribe(self, item: Item, heard: str | None, turn: int) -> None:
        hearing = self._session.options.hearing
        if turn in hearing.never:
            return
        if heard is None or turn in hearing.fails:
            self._session.later(hearing.delay_of(turn) / 1000.0, lambda: self._failed(item))
        else:
            self._session.later(hearing.delay_of(turn) / 1000.0, lambda: self._transcribed(item, heard))

    def _failed(self, item: Item) -> None:
        message = "The audio could not be transcribed."
        error = {"type": "transcription_error", "code": "audio_unintelligible", "message": message, "param": None}
        self._session.emit(f"{_TRANSCRIPTION}.failed", item_id=item.id, content_index=0, error=error)

    def _transcribed(self, item: Item, heard: str) -> None:
        place: dict[str, Any] = {"item_id": item.id, "content_index": 0}
        for number, word in enumerate(heard.split(" ")):
            delta = word if number == 0 else f" {word}"
            padding = self._session.padding()
            self._session.emit(f"{_TRANSCRIPTION}.delta", **place, delta=delta, obfuscation=padding)
        item.text = heard
        item.content[0]["transcript"] = heard
        audio_tokens, text_tokens = int(item.generated_ms / 100), max(1, len(heard) // 4)
        usage = {
            "type": "tokens",
            "total_tokens": audio_tokens + text_tokens,
            "input_tokens": audio_tokens,
            "input_token_details": {"text_tokens": 0, "audio_tokens": audio_tokens},
            "output_tokens": text_tokens,
        }
        self._session.emit(f"{_TRANSCRIPTION}.completed", **place, transcript=heard, usage=usage)
