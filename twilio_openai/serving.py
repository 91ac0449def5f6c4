"""Runs the application on uvicorn with the operator's settings."""

import socket
from contextlib import suppress
from typing import Any

import uvicorn

from .config import Settings
from .errors import ConfigError
from .main import configure_log, create_app
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
    """Ends the calls in its own way before uvicorn closes their sockets, so that every call has its record."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        server = getattr(getattr(self.config.app, "state", None), "server", None)
        if server is not None:
            await server.close()
        await super().shutdown(sockets)


def run_server(settings: Settings) -> None:
    """Serve until a signal ends it.

    Raises:
        ConfigError: a setting is wrong, or the address cannot be bound.
    """
    configure_log(settings)
    options = uvicorn_settings(settings)
    if settings.reload:
        uvicorn.run("twilio_openai.main:app_from_env", factory=True, reload=True, **options)
        return
    server = _Server(uvicorn.Config(create_app(settings), **options))
    with suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        raise ConfigError(f"cannot listen on {settings.host}:{settings.port}: is HOST and PORT free?")
