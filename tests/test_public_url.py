"""The URL that Twilio was told, behind whatever stands in front of us."""

import pytest

from twilio_openai.public_url import TrustedProxies, public_origin, websocket_origin

NGROK = {"host": "localhost:5001", "x-forwarded-proto": "https", "x-forwarded-host": "abc.ngrok-free.app"}


def test_what_is_configured_wins() -> None:
    assert public_origin("https://voice.example.org", "http", NGROK, proxied=True) == "https://voice.example.org"


def test_a_trusted_proxy_is_believed() -> None:
    assert public_origin(None, "http", NGROK, proxied=True) == "https://abc.ngrok-free.app"


def test_a_stranger_is_not() -> None:
    assert public_origin(None, "http", NGROK, proxied=False) == "http://localhost:5001"


def test_without_a_host_there_is_still_an_origin() -> None:
    assert public_origin(None, "https", {}, proxied=False) == "https://localhost"


def test_a_proxy_that_only_tells_the_scheme() -> None:
    headers = {"host": "voice.example.org", "x-forwarded-proto": "https"}
    assert public_origin(None, "http", headers, proxied=True) == "https://voice.example.org"


def test_of_several_proxies_the_outermost_counts() -> None:
    headers = {"host": "in", "x-forwarded-proto": "https, http", "x-forwarded-host": "Voice.example.org , inner:8080"}
    assert public_origin(None, "http", headers, proxied=True) == "https://Voice.example.org"


@pytest.mark.parametrize("value", ["", " ", ",", " , http"])
def test_an_empty_header_is_none(value: str) -> None:
    headers = {"host": "voice.example.org", "x-forwarded-proto": value, "x-forwarded-host": ","}
    assert public_origin(None, "https", headers, proxied=True) == "https://voice.example.org"


@pytest.mark.parametrize(("scheme", "told"), [("ws", "http"), ("wss", "https"), ("http", "http"), ("https", "https")])
def test_a_websockets_scheme_is_told_as_the_webhooks(scheme: str, told: str) -> None:
    assert public_origin(None, scheme, {"host": "h:1"}, proxied=False) == f"{told}://h:1"
    headers = {"host": "h", "x-forwarded-proto": scheme}
    assert public_origin(None, "http", headers, proxied=True) == f"{told}://h"


@pytest.mark.parametrize(("origin", "websocket"), [("https://h:8443", "wss://h:8443"), ("http://h", "ws://h")])
def test_the_streams_origin(origin: str, websocket: str) -> None:
    assert websocket_origin(origin) == websocket


@pytest.mark.parametrize(
    ("allowed", "peer", "trusted"),
    [
        ("127.0.0.1", "127.0.0.1", True),
        ("127.0.0.1", "127.0.0.2", False),
        ("127.0.0.1, 10.0.0.0/8", "10.2.3.4", True),
        ("10.0.0.0/8", "11.2.3.4", False),
        ("10.1.2.3/8", "10.9.9.9", True),
        ("::1", "::1", True),
        ("fd00::/8", "fd12::1", True),
        ("fd00::/8", "10.0.0.1", False),
        ("*", "203.0.113.9", True),
        ("*", None, True),
        ("127.0.0.1", None, False),
        ("", "127.0.0.1", False),
        (" , ", "127.0.0.1", False),
        ("proxy", "proxy", True),
        ("proxy", "proxy2", False),
        ("999.1.1.1/8", "10.0.0.1", False),
    ],
)
def test_who_is_trusted(allowed: str, peer: str | None, trusted: bool) -> None:
    assert TrustedProxies(allowed).trusts(peer) is trusted
