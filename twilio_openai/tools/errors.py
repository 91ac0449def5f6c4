"""What goes wrong with tools, by who has to read it.

ToolError            the model reads it: its words become the tool's answer, and the call goes on
ToolDefinitionError  whoever wrote the tool or its file reads it, before the first call
"""


class ToolError(Exception):
    """Raise it inside a tool: the model is told exactly these words, so say what it can do now."""


class ToolDefinitionError(ValueError):
    """A tool, or a file that tools come from, cannot be used as it stands; one line, with what to do about it."""
