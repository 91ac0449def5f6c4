"""The conversation as the model's side keeps it: items in order, their audio, and what may be done to them.

An item that is deleted or truncated stays known here, so that a test can ask what had been generated.
"""

from dataclasses import dataclass, field
from typing import Any

from twilio_openai.rehearsal.mulaw import BYTES_PER_MS
from twilio_openai.rehearsal.schema import Refused
from twilio_openai.rehearsal.speech import Speech, Word


@dataclass
class Item:
    """One item. For the assistant's speech: `audio` generated so far, `text` generated so far."""

    id: str
    type: str = "message"
    role: str | None = None
    status: str = "completed"
    phase: str | None = None
    text: str = ""
    audio: bytearray = field(default_factory=bytearray)
    bytes_per_ms: int = BYTES_PER_MS
    speech: Speech | None = None
    """The recording that is spoken: its words have their times."""
    truncated_ms: int | None = None
    deleted: bool = False
    created_ms: float = 0.0
    response_id: str | None = None
    content: list[dict[str, Any]] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def generated_ms(self) -> float:
        """How much speech has been generated."""
        return len(self.audio) / self.bytes_per_ms

    @property
    def kept_ms(self) -> int:
        """How much speech the model still has of it, in whole ms."""
        generated_ms = int(self.generated_ms)
        return generated_ms if self.truncated_ms is None else min(generated_ms, self.truncated_ms)

    @property
    def words(self) -> tuple[Word, ...]:
        return self.speech.words if self.speech else ()

    def wire(self) -> dict[str, Any]:
        """The item as events carry it."""
        shown: dict[str, Any] = {"id": self.id, "type": self.type, "status": self.status}
        if self.role:
            shown |= {"role": self.role, "content": [dict(part) for part in self.content]}
        if self.phase:
            shown["phase"] = self.phase
        return shown | self.extra


class Conversation:
    """Items in their order; errors are those of the API."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.known: dict[str, Item] = {}

    @property
    def last_id(self) -> str | None:
        return self.items[-1].id if self.items else None

    @property
    def has_spoken(self) -> bool:
        return any(item.role == "assistant" and item.audio for item in self.items)

    def add(self, item: Item, previous_item_id: str | None = None) -> str | None:
        """Put an item at the end, or behind another ("root": in front); the id of the one before it."""
        if item.id in self.known:
            raise Refused("item_create_duplicate_item_id", f"Item with ID '{item.id}' already exists.", "item.id")
        place = 0 if previous_item_id == "root" else self._place(previous_item_id)
        self.items.insert(place, item)
        self.known[item.id] = item
        return self.items[place - 1].id if place else None

    def _place(self, previous_item_id: str | None) -> int:
        if previous_item_id is None:
            return len(self.items)
        for index, item in enumerate(self.items):
            if item.id == previous_item_id:
                return index + 1
        message = f"Previous item with ID '{previous_item_id}' does not exist."
        raise Refused("item_create_invalid_previous_item_id", message, "previous_item_id")

    def check_call(self, call_id: str) -> None:
        """A tool's output must answer a call of the conversation."""
        if not any(item.type == "function_call" and item.extra.get("call_id") == call_id for item in self.items):
            raise Refused(
                "invalid_tool_call_id", f"Tool call ID '{call_id}' not found in conversation.", "item.call_id"
            )

    def find(self, item_id: str, code: str) -> Item:
        item = self.known.get(item_id)
        if not item or item.deleted:
            raise Refused(code, f"Item with item_id '{item_id}' does not exist.", "item_id")
        return item

    def truncate(self, item_id: str, audio_end_ms: int, zero_allowed: bool) -> Item:
        """Forget an item's speech from that time on, and its transcript altogether."""
        item = self.find(item_id, "item_truncate_invalid_item_id")
        if item.role != "assistant" or not item.audio:
            raise Refused("unsupported_content_type", "Only model output audio messages can be truncated", "item_id")
        if audio_end_ms > item.kept_ms:
            message = f"Audio content of {item.kept_ms}ms is already shorter than {audio_end_ms}ms"
            raise Refused("invalid_value", message, "audio_end_ms")
        if audio_end_ms == 0 and not zero_allowed:
            raise Refused("invalid_value", "Audio cannot be truncated to nothing: delete the item.", "audio_end_ms")
        item.truncated_ms = audio_end_ms
        item.content = [{name: part[name] for name in part if name != "transcript"} for part in item.content]
        return item

    def delete(self, item_id: str) -> None:
        item = self.find(item_id, "item_delete_invalid_item_id")
        item.deleted = True
        self.items.remove(item)
