"""The tools that an agent has without anyone writing one, and with them its whole toolbox."""

from pathlib import Path

from twilio_openai.tools.check_availability import Clock, check_availability_tool, utc_now
from twilio_openai.tools.end_call import end_call
from twilio_openai.tools.toolbox import Toolbox
from twilio_openai.tools.transfer_call import transfer_call_tool


def standard_toolbox(
    *,
    tools_file: str | Path | None = None,
    calendar_file: str | Path | None = None,
    transfer_number: str | None = None,
    now: Clock = utc_now,
) -> Toolbox:
    """The built-in tools and those of the user's file; a tool of the user's takes the place of a built-in of its name.

    Raises ToolDefinitionError for a file that cannot be used, the calendar included.
    """
    builtin = [check_availability_tool(calendar_file, now), end_call]
    if transfer_number:
        builtin.append(transfer_call_tool(transfer_number))
    own = Toolbox.load(tools_file) if tools_file else Toolbox()
    return Toolbox(builtin) | own
