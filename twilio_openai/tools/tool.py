"""`@tool`: a typed function with a docstring becomes something that the model can call.

The function's name is the tool's name, its docstring the description, its signature the schema of the arguments.
Decorated, it can still be called as before, so that it is tested like any function.
"""

import inspect
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isfinite
from string import Formatter
from typing import Any, Generic, ParamSpec, TypeVar, overload

from twilio_openai.tools.docstring import read_docstring
from twilio_openai.tools.errors import ToolDefinitionError
from twilio_openai.tools.schema import JsonSchema, Signature, read_signature

P = ParamSpec("P")
R = TypeVar("R")

DEFAULT_TIMEOUT_S = 10.0

# What the Realtime API takes for a function's name; with one that it refuses, the whole session.update is dropped.
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")


@dataclass(frozen=True)
class Tool(Generic[P, R]):
    name: str
    description: str
    signature: Signature
    function: Callable[P, R]
    timeout_s: float
    """How long one call may take before the model is told that there is no answer."""
    requires_heard: tuple[str, ...] = ()
    """Words that the caller must have heard before, with arguments in braces: "${total:.2f}"."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        return self.function(*args, **kwargs)

    @property
    def is_async(self) -> bool:
        return inspect.iscoroutinefunction(inspect.unwrap(self.function))

    def required(self, arguments: dict[str, object]) -> list[str]:
        """The words that the caller must have heard before a call with these arguments."""
        return [words.format(**arguments) for words in self.requires_heard]

    def schema(self) -> JsonSchema:
        """As in `session.tools` of the Realtime API."""
        parameters = self.signature.parameters
        return {"type": "function", "name": self.name, "description": self.description, "parameters": parameters}


AnyTool = Tool[..., Any]


@overload
def tool(function: Callable[P, R], /) -> Tool[P, R]: ...
@overload
def tool(
    *, timeout_s: float = DEFAULT_TIMEOUT_S, requires_heard: str | Sequence[str] = ()
) -> Callable[[Callable[P, R]], Tool[P, R]]: ...
def tool(
    function: Callable[P, R] | None = None,
    /,
    *,
    timeout_s: float = DEFAULT_TIMEOUT_S,
    requires_heard: str | Sequence[str] = (),
) -> Tool[P, R] | Callable[[Callable[P, R]], Tool[P, R]]:
    """Use as `@tool`, `@tool(timeout_s=5)` or `@tool(requires_heard="${total:.2f}")`.

    With `requires_heard` the tool runs only when the caller has heard these words (see `Tool.requires_heard`); until
    then the model is told which are missing. Raises ToolDefinitionError, which says what to write instead.
    """
    words = (requires_heard,) if isinstance(requires_heard, str) else tuple(requires_heard)
    if function is not None:
        return _define(function, timeout_s, words)
    return lambda decorated: _define(decorated, timeout_s, words)


def _define(function: Callable[P, R], timeout_s: float, requires_heard: tuple[str, ...]) -> Tool[P, R]:
    _check_function(function)
    name = function.__name__
    try:
        _check_timeout(timeout_s)
        docstring = read_docstring(function.__doc__ or "")
        if not docstring.description:
            raise ToolDefinitionError("has no docstring; say in one sentence what it does and when to use it")
        signature = read_signature(function, docstring.parameters)
        _check_words(requires_heard, signature)
    except ToolDefinitionError as error:
        raise ToolDefinitionError(f"tool {name}: {error}") from error
    return Tool(name, docstring.description, signature, function, timeout_s, requires_heard)


def _check_words(requires_heard: tuple[str, ...], signature: Signature) -> None:
    """Every {name} in the words must be an argument."""
    try:
        names = {field for words in requires_heard for _, field, _, _ in Formatter().parse(words) if field is not None}
    except ValueError as error:
        raise ToolDefinitionError(f"requires_heard cannot be read: {error}") from None
    unknown = names - set(signature.parameters["properties"])
    if unknown:
        raise ToolDefinitionError(f"requires_heard names {', '.join(sorted(unknown))}, which is no argument of it")


def _check_function(function: Callable[..., object]) -> None:
    if not inspect.isfunction(function) or inspect.isasyncgenfunction(function):
        raise ToolDefinitionError(f"{function!r} is not a plain function; put @tool above `def` or `async def`")
    if not _NAME.fullmatch(function.__name__):
        raise ToolDefinitionError(
            f"{function.__name__} cannot be a tool's name; use def with up to 64 letters a-z, digits and underscores"
        )
    _check_not_defined_twice(function)


def _check_not_defined_twice(function: Any) -> None:
    """Python lets a second `def` replace the first without a word; with tools it is a copy that was not renamed."""
    earlier = function.__globals__.get(function.__name__) if function.__qualname__ == function.__name__ else None
    if not isinstance(earlier, Tool):
        return
    first, second = (inspect.unwrap(each).__code__ for each in (earlier.function, function))
    # The same line once more is a reloaded module, not a second definition.
    if first.co_filename == second.co_filename and first.co_firstlineno != second.co_firstlineno:
        raise ToolDefinitionError(f"tool {function.__name__}: this name is already in use; rename one of the two")


def _check_timeout(timeout_s: float) -> None:
    if not (isfinite(timeout_s) and timeout_s > 0):
        raise ToolDefinitionError(f"timeout_s={timeout_s} is not a number of seconds above 0")
