"""Where the author of a tool looks: write one typed function with a docstring, and put `@tool` above it."""

from twilio_openai.tools.builtin import standard_toolbox
from twilio_openai.tools.context import CallContext
from twilio_openai.tools.errors import ToolDefinitionError, ToolError
from twilio_openai.tools.outcomes import EndCall, TransferCall
from twilio_openai.tools.tool import AnyTool, Tool, tool
from twilio_openai.tools.toolbox import Toolbox

__all__ = [
    "AnyTool",
    "CallContext",
    "EndCall",
    "Tool",
    "ToolDefinitionError",
    "ToolError",
    "Toolbox",
    "TransferCall",
    "standard_toolbox",
    "tool",
]
