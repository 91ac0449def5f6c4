"""The built-in tool that hangs up."""

from typing import Annotated

from pydantic import Field

from twilio_openai.tools.outcomes import EndCall
from twilio_openai.tools.tool import tool


@tool
def end_call(
    reason: Annotated[str, Field(description="Why the call is over, in a few words, for the record.")],
) -> EndCall:
    """End the call when the caller has said goodbye or has nothing more to ask. Say goodbye in the same answer."""
    return EndCall(reason)
