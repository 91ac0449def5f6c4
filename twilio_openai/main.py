"""The application: every route, and nothing else. `Server` holds what they share, `call.py` tells the story of a
call.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

from fastapi import FastAPI, Request, Response, WebSocket
from fastapi.responses import PlainTextResponse

from .call import handle_call
from .config import Settings, from_env
from .logs import configure, get_logger
from .public_url import websocket_origin
from .server import Server, load_tools
from .services import twiml
from .services.door import Form, SignatureRefused
from .services.fast_server import take_over
from .services.transport import asgi_transport
from .switchboard import Next, Place

log = get_logger(__name__)


def create_app(settings: Settings, *, transport: Literal["fast", "plain"] = "plain") -> FastAPI:
    """The ASGI application. `transport` is for the log: "fast" where the server hands its sockets over (`fast_server`).

    Raises:
        ConfigError: a required setting is missing, or a file that one names cannot be used.
    """
    toolbox = load_tools(settings.require_keys())

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.server = server = Server(settings, toolbox)
        server.rest.warm_up()
        await server.alignment.start()
        server.writer.start()
        server.errand(server.watch_loop())
        server.errand(server.store_progress())
        listening = f"{settings.host}:{settings.port}"
        log.info(
            "server.ready",
            listening=listening,
            model=settings.openai_model,
            tools=toolbox.names,
            transport=transport,
            loop=type(asyncio.get_running_loop()).__module__.split(".")[0],
        )
        yield
        await server.close()

    app = FastAPI(title="twilio_openai", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    for path in (twiml.INCOMING_PATH, twiml.INCOMING_PATH + "/"):
        app.add_api_route(path, incoming_call, methods=["GET", "POST"])
    for path in (twiml.ACTION_PATH, twiml.ACTION_PATH + "/"):
        app.add_api_route(path, stream_ended, methods=["GET", "POST"])
    for path in (twiml.STREAM_PATH, twiml.STREAM_PATH + "/"):
        app.add_api_websocket_route(path, media_stream)
    app.add_api_route("/healthz", healthz)
    app.add_api_route("/readyz", readyz)
    app.add_api_route("/metrics", metrics)
    app.add_exception_handler(SignatureRefused, refuse)
    return app


def app_from_env(*, transport: Literal["fast", "plain"] = "plain") -> FastAPI:
    """The application with the environment's settings, for other ASGI servers."""
    settings = from_env()
    configure_log(settings)
    return create_app(settings, transport=transport)


def configure_log(settings: Settings) -> None:
    """The log as the settings want it."""
    configure(
        settings.log_level,
        settings.log_format,
        show_unheard=settings.show_unheard,
        log_transcripts=settings.log_transcripts,
        secrets=settings.secrets,
    )


async def incoming_call(request: Request) -> Response:
    """Twilio rings: answer with the media stream to connect the call to."""
    server: Server = request.app.state.server
    form = await server.door.admit(request)
    caller, called = form.get("From", ""), form.get("To", "")
    place = None if server.draining else server.switchboard.reserve(form["CallSid"], caller, called, time.time())
    if place is None:
        reason = "the server is draining" if server.draining else "MAX_CALLS calls are up"
        log.warning("call.refused", call_sid=form["CallSid"], reason=reason)
        server.metrics.refused.labels("full").inc()
        return _xml(twiml.say_and_hang_up(server.phrases.full, server.phrases))
    place.origin = server.door.origin(request)
    if not place.live:
        server.predial.start(place.call_sid)
    return _xml(_connect(place))


async def stream_ended(request: Request) -> Response:
    """Twilio asks what comes after the stream, or how a transfer went."""
    server: Server = request.app.state.server
    form = await server.door.admit(request)
    if "DialCallStatus" in form:
        return _xml(_after_transfer(form, server))
    following, place = server.switchboard.after_stream(form["CallSid"], form.get("CallStatus", ""), time.time())
    log.info("stream.followed", call_sid=form["CallSid"], next=following.value)
    if following is Next.CONNECT_AGAIN and place is not None:
        place.origin = server.door.origin(request)
        server.predial.start(place.call_sid)
        return _xml(_connect(place))
    if following is Next.APOLOGISE:
        return _xml(twiml.apologise(server.phrases, server.settings.fallback_number))
    return _xml(twiml.hang_up())


async def media_stream(socket: WebSocket) -> None:
    """Twilio's media stream: refused before the upgrade unless Twilio signed it."""
    server: Server = socket.app.state.server
    try:
        server.door.admit_stream(socket)
    except SignatureRefused:
        server.metrics.refused.labels("signature").inc()
        await socket.close(1008)
        return
    await socket.accept()
    await handle_call(take_over(socket.scope) or asgi_transport(socket), server)


async def healthz() -> Response:
    """Whether the process is alive."""
    return PlainTextResponse("ok")


async def readyz(request: Request) -> Response:
    """Whether a new call would be taken."""
    server: Server = request.app.state.server
    return PlainTextResponse("ready") if server.ready else PlainTextResponse("busy", 503)


async def metrics(request: Request) -> Response:
    """Figures for Prometheus."""
    server: Server = request.app.state.server
    return Response(server.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


async def refuse(request: Request, error: Exception) -> Response:
    """A stranger, or a wrong setting; the log says which."""
    server: Server = request.app.state.server
    server.metrics.refused.labels("signature").inc()
    return PlainTextResponse("forbidden", 403)


def _connect(place: Place) -> str:
    parameters = {"token": place.token}
    return twiml.connect(
        websocket_origin(place.origin) + twiml.STREAM_PATH, place.origin + twiml.ACTION_PATH, parameters
    )


def _after_transfer(form: Form, server: Server) -> str:
    outcome = form["DialCallStatus"]
    log.info("transfer.ended", call_sid=form["CallSid"], outcome=outcome)
    if outcome in ("completed", "answered"):
        return twiml.hang_up()
    return twiml.say_and_hang_up(server.phrases.nobody, server.phrases)


def _xml(document: str) -> Response:
    return Response(document, media_type="application/xml")
