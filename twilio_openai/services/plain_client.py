"""The model's side of the plain transport: the `websockets` library's client, which also gets through a proxy."""

from collections.abc import Mapping
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from websockets.asyncio.client import connect as open_connection

from .fast_transport import SocketLimits
from .transport import ParkedTransport, client_transport

CLOSE_TIMEOUT_S = 1.0


def needs_proxy(url: str) -> bool:
    """Whether the environment (HTTPS_PROXY, NO_PROXY and so on) names a proxy that may lead to this address."""
    return bool(getproxies().keys() - {"no"}) and not proxy_bypass(urlsplit(url).hostname or "")


async def connect(url: str, headers: Mapping[str, str], limits: SocketLimits, timeout_s: float) -> ParkedTransport:
    """An open WebSocket to `url`; its messages wait until somebody starts it.

    Raises:
        InvalidURI, InvalidHandshake, OSError, TimeoutError: as `fast_client.connect`.
    """
    connection = await open_connection(
        url,
        additional_headers=headers,
        compression=None,
        max_size=limits.max_bytes,
        max_queue=limits.max_waiting,
        ping_interval=limits.ping_interval_s,
        ping_timeout=limits.ping_timeout_s,
        open_timeout=timeout_s,
        close_timeout=CLOSE_TIMEOUT_S,
    )
    return client_transport(connection)
