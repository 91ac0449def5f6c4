#!/usr/bin/env python3
"""A tunnel that behaves as ngrok's does, for machines that cannot reach ngrok.

`ngrok http server:5001 [--url HOST]` has a public side on port 8080, which answers to one host name only (a random one
unless `--url` names it), and a local API on port 4040, where `/api/tunnels` tells that name. It hands on requests and
WebSockets with X-Forwarded-For, -Proto and -Host, whatever the caller claimed. The public side speaks plain HTTP and
says https: the certificate is the one thing that it does not have.
"""

import argparse
import asyncio
import contextlib
import json
import os
import secrets
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

PUBLIC_PORT = 8080
API_PORT = 4040
CHUNK_BYTES = 65536
REPLACED = ("x-forwarded-", "connection")

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True)
class Tunnel:
    """One public host name and the server behind it."""

    host: str
    server: str
    server_port: int

    def listing(self) -> str:
        """What ngrok's `/api/tunnels` answers, as JSON."""
        config = {"addr": f"http://{self.server}:{self.server_port}"}
        tunnel = {"name": "command_line", "public_url": f"https://{self.host}", "proto": "https", "config": config}
        return json.dumps({"tunnels": [tunnel], "uri": "/api/tunnels"})


@dataclass(frozen=True)
class Head:
    """The request line of an HTTP message and its header fields, in order."""

    request: str
    fields: list[tuple[str, str]]

    @classmethod
    def parse(cls, raw: bytes) -> "Head":
        request, *lines = raw.decode("latin-1").rstrip("\r\n").split("\r\n")
        pairs = (line.partition(":") for line in lines)
        return cls(request, [(name.strip(), value.strip()) for name, _, value in pairs])

    def value(self, name: str) -> str:
        """The first field of that name, or `""`."""
        return next((value for field, value in self.fields if field.lower() == name), "")

    def forwarded(self, peer: str, host: str) -> bytes:
        """The head as the server gets it. All but a WebSocket ends with its answer, so that no body has to be read."""
        kept = [(name, value) for name, value in self.fields if not name.lower().startswith(REPLACED)]
        connection = "Upgrade" if self.value("upgrade") else "close"
        added = [("X-Forwarded-For", peer), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", host)]
        fields = [*kept, ("Connection", connection), *added]
        return "\r\n".join([self.request, *(f"{name}: {value}" for name, value in fields), "", ""]).encode("latin-1")


def answer(status: str, body: str, kind: str = "text/plain") -> bytes:
    """A whole HTTP answer, after which the connection is closed."""
    fields = f"Content-Type: {kind}\r\nContent-Length: {len(body.encode())}\r\nConnection: close"
    return f"HTTP/1.1 {status}\r\n{fields}\r\n\r\n{body}".encode()


async def pour(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    """Hands on bytes until `source` ends, then closes `sink`."""
    with contextlib.suppress(ConnectionError):
        while chunk := await source.read(CHUNK_BYTES):
            sink.write(chunk)
            await sink.drain()
    sink.close()


def public_side(tunnel: Tunnel) -> Handler:
    """Carries each connection that names the tunnel's host to the server."""

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = Head.parse(await reader.readuntil(b"\r\n\r\n"))
        if head.value("host") != tunnel.host:
            writer.write(answer("404 Not Found", f"no tunnel to {head.value('host')}"))
            return
        try:
            from_server, to_server = await asyncio.open_connection(tunnel.server, tunnel.server_port)
        except OSError as error:
            writer.write(answer("502 Bad Gateway", f"{tunnel.server}:{tunnel.server_port} does not answer: {error}"))
            return
        to_server.write(head.forwarded(writer.get_extra_info("peername")[0], tunnel.host))
        await asyncio.gather(pour(reader, to_server), pour(from_server, writer))

    return carry


def api_side(tunnel: Tunnel) -> Handler:
    """Tells the tunnel's public name, as ngrok's local API does."""

    async def tell(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = Head.parse(await reader.readuntil(b"\r\n\r\n")).request.split(" ")[1]
        known = path == "/api/tunnels"
        writer.write(answer("200 OK", tunnel.listing(), "application/json") if known else answer("404 Not Found", path))

    return tell


def guarded(handle: Handler) -> Handler:
    """A caller that says nothing, half a request or nonsense costs its own connection only."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, asyncio.LimitOverrunError, IndexError, ConnectionError):
            await handle(reader, writer)
        writer.close()

    return serve


async def run(tunnel: Tunnel) -> None:
    """Serves both sides until the process is ended."""
    public = await asyncio.start_server(guarded(public_side(tunnel)), "0.0.0.0", PUBLIC_PORT)
    api = await asyncio.start_server(guarded(api_side(tunnel)), "0.0.0.0", API_PORT)
    sys.stdout.write(f"started tunnel url=https://{tunnel.host} addr=http://{tunnel.server}:{tunnel.server_port}\n")
    async with public, api:
        await asyncio.gather(public.serve_forever(), api.serve_forever())


def tunnel_of(arguments: list[str]) -> Tunnel:
    """The tunnel that ngrok's command line describes. Ends the process with a usage message for any other."""
    parser = argparse.ArgumentParser(prog="ngrok", description="A stand-in for ngrok's tunnel.")
    parser.add_argument("protocol", choices=["http"])
    parser.add_argument("address", metavar="HOST:PORT")
    parser.add_argument("--url", help="the public host name, with or without https://")
    parser.add_argument("--config", help="taken and not read")
    parser.add_argument("--log", help="taken and not read")
    options = parser.parse_args(arguments)
    server, _, port = options.address.rpartition(":")
    named = str(options.url).removeprefix("https://").strip("/")
    if not (server and port.isdigit() and named):
        parser.error("an address is HOST:PORT, and --url needs a host name")
    return Tunnel(named if options.url else f"{secrets.token_hex(6)}.tunnel.test", server, int(port))


if __name__ == "__main__":
    # The first process of a container has no default way to end.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run(tunnel_of(sys.argv[1:])))
