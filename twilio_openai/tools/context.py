"""What a tool may know about the call that it runs in."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class CallContext:
    """The running call. A parameter with this annotation is filled in by the server, and the model never sees it."""

    call_sid: str
    """Twilio's name of the call, "CA…"."""
    caller: str = ""
    """Who rings, in E.164, not masked; "" when the number is withheld."""
    called: str = ""
    """The number that was rung, in E.164."""
