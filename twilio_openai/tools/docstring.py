"""The docstring of a tool, as the model reads it.

The paragraphs before the first section are the tool's description. In an `Args:` section a line `name: words` describes
a parameter, and deeper lines go on with it. Other sections are for people and are left out.
"""

import inspect
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_ARGUMENTS = re.compile(r"(Args|Arguments|Parameters):\s*$")
_SECTION = re.compile(r"(Args|Arguments|Parameters|Returns?|Raises|Yields|Examples?):\s*$")
_ENTRY = re.compile(r"(?P<name>\w+)\s*(\([^)]*\))?:\s*(?P<words>.*)")


@dataclass(frozen=True)
class Docstring:
    description: str
    """Paragraphs with a blank line between them, each on one line; "" when there is none."""
    parameters: dict[str, str]
    """Parameter -> its description."""


def read_docstring(text: str) -> Docstring:
    """Never fails: what is not understood is left out."""
    lines = inspect.cleandoc(text).splitlines()
    headings = [index for index, line in enumerate(lines) if _SECTION.match(line)]
    description = lines[: headings[0]] if headings else lines
    return Docstring(_paragraphs(description), dict(_entries(_arguments_block(lines))))


def _paragraphs(lines: Iterable[str]) -> str:
    blocks = "\n".join(line.strip() for line in lines).strip().split("\n\n")
    return "\n\n".join(" ".join(block.split()) for block in blocks if block.strip())


def _arguments_block(lines: list[str]) -> list[str]:
    """The lines under `Args:`, up to the next line that is not indented."""
    start = next((index + 1 for index, line in enumerate(lines) if _ARGUMENTS.match(line)), len(lines))
    end = next((index for index in range(start, len(lines)) if re.match(r"\S", lines[index])), len(lines))
    return [line for line in lines[start:end] if line.strip()]


def _entries(block: list[str]) -> Iterator[tuple[str, str]]:
    margin = min((_indent(line) for line in block), default=0)
    name, words = "", ""
    for line in block:
        entry = _ENTRY.match(line.strip()) if _indent(line) == margin else None
        if entry is None:
            words += " " + line.strip()
            continue
        if name:
            yield name, words
        name, words = entry["name"], entry["words"]
    if name:
        yield name, words.strip()


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
