"""What a tool may know about the call that it runs in."""

from dataclasses import dataclass

from twilio_openai.tools.heard import was_heard


@dataclass(frozen=True, kw_only=True)
class CallContext:
    """The running call. A parameter with this annotation is filled in by the server, and the model never sees it."""

    call_sid: str
    """Twilio's name of the call, "CA…"."""
    caller: str = ""
    """Who rings, in E.164, not masked; "" when the number is withheld."""
    called: str = ""
    """The number that was rung, in E.164."""
    heard: tuple[str, ...] = ()
    """The agent's turns, as far as the caller has surely heard them when the tool is called."""
    language: str = "en"

    @property
    def heard_text(self) -> str:
        """All that the caller has surely heard of the agent, a turn to a line."""
        return "\n".join(self.heard)

    def was_heard(self, words: str) -> bool:
        """Whether the caller has heard these words, however they were spelt ("$9.05" or "nine dollars and five cents").

        What is not sure counts as not heard: words that are still being played, and words at a cut that is in doubt.
        """
        return was_heard(words, self.heard, self.language)
