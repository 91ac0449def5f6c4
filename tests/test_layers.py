"""What may know what: the pure core knows no socket, no clock and no library; and everything stays readable."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import twilio_openai

PACKAGE = Path(twilio_openai.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))

PURE_FOLDERS = ("protocols", "adapters", "alignment")
PURE_FILES = {
    "audio.py",
    "ledger.py",
    "playback.py",
    "transcript.py",
    "switchboard.py",
    "stream_token.py",
    "public_url.py",
    "phrases.py",
    "errors.py",
}
IMPURE = {"asyncio", "time", "socket", "fastapi", "starlette", "websockets", "twilio", "uvicorn", "os", "threading"}
LIBRARIES = {"fastapi", "starlette", "websockets", "twilio"}

EDGES = ("services/", "rehearsal/", "main.py", "serving.py")
"""Who may know the libraries of the outside world: the services, the application, and the stand-ins for both sides."""

PUMP = "protocols/websocket_bridge.py"
"""The one pure module that has a timer and an end to wait for."""

READS_ENVIRONMENT = {"config.py", "logs.py"}  # logs.py: NO_COLOR, which is the terminal's and no setting of ours
SETS_ENVIRONMENT = {"services/alignment_worker.py"}  # for numpy, in a process of its own

MAX_FUNCTION, MAX_FILE = 40, 300
LONG_FUNCTIONS = {"from_model": 45}  # a case for each event of the model's
LONG_FILES = {
    "protocols/openai_realtime.py": 430,
}
"""One vocabulary, and one account: cut in two they would be harder to read. No longer than this."""


def name(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def is_pure(path: Path) -> bool:
    return name(path).split("/")[0] in PURE_FOLDERS or name(path) in PURE_FILES


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(path: Path) -> set[str]:
    """Top-level names of the packages that a module imports from outside of ours."""
    found = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add((node.module or "").split(".")[0])
    return found


def own_imports(path: Path) -> Iterator[str]:
    """Our own modules that a module imports, as paths in the package."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom) and node.level:
            folder = path.parent if node.level == 1 else path.parents[node.level - 1]
            base = folder.joinpath(*(node.module or "").split(".")) if node.module else folder
            for candidate in [base.with_suffix(".py"), *(base / f"{alias.name}.py" for alias in node.names)]:
                if candidate.is_file():
                    yield name(candidate)


def test_every_pure_module_is_there() -> None:
    assert {name(path) for path in MODULES} >= PURE_FILES
    assert len([path for path in MODULES if is_pure(path)]) > 20


@pytest.mark.parametrize("path", [path for path in MODULES if is_pure(path)], ids=name)
def test_a_pure_module_imports_no_clock_no_socket_and_no_library(path: Path) -> None:
    allowed = {"asyncio"} if name(path) == PUMP else set()
    assert imports(path) & IMPURE - allowed == set()


@pytest.mark.parametrize("path", [path for path in MODULES if is_pure(path)], ids=name)
def test_a_pure_module_imports_none_of_ours_that_is_not(path: Path) -> None:
    assert [other for other in own_imports(path) if not is_pure(PACKAGE / other)] == []


def test_the_protocols_stand_on_the_standard_library_alone() -> None:
    allowed = {"json", "dataclasses", "typing", "collections", "enum", "asyncio", "functools", "contextlib"}
    for path in (PACKAGE / "protocols").glob("*.py"):
        assert imports(path) <= allowed, name(path)


def test_the_bridge_knows_neither_side() -> None:
    assert set(own_imports(PACKAGE / PUMP)) == {"protocols/websocket_adapter.py"}
    words = (PACKAGE / PUMP).read_text(encoding="utf-8").lower()
    assert "twilio" not in words
    assert "openai" not in words


def test_only_the_edges_know_the_libraries() -> None:
    knowing = [name(path) for path in MODULES if imports(path) & LIBRARIES]
    assert [path for path in knowing if not path.startswith(EDGES)] == []


def test_only_the_settings_read_the_environment() -> None:
    reading = {name(path) for path in MODULES if "os.environ" in path.read_text() or "getenv" in path.read_text()}
    assert reading <= READS_ENVIRONMENT | SETS_ENVIRONMENT


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_no_function_is_long(path: Path) -> None:
    long = []
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            is_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
            docstring = (first.end_lineno or 0) - first.lineno + 1 if is_docstring else 0
            lines = (node.end_lineno or 0) - node.lineno + 1 - docstring
            if lines > LONG_FUNCTIONS.get(node.name, MAX_FUNCTION):
                long.append((node.name, lines))
    assert long == []


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_no_file_is_long(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONG_FILES.get(name(path), MAX_FILE)


def test_nothing_is_caught_wholesale_in_the_core() -> None:
    catching = []
    for path in filter(is_pure, MODULES):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ExceptHandler):
                caught = node.type.id if isinstance(node.type, ast.Name) else ""
                if node.type is None or caught in ("Exception", "BaseException"):
                    catching.append(name(path))
    assert catching == [PUMP]  # the edge of a call
