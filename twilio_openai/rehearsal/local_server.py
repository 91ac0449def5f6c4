"""The real server on a free port of 127.0.0.1, in this process, for the time of a rehearsal."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import uvicorn
from fastapi import FastAPI

from twilio_openai.config import Settings
from twilio_openai.main import create_app
from twilio_openai.server import Server
from twilio_openai.serving import uvicorn_settings


@dataclass(frozen=True)
class LocalServer:
    """Where it listens, and what it holds."""

    url: str
    app: FastAPI

    @property
    def server(self) -> Server:
        server: Server = self.app.state.server
        return server


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[LocalServer]:
    """Run the server until the block ends; every call has its record by then."""
    app = create_app(settings)
    options = uvicorn_settings(settings) | {"host": "127.0.0.1", "port": 0}
    process = uvicorn.Server(uvicorn.Config(app, **options))
    running = asyncio.create_task(process.serve())
    while not process.started and not running.done():  # noqa: ASYNC110  uvicorn tells nobody when it has started
        await asyncio.sleep(0.01)
    port = process.servers[0].sockets[0].getsockname()[1]
    try:
        yield LocalServer(f"http://127.0.0.1:{port}", app)
    finally:
        await app.state.server.close()
        process.should_exit = True
        await running
