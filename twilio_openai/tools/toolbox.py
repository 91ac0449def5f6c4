"""The tools of one agent: what the model is told that it may call, and where a call finds its function."""

import importlib.util
import sys
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Self

from twilio_openai.tools.errors import ToolDefinitionError, ToolError
from twilio_openai.tools.schema import JsonSchema
from twilio_openai.tools.tool import AnyTool, Tool


class Toolbox:
    """Tools by name, in the order given."""

    def __init__(self, tools: Iterable[AnyTool] = ()) -> None:
        """Raises ToolDefinitionError when two tools share a name, or something is not a tool."""
        given = list(tools)
        for each in given:
            if not isinstance(each, Tool):
                raise ToolDefinitionError(f"{each!r} is not a tool; put @tool above its definition")
        for name, count in Counter(each.name for each in given).items():
            if count > 1:
                raise ToolDefinitionError(f"tool {name}: this name is used {count} times; rename all but one")
        self._tools = {each.name: each for each in given}

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """The `@tool` functions of a Python file. Raises ToolDefinitionError with the file and the line at fault.

        Modules beside the file can be imported by it.
        """
        module = _import_file(Path(path).resolve())
        # The same tool under two names is one tool.
        found = {id(each): each for each in vars(module).values() if isinstance(each, Tool)}
        if not found:
            raise ToolDefinitionError(f"{path}: no tool in this file; put @tool above a function")
        return cls(found.values())

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._tools)

    def schemas(self) -> list[JsonSchema]:
        """`session.tools` of the Realtime API."""
        return [each.schema() for each in self]

    def __iter__(self) -> Iterator[AnyTool]:
        return iter(self._tools.values())

    def __len__(self) -> int:
        return len(self._tools)

    def __getitem__(self, name: str) -> AnyTool:
        """Raises ToolError, which tells the model what there is instead."""
        if name not in self._tools:
            known = ", ".join(self._tools) or "none"
            raise ToolError(f"There is no tool {name!r}. The tools are: {known}.")
        return self._tools[name]

    def __or__(self, other: "Toolbox") -> "Toolbox":
        """Both; where a name is in both, the tool of `other` takes the place."""
        return Toolbox((self._tools | other._tools).values())


def _import_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise ToolDefinitionError(f"{path}: there is no such file")
    name = f"twilio_openai_agent_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ToolDefinitionError(f"{path}: not a Python file; its name must end in .py")
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))  # last, so that a file of the user's never hides a library
    return _execute(spec, path)


def _execute(spec: ModuleSpec, path: Path) -> ModuleType:
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses and pydantic look up a class's module by name
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:  # a user's file may fail in any way, and each becomes one line
        del sys.modules[spec.name]
        raise ToolDefinitionError(f"{path}, line {_line_at_fault(error, path)}: {_in_one_line(error)}") from error
    return module


def _line_at_fault(error: BaseException, path: Path) -> int:
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return error.lineno or 1
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    return (lines[-1] if lines else None) or 1


def _in_one_line(error: BaseException) -> str:
    if isinstance(error, ToolDefinitionError):
        return str(error)
    message = error.msg if isinstance(error, SyntaxError) else str(error)
    return " ".join(f"{type(error).__name__}: {message}".split())
