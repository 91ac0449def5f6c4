"""The story of a call, from the open socket to its record. Read `handle_call`, then `Call.run`, top to bottom."""

import asyncio
import time
from collections.abc import Coroutine
from dataclasses import asdict, replace
from typing import Any

from .adapters import TwilioOpenAIAdapter
from .adapters.actions import CountWords, Ended, Note, Publish, Redial, RunTool, Transfer
from .call_keeper import CallKeeper
from .errors import CallerProtocolError, ModelRefused, ModelUnavailable
from .logs import get_logger
from .protocols.twilio_media import Start
from .protocols.websocket_adapter import Action, Side
from .protocols.websocket_bridge import WebSocketBridge
from .redaction import mask_number
from .server import Server, now_ms
from .services import openai_service, twiml
from .services.tool_service import run_tool
from .services.trace_file import TraceFile
from .services.transport import ParkedTransport
from .services.twilio_service import TwilioRefused, read_start
from .switchboard import Place
from .tools import CallContext, EndCall, TransferCall
from .trace import traced
from .transcript import WordCount

CLOSE_WAIT_S = 5.0
"""How long a refused socket has for its closing handshake."""

COUNT_WAIT_S = 1.5
"""How long the record waits for words that are still being counted."""

log = get_logger(__name__)


async def handle_call(caller: ParkedTransport, server: Server) -> None:
    """One media stream that Twilio signed: let it in with its call's token, then be with the call until it is over."""
    try:
        start = await read_start(caller, server.settings.twilio_account_sid)
        place = server.switchboard.connect(start.call_sid, start.parameters.get("token", ""), time.time())
        if place is None:
            server.predial.drop(start.call_sid)
            raise CallerProtocolError("the stream brought no token of this call's, an old one, or one that was used")
    except CallerProtocolError as error:
        log.warning("stream.refused", reason=str(error))
        server.metrics.refused.labels("stream").inc()
        closed = asyncio.Event()
        caller.start(lambda _message: None, lambda _code, _reason: closed.set())
        caller.close(error.close_code, "refused")
        await asyncio.wait(
            [asyncio.create_task(closed.wait())], timeout=CLOSE_WAIT_S
        )  # the route's end would cut it off
        return
    await Call(start, place, server).run(caller)


