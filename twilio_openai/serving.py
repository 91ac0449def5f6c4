"""Runs the application on uvicorn with the operator's settings."""

import asyncio
import signal
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI

from .config import Settings
from .errors import ConfigError
from .main import app_from_env, configure_log, create_app
from .server import Server
from .services.fast_server import FastServerProtocol


def uvicorn_settings(settings: Settings) -> dict[str, Any]:
    """The operator's settings under uvicorn's names. Logs and forwarded headers are our own business."""
    return {
        "host": settings.host,
        "port": settings.port,
        "limit_concurrency": settings.limit_concurrency,
        "backlog": settings.backlog,
        "timeout_keep_alive": settings.timeout_keep_alive,
        "ws": FastServerProtocol,
        "ws_ping_interval": settings.ws_ping_interval,
        "ws_ping_timeout": settings.ws_ping_timeout,
        "ws_max_size": settings.ws_max_size,
        "ws_max_queue": settings.ws_max_queue,
        "ws_per_message_deflate": False,
        "log_config": None,
        "log_level": None,
        "access_log": False,
        "proxy_headers": False,
        "server_header": False,
    }


class _Server(uvicorn.Server):
    """Ends in its own way: the first signal drains while the listener stays open, a second ends the calls at once.

    uvicorn would close its listener and every WebSocket at the first; then no call had its record.
    """

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._signalled)
        yield
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._calls.close()
        await super().shutdown(sockets)

    @property
    def _calls(self) -> Server:
        server: Server = self.config.app.state.server  # type: ignore[union-attr]  # ours is never a string
        return server

    def _signalled(self) -> None:
        if self._draining is None:
            self._draining = asyncio.create_task(self._drain())
        else:
            self.should_exit = True

    _draining: asyncio.Task[None] | None = None

    async def _drain(self) -> None:
        await self._calls.drain()
        self.should_exit = True


def reloaded_app() -> FastAPI:
    """The application anew, each time that a file has changed."""
    return app_from_env(transport="fast")


def run_server(settings: Settings) -> None:
    """Serve until a signal ends it.

    Raises:
        ConfigError: a setting is wrong, or the address cannot be bound.
    """
    configure_log(settings)
    options = uvicorn_settings(settings)
    if settings.reload:
        uvicorn.run("twilio_openai.serving:reloaded_app", factory=True, reload=True, **options)
        return
    with closing(_listen(settings)) as listener:
        _Server(uvicorn.Config(create_app(settings, transport="fast"), **options)).run([listener])


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        reason = error.strerror or str(error)
        raise ConfigError(f"cannot listen on HOST {settings.host}, PORT {settings.port}: {reason}") from None
    return listener
