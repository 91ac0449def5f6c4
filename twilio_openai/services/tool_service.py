"""Runs what the model asked for, and always comes back with something that the model can be told.

1. Every outcome is a `ToolResult`: unknown tool, broken arguments, an exception and a missed deadline included.
2. What the model is told of a failure says what to do now, and holds nothing of the inside; the log holds the rest.
3. A call never waits for a tool past its deadline, and the server never waits for one to stop: a tool that ignores
   its cancellation, or blocks in its thread, is left behind.
"""

import asyncio
import contextvars
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from pydantic_core import from_json

from twilio_openai.logs import get_logger
from twilio_openai.tools import CallContext, Toolbox, ToolError
from twilio_openai.tools.outcomes import as_error, as_output
from twilio_openai.tools.tool import AnyTool

log = get_logger(__name__)


@dataclass(frozen=True)
class ToolResult:
    name: str
    arguments: dict[str, Any] | None
    """As the model sent them; None when they are not a JSON object."""
    output: str
    """For `function_call_output`, not to be encoded again; of a failure `{"error": "…"}`."""
    value: object
    """What the tool returned: `EndCall` and `TransferCall` are acted on by the call. None after a failure."""
    duration_ms: float
    failed: bool


@dataclass
class _Outcome:
    value: object = None
    output: str = ""
    error: BaseException | None = None

    def settle(self, value: object) -> None:
        self.output = as_output(value)
        self.value = value


async def run_tool(toolbox: Toolbox, name: str, arguments_json: str, context: CallContext) -> ToolResult:
    """Run one function call of the model. Raises nothing but CancelledError."""
    started_s = perf_counter()
    arguments_json = arguments_json.strip() or "{}"  # what models send when a tool takes no arguments
    arguments = _as_object(arguments_json)
    outcome = await _outcome(toolbox, name, arguments_json if arguments is not None else None, context)
    duration_ms = (perf_counter() - started_s) * 1000
    if outcome.error is None:
        return ToolResult(name, arguments, outcome.output, outcome.value, duration_ms, failed=False)
    return ToolResult(name, arguments, _told(name, outcome.error), None, duration_ms, failed=True)


def _as_object(arguments_json: str) -> dict[str, Any] | None:
    with suppress(ValueError):
        parsed = from_json(arguments_json.encode())  # half a surrogate pair is a ValueError here
        return parsed if isinstance(parsed, dict) else None
    return None


async def _outcome(toolbox: Toolbox, name: str, arguments_json: str | None, context: CallContext) -> _Outcome:
    try:
        tool = toolbox[name]
        if arguments_json is None:
            raise ToolError(f"The arguments of {name} are not a JSON object. Call it again with a complete object.")
        return await _by_deadline(tool, _run(tool, arguments_json, context))
    except ToolError as error:
        return _Outcome(error=error)


async def _by_deadline(tool: AnyTool, run: Coroutine[Any, Any, _Outcome]) -> _Outcome:
    """Unlike `asyncio.timeout`, this does not wait for a tool that will not be cancelled."""
    task = asyncio.create_task(run)
    try:
        done, _ = await asyncio.wait({task}, timeout=tool.timeout_s)
    finally:
        task.cancel()
    if not done:
        raise ToolError(
            f"{tool.name} has not answered within {tool.timeout_s:g} s, and may or may not have done its work. "
            "Tell the caller that it takes too long; do not make up a result."
        )
    if task.cancelled():  # by the tool itself: nobody else could
        raise ToolError(f"{tool.name} was broken off. Tell the caller that it did not work.")
    return task.result()


async def _run(tool: AnyTool, arguments_json: str, context: CallContext) -> _Outcome:
    if not tool.is_async:
        return await _run_in_thread(tool, arguments_json, context)
    with _caught() as outcome:
        outcome.settle(await tool.function(**_bound(tool, arguments_json, context)))
    return outcome


async def _run_in_thread(tool: AnyTool, arguments_json: str, context: CallContext) -> _Outcome:
    """A daemon thread of its own: one that hangs in a pool takes a place there and keeps the server from ending."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[_Outcome] = loop.create_future()

    def work() -> None:
        with _caught() as outcome:
            outcome.settle(tool.function(**_bound(tool, arguments_json, context)))
        with suppress(RuntimeError):  # the loop has ended meanwhile, and nobody waits
            loop.call_soon_threadsafe(_hand_over, answer, outcome)

    run_in_context = contextvars.copy_context().run
    threading.Thread(target=run_in_context, args=(work,), name=f"tool {tool.name}", daemon=True).start()
    return await answer


def _hand_over(answer: asyncio.Future[_Outcome], outcome: _Outcome) -> None:
    if not answer.done():
        answer.set_result(outcome)


def _bound(tool: AnyTool, arguments_json: str, context: CallContext) -> dict[str, object]:
    try:
        arguments = tool.signature.bind(arguments_json, context)
    except ToolError as error:
        raise ToolError(f"The arguments of {tool.name} are wrong: {error}. Correct them and call it again.") from None
    missing = [words for words in tool.required(arguments) if not context.was_heard(words)]
    if missing:
        unheard = ", ".join(missing)
        raise ToolError(f"The caller has not heard this yet: {unheard}. Say it, then call {tool.name} again.")
    return arguments


@contextmanager
def _caught() -> Iterator[_Outcome]:
    """The one place that takes whatever a tool's author let happen, `sys.exit()` included: the call must go on."""
    outcome = _Outcome()
    try:
        yield outcome
    except (Exception, SystemExit) as error:  # noqa: BLE001 - any failure of foreign code is an outcome here
        outcome.error = error


def _told(name: str, error: BaseException) -> str:
    if isinstance(error, ToolError):
        log.warning("tool.failed", name=name, reason=str(error), cause=_cause(error))
        words = str(error)
    else:
        log.warning("tool.failed", name=name, reason="exception", exc_info=error)
        words = f"{name} did not work. Tell the caller so, and do not make up a result."
    return as_error(words)


def _cause(error: BaseException) -> str | None:
    return None if error.__cause__ is None else " ".join(str(error.__cause__).split())