class Call:
    """One call on one media stream."""

    def __init__(self, start: Start, place: Place, server: Server) -> None:
        self._server = server
        self._place = place
        self._began_ms = now_ms()
        self._over_ms: float | None = None
        self._sids = {"call_sid": start.call_sid, "stream_sid": start.stream_sid}
        self._context = CallContext(
            call_sid=start.call_sid,
            caller=place.caller,
            called=place.called,
            language=server.settings.language or "en",
        )
        self._manner = openai_service.manner(server.settings)
        self._adapter = TwilioOpenAIAdapter(start.stream_sid, self._manner, self._began_ms)
        self._keeper = CallKeeper(start.call_sid, self._adapter.conversation, server.writer)
        self._trace = TraceFile.open(server.settings.call_trace_dir, **self._sids)
        if self._trace:
            head = {**self._sids, "began_ms": self._began_ms, "manner": asdict(self._manner)}
            self._adapter = traced(self._adapter, head, self._trace.write, audio=server.settings.call_trace_audio)
        self._bridge = WebSocketBridge(self._adapter, self._perform, now_ms)
        self._errands: set[asyncio.Task[None]] = set()
        self._counts: set[asyncio.Task[None]] = set()
        self.over = asyncio.Event()

    async def run(self, caller: ParkedTransport) -> None:
        """Answer, call the model, bridge the two until the call is over, report."""
        self._server.calls.add(self)
        self._server.metrics.active.inc()
        place = self._place
        self._tell("call.started", from_=mask_number(place.caller), to=mask_number(place.called))
        self._keeper.started(self._server.settings.twilio_account_sid, place.caller, place.called)
        try:
            self._bridge.attach(Side.SOURCE, caller)
            self._errand(self._call_model())
            await self._bridge.run()
            await self._finish_errands()
        finally:
            self._report()
            self._server.metrics.active.dec()
            self._server.calls.discard(self)
            self.over.set()

    def store_progress(self) -> None:
        """Let the store know what has been heard by now of what is playing."""
        self._keeper.progress(now_ms())

    def end(self, ended_by: str) -> None:
        """End the call from outside."""
        self._bridge.act(self._adapter.end(ended_by, now_ms()))

    # -- the model

    async def _call_model(self) -> None:
        """Open the session while the caller's audio is kept; without one the caller hears an apology from Twilio."""
        try:
            model = await self._server.predial.take(self._context.call_sid) or await openai_service.open_session(
                self._server.settings, self._server.toolbox.schemas()
            )
        except ModelUnavailable as error:
            event = "model.refused" if isinstance(error, ModelRefused) else "model.away"
            log.error(event, **self._sids, reason=str(error))
            self.end("model_away")
        else:
            if self._counts:  # a new session must know which words of a cut answer were heard
                await asyncio.wait(self._counts, timeout=COUNT_WAIT_S)
            if self._adapter.ended_by:
                model.close(1000, "the call is over")
            else:
                self._bridge.attach(Side.TARGET, model)

    # -- what the adapter wants done

    def _perform(self, action: Action) -> None:
        match action:
            case Publish(turn):
                self._tell("transcript.turn", **turn.record())
                self._keeper.said(turn)
            case Note():
                self._note(action)
            case RunTool():
                self._errand(self._run_tool(action))
            case CountWords():
                self._counts.add(self._errand(self._count_words(action)))
            case Ended(ended_by):
                self._ended(ended_by)
            case Transfer(number):
                self._errand(self._transfer(number))
            case Redial():
                self._errand(self._call_model())

    def _tell(self, event: str, **fields: Any) -> None:
        self._server.tell(event, self._sids | fields)

    def _note(self, note: Note) -> None:
        if note.event == "barge_in":
            self._server.metrics.barge_ins.inc()
        self._server.tell(note.event, self._sids | note.fields, note.level)

    def _ended(self, ended_by: str) -> None:
        """The call is over: Twilio will ask what is next, and must find the answer before the socket is closed."""
        self._over_ms = now_ms()
        self._server.switchboard.end(self._place, ended_by, time.time())
        if ended_by != "caller":
            self._server.errand(self._server.hang_up_if_not_asked(self._place))

    async def _run_tool(self, wanted: RunTool) -> None:
        if self._counts:  # a tool may ask what was heard of the answer that has just been cut
            await asyncio.wait(self._counts, timeout=COUNT_WAIT_S)
        heard = tuple(self._adapter.conversation.transcript.heard())
        context = replace(self._context, heard=heard)
        result = await run_tool(self._server.toolbox, wanted.name, wanted.arguments, context)
        fields = {"name": result.name, "arguments": result.arguments, "result": result.output}
        self._tell("tool.result", **fields, duration_ms=round(result.duration_ms, 1))
        match result.value:
            case EndCall(reason):
                actions = self._adapter.end_asked(wanted.call_id, result.output, reason, None, now_ms())
            case TransferCall(reason, number):
                actions = self._adapter.end_asked(wanted.call_id, result.output, reason, number, now_ms())
            case _:
                actions = self._adapter.tool_done(wanted.call_id, result.output, now_ms())
        self._bridge.act(actions)

    async def _count_words(self, cut: CountWords) -> None:
        alignment = await self._server.alignment.align(cut, self._server.settings.language or "en")
        count = WordCount(
            alignment.heard(cut.heard_ms), round(alignment.confidence, 2), alignment.method, alignment.ends_ms
        )
        self._bridge.act(self._adapter.words_counted(cut.item_id, count))

    async def _transfer(self, number: str) -> None:
        """Put the caller through. Twilio ends the stream itself then, so we note it first."""
        origin = self._server.door.settings.origin or self._place.origin
        document = twiml.transfer(number, f"{origin}{twiml.ACTION_PATH}")
        self._place.ended_by = "transferred"
        try:
            await self._server.rest.update_call(self._context.call_sid, twiml=document)
        except TwilioRefused as error:
            self._place.ended_by = None
            log.warning("transfer.failed", **self._sids, reason=str(error))
            self._bridge.act(self._adapter.transfer_failed(str(error), now_ms()))
        else:
            self.end("transferred")

    # -- the end

    def _errand(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._errands.add(task)
        task.add_done_callback(self._errand_done)
        return task

    def _errand_done(self, task: asyncio.Task[None]) -> None:
        """An errand never fails but by an error of ours: then the caller hears an apology, not silence."""
        self._errands.discard(task)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, Exception):
            self._bridge.act(self._adapter.error(Side.TARGET, error, now_ms()))

    async def _finish_errands(self) -> None:
        """Words that are being counted belong into the record; nothing else has anyone to answer to."""
        if self._counts:
            await asyncio.wait(self._counts, timeout=COUNT_WAIT_S)
        for errand in self._errands:
            errand.cancel()

    def _report(self) -> None:
        """The call's record, once."""
        ended_by = self._adapter.ended_by or "error"
        duration_ms = int((self._over_ms or now_ms()) - self._began_ms)
        turns = [turn.record() for turn in self._adapter.conversation.transcript.turns()]
        stream = self._adapter.stream_record()
        stream["dropped"] += self._bridge.dropped
        latency = self._adapter.conversation.caller.latencies.record()
        record = {
            "turns": turns,
            "duration_ms": duration_ms,
            "ended_by": ended_by,
            "stream": stream,
            "latency": latency,
        }
        self._tell("call.transcript", **record)
        self._keeper.ended(ended_by, duration_ms, {"stream": stream, "latency": latency})
        self._measure(ended_by, duration_ms)
        if self._trace:
            self._trace.close(turns)

    def _measure(self, ended_by: str, duration_ms: int) -> None:
        metrics, latencies = self._server.metrics, self._adapter.conversation.caller.latencies
        metrics.calls.labels(ended_by).inc()
        metrics.duration.observe(duration_ms / 1000)
        for wait_ms in latencies.answers:
            metrics.answer.observe(wait_ms / 1000)
        for wait_ms in latencies.barge_ins:
            metrics.barge_in.observe(wait_ms / 1000)
