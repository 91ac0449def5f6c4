"""What a new session is told when the old one is lost: the conversation as it was heard, and how to go on.

Of the agent's turns it gets the words that the caller heard (or hears just now), never those that were cut off. Pure.
"""

from collections.abc import Callable, Iterator

from ..protocols import openai_realtime as realtime
from ..transcript import AgentLine, CallerLine, Transcript

CUT_OFF = "The caller interrupted you here. They did not hear anything more of what you were saying."

GO_ON = (
    "The connection to you broke while you were speaking. The caller has heard you up to these words, no further: "
    "“{words}”. Continue exactly behind them, as if nothing had happened. Do not repeat anything, do not greet again."
)


def conversation(transcript: Transcript, new_id: Callable[[str], str]) -> Iterator[str]:
    """The conversation so far, as events that build it up in a new session; `new_id` makes ids from a prefix."""
    for line in transcript.said():
        yield from _caller(line, new_id) if isinstance(line, CallerLine) else _agent(line, new_id)


def _caller(line: CallerLine, new_id: Callable[[str], str]) -> Iterator[str]:
    if line.text:
        yield realtime.user_text(new_id("e"), new_id("said"), line.text)


def _agent(line: AgentLine, new_id: Callable[[str], str]) -> Iterator[str]:
    words = line.audible()
    if words:
        yield realtime.assistant_text(new_id("e"), words)
    if line.interrupted and line.sent_words is None and line.text.strip():
        yield realtime.system_text(new_id("e"), CUT_OFF)


def go_on(prompt: str, line: AgentLine) -> str:
    """The instructions for an answer that continues one which a lost session cut off."""
    return f"{prompt}\n\n{GO_ON.format(words=line.audible())}"
