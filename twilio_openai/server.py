"""What one server process holds: its settings, the tools, who is on the line, and the services that calls share."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .config import Settings
from .errors import ConfigError
from .logs import get_logger
from .metrics import Metrics
from .phrases import Phrases, phrases
from .services import openai_service
from .services.alignment_service import AlignmentService
from .services.door import Door
from .services.predial import Predial
from .services.store_service import open_store
from .services.twilio_service import TwilioRefused, TwilioRest
from .store import CallStore, StoreWriter
from .switchboard import Place, Switchboard
from .tools import Toolbox, ToolDefinitionError, standard_toolbox

if TYPE_CHECKING:
    from .call import Call

QUESTION_WAIT_S = 2.0
"""How long Twilio has to ask what comes after a stream that we closed, before the call is ended by REST."""

LAG_EVERY_S = 0.25
PROGRESS_S = 0.55
"""With what the writer adds, the store is never more than a second behind what was heard."""

FLUSH_S = 5.0

log = get_logger(__name__)


def now_ms() -> float:
    """The one clock of arrival times: monotonic milliseconds."""
    return time.monotonic() * 1000


def load_tools(settings: Settings) -> Toolbox:
    """The agent's tools.

    Raises:
        ConfigError: the file of TOOLS or CALENDAR_FILE cannot be used.
    """
    try:
        return standard_toolbox(
            tools_file=settings.tools, calendar_file=settings.calendar_file, transfer_number=settings.transfer_number
        )
    except ToolDefinitionError as error:
        raise ConfigError(f"TOOLS or CALENDAR_FILE is wrong: {error}") from None


@dataclass
class Server:
    """One process. Made by `create_app`; `close` belongs to its shutdown."""

    settings: Settings
    toolbox: Toolbox
    door: Door = field(init=False)
    switchboard: Switchboard = field(init=False)
    predial: Predial = field(init=False)
    rest: TwilioRest = field(init=False)
    metrics: Metrics = field(default_factory=Metrics)
    alignment: AlignmentService = field(default_factory=AlignmentService)
    store: CallStore = field(init=False)
    writer: StoreWriter = field(init=False)
    calls: set["Call"] = field(default_factory=set)
    draining: bool = False
    closing: bool = False
    listeners: list[Callable[[str, dict[str, Any]], None]] = field(default_factory=list)
    _errands: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.door = Door(self.settings)
        self.switchboard = Switchboard(self.settings.twilio_auth_token, self.settings.max_calls)
        self.rest = TwilioRest(self.settings)
        self.store = open_store(self.settings.database_url)
        self.writer = StoreWriter(self.store)
        self.metrics.store_lag.set_function(lambda: self.writer.lag_s)
        self.metrics.store_queued.set_function(lambda: self.writer.queued)
        self.predial = Predial(
            lambda: openai_service.open_once(self.settings, self.toolbox.schemas()), self.settings.predial_seconds
        )

    @property
    def phrases(self) -> Phrases:
        """What the server itself says, in the agent's language."""
        return phrases(self.settings.language)

    @property
    def ready(self) -> bool:
        """Whether a new call would be taken."""
        return not self.draining and not self.switchboard.is_full(time.time())

    def tell(self, event: str, fields: dict[str, Any], level: str = "info") -> None:
        """Something happened in a call: into the log, and to whoever listens."""
        getattr(log, level)(event, **fields)
        for listener in self.listeners:
            listener(event, fields)

    def errand(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something that outlives the call it belongs to."""
        task = asyncio.create_task(work)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)

    async def store_progress(self) -> None:
        """Once a second, for as long as the server runs: what has been heard by now of what is playing."""
        while True:
            calls = list(self.calls)
            for call in calls:  # one after the other, so that they hold up no frame
                call.store_progress()
                await asyncio.sleep(PROGRESS_S / len(calls))
            if not calls:
                await asyncio.sleep(PROGRESS_S)

    async def watch_loop(self) -> None:
        """Measure how late the event loop is, for as long as the server runs."""
        while True:
            due_s = time.monotonic() + LAG_EVERY_S
            await asyncio.sleep(LAG_EVERY_S)
            self.metrics.loop_lag.observe(max(0.0, time.monotonic() - due_s))

    async def hang_up_if_not_asked(self, place: Place) -> None:
        """We closed the stream, so Twilio asks what is next. If it does not, end the call by REST."""
        await asyncio.sleep(QUESTION_WAIT_S)
        if place.asked:
            return
        try:
            await self.rest.update_call(place.call_sid, status="completed")
        except TwilioRefused as error:
            log.info("call.already_over", call_sid=place.call_sid, reason=str(error))

    async def drain(self) -> None:
        """Take no new calls, and wait for those that are up to end, for `DRAIN_SECONDS` at the most."""
        self.draining = True
        log.info("server.draining", calls=len(self.calls), seconds=self.settings.drain_seconds)
        over = [asyncio.create_task(call.over.wait()) for call in self.calls]
        if over:
            await asyncio.wait(over, timeout=self.settings.drain_seconds)

    async def close(self) -> None:
        """End every call and wait for its record. Does nothing twice."""
        if self.closing:
            return
        self.draining = self.closing = True
        self.predial.close()
        for call in set(self.calls):
            call.end("shutdown")
        await asyncio.gather(*(call.over.wait() for call in set(self.calls)))
        for errand in self._errands:
            errand.cancel()
        await self.alignment.close()
        await self.writer.flush(FLUSH_S)
        await self.writer.close()
        with suppress(TimeoutError):  # a disk may hang for good
            await asyncio.wait_for(self.store.close(), FLUSH_S)
