"""The URL that Twilio signed: the one it was told, not the one that arrived here behind proxies.

The rule, in order: `PUBLIC_URL`, else `NGROK_URL`, else what trusted proxies say (`X-Forwarded-Proto`,
`X-Forwarded-Host`, else `Host`), else the request's own. Headers of a peer that is not a trusted proxy are never
believed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

WEBSOCKET_SCHEME = {"http": "ws", "https": "wss"}


@dataclass(frozen=True, slots=True)
class TrustedProxies:
    """`FORWARDED_ALLOW_IPS` as in uvicorn: a comma list of addresses, networks or literals, or `*` for everybody."""

    allowed: str

    def trusts(self, peer: str | None) -> bool:
        """Whether the forwarding headers of this peer address may be believed."""
        names = [name.strip() for name in self.allowed.split(",") if name.strip()]
        return "*" in names or (peer is not None and any(_covers(name, peer) for name in names))


def _covers(name: str, peer: str) -> bool:
    try:
        return ip_address(peer) in ip_network(name, strict=False)
    except ValueError:
        return name == peer


def public_origin(configured: str | None, scheme: str, headers: Mapping[str, str], *, proxied: bool) -> str:
    """`https://host[:port]` as the outside sees it.

    Args:
        configured: the origin from the settings, which wins.
        scheme: the request's own, `http`, `https`, `ws` or `wss`.
        headers: the request's, names in lower case.
        proxied: whether the peer is a trusted proxy.
    """
    if configured:
        return configured
    proto = {"ws": "http", "wss": "https"}.get(scheme, scheme)
    host = headers.get("host", "localhost")
    if proxied:
        proto = _first(headers.get("x-forwarded-proto")).lower() or proto
        host = _first(headers.get("x-forwarded-host")) or host
        proto = {"ws": "http", "wss": "https"}.get(proto, proto)
    return f"{proto}://{host}"


def websocket_origin(origin: str) -> str:
    """The same origin with `ws` or `wss` in place of `http` or `https`."""
    scheme, _, host = origin.partition("://")
    return f"{WEBSOCKET_SCHEME.get(scheme, scheme)}://{host}"


def _first(value: str | None) -> str:
    """The first of a comma list: the outermost proxy's word."""
    return (value or "").split(",", 1)[0].strip()
