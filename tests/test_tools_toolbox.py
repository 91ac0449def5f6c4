"""Tools from a user's file and the built-in ones; every mistake in that file is one line with its place."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from twilio_openai.tools import AnyTool, Toolbox, ToolDefinitionError, ToolError, standard_toolbox, tool
from twilio_openai.tools.end_call import end_call

AGENT = Path(__file__).parent.parent / "agent"

GOOD = '''
from twilio_openai.tools import tool

@tool
def first(word: str) -> str:
    """Say it first."""
    return word

@tool(timeout_s=2)
async def second() -> str:
    """Say it second."""
    return "second"

also_first = first
helper = len
'''


def written(folder: Path, text: str, name: str = "tools.py") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(autouse=True)
def import_path(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Loading a file adds its folder to the import path; here only for the one test."""
    import sys

    monkeypatch.setattr(sys, "path", list(sys.path))
    yield
    sys.modules.pop("beside_the_tools", None)


def test_a_file_of_tools(tmp_path: Path) -> None:
    toolbox = Toolbox.load(written(tmp_path, GOOD))
    assert toolbox.names == ("first", "second")
    assert [schema["name"] for schema in toolbox.schemas()] == ["first", "second"]
    assert toolbox["second"].timeout_s == 2


def test_a_file_may_import_its_neighbour(tmp_path: Path) -> None:
    written(tmp_path, "GREETING = 'hello'", "beside_the_tools.py")
    toolbox = Toolbox.load(written(tmp_path, "from beside_the_tools import GREETING\n" + GOOD))
    assert len(toolbox) == 2


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("import tomllib\nimport no_such_library\n", 2, "ModuleNotFoundError: No module named 'no_such_library'"),
        ("a = 1\nb = = 2\n", 2, "SyntaxError: invalid syntax"),
        ("\n\n1 / 0\n", 3, "ZeroDivisionError: division by zero"),
        ("import sys\nsys.exit('no\\nkey')\n", 2, "SystemExit: no key"),
        (GOOD + "\n@tool\ndef third(x):\n    'Say.'\n", 17, "tool third: x has no type; write e.g. `x: str`"),
        (GOOD + "\n@tool\ndef second() -> None:\n    'Say.'\n", 17, "tool second: this name is already in use"),
    ],
)
def test_a_broken_file_is_one_line_with_its_place(tmp_path: Path, text: str, line: int, problem: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ToolDefinitionError) as refused:
        Toolbox.load(path)
    assert str(refused.value).startswith(f"{path}, line {line}: {problem}")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("tools.py", "def first() -> None: ...", "no tool in this file; put @tool above a function"),
        ("tools.txt", GOOD, "not a Python file; its name must end in .py"),
    ],
)
def test_a_file_without_tools(tmp_path: Path, name: str, text: str, problem: str) -> None:
    path = written(tmp_path, text, name)
    with pytest.raises(ToolDefinitionError) as refused:
        Toolbox.load(path)
    assert str(refused.value) == f"{path}: {problem}"


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ToolDefinitionError, match=r"tools\.py: there is no such file"):
        Toolbox.load(tmp_path / "tools.py")


def test_a_file_can_be_loaded_again(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD)
    assert Toolbox.load(path).names == Toolbox.load(path).names


def test_names_are_used_once() -> None:
    def named_end_call() -> AnyTool:
        @tool
        def end_call() -> None:
            """End it."""

        return end_call

    with pytest.raises(ToolDefinitionError, match="tool end_call: this name is used 2 times"):
        Toolbox([end_call, named_end_call()])


def test_only_tools_go_in() -> None:
    with pytest.raises(ToolDefinitionError, match="<built-in function len> is not a tool; put @tool above"):
        Toolbox([len])  # type: ignore[list-item]


def test_an_unknown_tool_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ToolError, match=r"There is no tool 'hang_up'\. The tools are: end_call\."):
        Toolbox([end_call])["hang_up"]


def test_the_built_in_tools() -> None:
    assert standard_toolbox().names == ("check_availability", "end_call")
    assert standard_toolbox(transfer_number="").names == ("check_availability", "end_call")
    toolbox = standard_toolbox(transfer_number="+15550100")
    assert toolbox.names == ("check_availability", "end_call", "transfer_call")
    assert "+15550100" not in str(toolbox.schemas())
    required = {schema["name"]: schema["parameters"]["required"] for schema in toolbox.schemas()}
    assert required == {
        "check_availability": ["date", "time"],
        "end_call": ["reason"],
        "transfer_call": ["reason"],
    }


def test_a_tool_of_the_users_takes_the_place_of_a_built_in(tmp_path: Path) -> None:
    own = written(tmp_path, GOOD.replace("first", "end_call"))
    toolbox = standard_toolbox(tools_file=own)
    assert toolbox.names == ("check_availability", "end_call", "second")
    assert toolbox["end_call"].description == "Say it end_call."


def test_the_example_agent() -> None:
    toolbox = standard_toolbox(tools_file=AGENT / "tools.py", calendar_file=AGENT / "calendar.toml")
    assert toolbox.names == ("check_availability", "end_call", "price", "place_order")
    assert toolbox["price"](["bagel", "bagel", "bagel", "soda"]) == "$9.05"
    prompt = (AGENT / "prompt.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in prompt for name in toolbox.names)
