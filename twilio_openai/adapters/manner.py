"""How an agent behaves in a call: what the settings say, in the adapter's words."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Manner:
    """How the agent behaves in a call.

    `greeting` is what its first answer is told, `prompt` what every other is. `after_greeting` is None where the
    caller may interrupt the greeting, else the part of the session that lets them interrupt from then on. For the
    others see `CallerTurns`.
    """

    greeting: str
    prompt: str = ""
    after_greeting: dict[str, Any] | None = None
    speech_padding_ms: float = 0.0
    silence_ms: float = 0.0
    max_call_ms: float = float("inf")
