"""The built-in tool that hands the caller over to a person."""

from typing import Annotated

from pydantic import Field

from twilio_openai.tools.outcomes import TransferCall
from twilio_openai.tools.tool import AnyTool, tool


def transfer_call_tool(number: str) -> AnyTool:
    """The tool that puts callers through to this number (E.164 or what else Twilio's `<Dial>` takes)."""

    @tool
    def transfer_call(
        reason: Annotated[str, Field(description="Why the caller is put through, in a few words, for the record.")],
    ) -> TransferCall:
        """Put the caller through to a person, when they ask for one or when you cannot help.

        Tell the caller so in the same answer.
        """
        return TransferCall(reason, number)

    return transfer_call
