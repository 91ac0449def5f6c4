"""The documents and the source as data: pages, tables, blocks; events, names, keys. For `test_docs.py`."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "twilio_openai"
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
PAGE_NAMES = [str(page.relative_to(ROOT)) for page in PAGES]


@cache
def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def page(name: str) -> str:
    return text_of(ROOT / name)


def blocks(text: str, language: str) -> list[str]:
    """The fenced blocks of one language, without their indentation in a list."""
    return re.findall(rf"^ *```{language}\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)


def without_blocks(text: str) -> str:
    return re.sub(r"^ *```.*?^ *```$", "", text, flags=re.MULTILINE | re.DOTALL)


def rows(text: str) -> Iterator[list[str]]:
    """The cells of every table row."""
    for line in without_blocks(text).splitlines():
        if line.startswith("|"):
            yield [cell.strip().replace(r"\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def code_words(cell: str) -> set[str]:
    return set(re.findall(r"`([^`]+)`", cell))


def anchors(page_path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", without_blocks(text_of(page_path)), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


# -- the source


@cache
def modules() -> dict[Path, ast.Module]:
    return {path: ast.parse(text_of(path)) for path in sorted(PACKAGE.rglob("*.py"))}


@cache
def emitted() -> dict[str, set[str]]:
    """Every event of the source, with the fields that stand beside it there."""
    events: dict[str, set[str]] = {}
    for path, tree in modules().items():
        if "rehearsal" not in path.parts:
            for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args):
                for event in _events(call, tree):
                    events.setdefault(event, set()).update(_fields(call))
    return events


def _events(call: ast.Call, tree: ast.Module) -> list[str]:
    """The names of the events that a call of a logger, of `tell` or of `Note` may emit."""
    func, first = call.func, call.args[0]
    if isinstance(func, ast.Name):
        return _strings(first) if func.id == "Note" else []
    if not isinstance(func, ast.Attribute):
        return []
    logs = isinstance(func.value, ast.Name) and func.value.id in ("log", "_strays")
    if not logs and func.attr not in ("tell", "_tell"):
        return []
    if isinstance(first, ast.Name):
        assigned = [node.value for node in ast.walk(tree) if isinstance(node, ast.Assign) and _names(node, first.id)]
        return [event for value in assigned for event in _strings(value)]
    return _strings(first)


def _names(node: ast.Assign, name: str) -> bool:
    return any(isinstance(target, ast.Name) and target.id == name for target in node.targets)


def _strings(node: ast.expr) -> list[str]:
    if isinstance(node, ast.IfExp):
        return _strings(node.body) + _strings(node.orelse)
    return [node.value] if isinstance(node, ast.Constant) and isinstance(node.value, str) else []


def _fields(call: ast.Call) -> set[str]:
    named = {keyword.arg.rstrip("_") for keyword in call.keywords if keyword.arg}
    values = [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg == "fields")]
    written = [key for value in values if isinstance(value, ast.Dict) for key in value.keys if key is not None]
    return (named | {text for key in written for text in _strings(key)}) - {"exc_info", "fields"}


def keys_of(module: str, function: str) -> set[str]:
    """The keys of all dictionaries that are written out in a function."""
    tree = modules()[PACKAGE / module]
    [found] = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == function]
    dicts = [node for node in ast.walk(found) if isinstance(node, ast.Dict)]
    return {text for each in dicts for key in each.keys if key is not None for text in _strings(key)}


@cache
def names() -> set[str]:
    """Every class and function of the package, methods also as `Class.method`."""
    found: set[str] = set()
    for tree in modules().values():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                found.add(node.name)
            if isinstance(node, ast.ClassDef):
                members = [each for each in node.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
                found |= {f"{node.name}.{member.name}" for member in members}
    return found
