"""Who is let in by the webhooks: Twilio's signature over the public address; nobody else costs a model."""

import asyncio
from typing import Any
from urllib.parse import urlencode

import pytest
from house import house, http, say
from signed import CONNECTED, ask, fields, no_model, ring, sign, start, twiml, wss
from stage import together
from websockets.asyncio.client import connect

from twilio_openai.rehearsal.webhooks import sid

WEBHOOKS = ["/incoming-call", "/stream-ended"]


# -- the webhook


@together
async def test_a_signed_webhook_gets_the_stream_and_its_token() -> None:
    async with house() as h:
        form = fields(StirVerstat="", CallerCity="Zürich & Genève", Digits="1+2")
        url = f"{h.settings.origin}/incoming-call"
        by_post = twiml(await ring(h, form))
        query = f"{url}?{urlencode(fields())}"
        by_get = twiml(await ask(h, query, {}, method="GET", **{"X-Twilio-Signature": sign(query)}))

        for document in (by_post, by_get):
            connect_ = document.verb("Connect")
            assert connect_
            assert connect_.attributes["action"].startswith(f"{h.settings.origin}/")
            assert document.stream
            assert document.stream.attributes["url"] == wss(h)
            assert document.parameters["token"]


@pytest.mark.parametrize("path", WEBHOOKS)
@together
async def test_strangers_at_the_webhooks_get_403(path: str) -> None:
    async with house() as h:
        form, url = fields(CallStatus="in-progress"), f"{h.settings.origin}{path}"
        other = {**form, "From": "+15559999999"}
        signatures = [None, "", "x", sign(url, form, "another-key"), sign(url, other)]
        signatures += [sign(f"{h.url}{path}", form), sign(f"{url}?a=b", form), sign(url)]
        for method in ("POST", "GET"):
            for signature in signatures:
                if method == "GET" and signature == sign(url):
                    continue
                headers = {} if signature is None else {"X-Twilio-Signature": signature}
                asked = f"{url}?{urlencode(form)}" if method == "GET" else url
                answer = await ask(h, asked, form, method=method, **headers)
                assert answer.status_code == 403, (method, signature)
                assert "Response" not in answer.text

        refused = h.events("signature.refused")
        assert len(refused) == 2 * len(signatures) - 1
        assert all(h.settings.origin in record["url"] for record in refused)
        assert all("TWILIO_AUTH_TOKEN" in r["hint"] and "PUBLIC_URL" in r["hint"] for r in refused)
        assert no_model(h)


@together
async def test_a_get_signed_without_its_query_is_refused() -> None:
    async with house() as h:
        url = f"{h.settings.origin}/incoming-call"
        query = f"{url}?{urlencode(fields())}"
        answer = await ask(h, query, {}, method="GET", **{"X-Twilio-Signature": sign(url)})
        assert answer.status_code == 403


@together
async def test_another_account_is_refused_although_it_is_signed() -> None:
    async with house() as h:
        for changes in ({"AccountSid": sid("AC")}, {"AccountSid": ""}, {"CallSid": ""}):
            assert (
                await ring(h, fields(**changes) if "CallSid" not in changes else fields() | changes)
            ).status_code == 403
        assert no_model(h)


ODD_BODIES: list[tuple[str, bytes]] = [
    ("application/json", b'{"CallSid": "CA1"}'),
    ("application/json", b"[" * 50_000),
    (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="CallSid"\r\n\r\nCA1\r\n--x--\r\n',
    ),
    ("multipart/form-data", b"--x"),
    ("text/plain", b""),
    ("application/x-www-form-urlencoded", b"\xff\xfe\x00"),
    ("application/x-www-form-urlencoded", b"%ff=%zz&%=&&=;"),
    ("application/x-www-form-urlencoded", b"&".join(b"a%d=1" % n for n in range(3000))),
    ("application/x-www-form-urlencoded", b"CallSid=" + b"A" * 200_000),
    ("application/x-www-form-urlencoded", b"CallSid=a&CallSid=b&AccountSid=%00"),
    ("x" * 500, b"CallSid=1"),
]


@together
async def test_odd_requests_are_refused_and_never_break_the_server() -> None:
    async with house() as h, http(h.url) as client:
        for path in [*WEBHOOKS, "/incoming-call/", "/incoming-call?x=%ff%00", "/incoming-call/%2e%2e", "/%ff", "//"]:
            for kind, body in ODD_BODIES:
                headers = {"Content-Type": kind, "X-Twilio-Signature": "x"}
                answer = await client.post(path, content=body, headers=headers)
                assert answer.status_code in (403, 404, 405), (path, kind, answer.status_code)
            for method in ("GET", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "BREW"):
                assert (await client.request(method, path)).status_code in (400, 403, 404, 405)
        assert no_model(h)


@pytest.mark.parametrize("configured", ["https://voice.example.org", None])
@together
async def test_odd_hosts_are_refused_and_never_break_the_server(configured: str | None) -> None:
    async with house(public_url=configured) as h:
        host, port = h.url.removeprefix("http://").split(":")
        hosts = [
            "[::1",
            "a b",
            "voice:port",
            "",
            "user:word@voice",
            "[]",
            "x" * 5000,
            "voice.example.org:99999999",
            "\xe4",
        ]
        for named in [None, *hosts]:
            for form in ("a=1", "a=" + "1" * 100_000):
                for extra in ("", "X-Forwarded-Host: [::\r\nX-Forwarded-Proto: gopher\r\n"):
                    reader, writer = await asyncio.open_connection(host, int(port))
                    head = f"POST /incoming-call HTTP/1.1\r\nContent-Length: {len(form)}\r\n"
                    head += f"X-Twilio-Signature: x\r\n{extra}"
                    head += "" if named is None else f"Host: {named}\r\n"
                    writer.write(f"{head}Connection: close\r\n\r\n{form}".encode("latin-1"))
                    status = (await asyncio.wait_for(reader.readline(), 5)).split()[1]
                    writer.close()
                    assert status in (b"403", b"400"), (named, status)


# -- the public address


@pytest.mark.parametrize(
    ("setting", "public"),
    [
        ({"public_url": "https://voice.example.org"}, "https://voice.example.org"),
        ({"public_url": "https://voice.example.org/"}, "https://voice.example.org"),
        ({"public_url": "voice.example.org"}, "https://voice.example.org"),
        ({"public_url": "https://voice.example.org:8443"}, "https://voice.example.org:8443"),
        ({"public_url": "https://voice.example.org", "ngrok_url": "other.ngrok.app"}, "https://voice.example.org"),
        ({"public_url": None, "ngrok_url": "mine.ngrok.app"}, "https://mine.ngrok.app"),
        ({"public_url": None, "ngrok_url": "https://mine.ngrok.app"}, "https://mine.ngrok.app"),
        ({"public_url": None, "ngrok_url": "https://mine.ngrok.app/"}, "https://mine.ngrok.app"),
    ],
)
@together
async def test_the_address_is_the_configured_one_whatever_the_headers_say(setting: dict[str, Any], public: str) -> None:
    async with house([say("agent-moment")], **setting) as h:
        phone = await h.call(public_url=public)
        await phone.until_playing()
        assert phone.document
        assert phone.document.stream
        assert phone.document.stream.attributes["url"] == public.replace("https", "wss") + "/media-stream"

        form, lies = fields(), {"X-Forwarded-Host": "evil.example.com", "Host": "evil.example.com"}
        lied = await ask(
            h, f"{public}/incoming-call", form, **lies, **{"X-Twilio-Signature": sign(f"{public}/incoming-call", form)}
        )
        assert "evil" not in lied.text
        wrong = sign("https://evil.example.com/incoming-call", form)
        assert (
            await ask(h, f"{public}/incoming-call", form, **lies, **{"X-Twilio-Signature": wrong})
        ).status_code == 403
        phone.hang_up()


@together
async def test_a_port_in_the_address_may_be_signed_or_not() -> None:
    async with house(public_url="https://voice.example.org:8443") as h:
        for signed in ("https://voice.example.org:8443", "https://voice.example.org"):
            url, form = f"{signed}/incoming-call", fields()
            twiml(await ask(h, url, form, **{"X-Twilio-Signature": sign(url, form)}))
    async with house(public_url="https://voice.example.org") as h:
        url, form = "https://voice.example.org:443/incoming-call", fields()
        twiml(await ask(h, url, form, **{"X-Twilio-Signature": sign(url, form)}))


@pytest.mark.parametrize(
    ("forwarded", "public"),
    [
        ({"X-Forwarded-Proto": "https", "X-Forwarded-Host": "t1.example.com"}, "https://t1.example.com"),
        ({"X-Forwarded-Proto": "https, http", "X-Forwarded-Host": "t2.example.com, inner"}, "https://t2.example.com"),
        ({"X-Forwarded-Proto": "https", "Host": "t3.example.com"}, "https://t3.example.com"),
        ({"X-Forwarded-Proto": "https", "Host": "t4.example.com:8443"}, "https://t4.example.com:8443"),
        ({"X-Forwarded-Proto": "HTTPS", "X-Forwarded-Host": "T5.example.com"}, "https://T5.example.com"),
    ],
)
@together
async def test_a_trusted_proxy_tells_the_address(forwarded: dict[str, str], public: str) -> None:
    async with house(public_url=None, forwarded_allow_ips="10.9.9.9, 127.0.0.0/8") as h:
        url, form = f"{public}/incoming-call", fields()
        document = twiml(await ask(h, url, form, **forwarded, **{"X-Twilio-Signature": sign(url, form)}))
        assert document.stream
        socket_url = document.stream.attributes["url"]
        assert socket_url.lower() == f"{public}/media-stream".replace("https", "wss").lower()

        headers = {name: value for name, value in forwarded.items() if name != "Host"}
        headers |= {"x-twilio-signature": sign(socket_url)}
        where: dict[str, Any] = {"host": "127.0.0.1", "port": int(h.url.rpartition(":")[2])}
        uri = f"ws://{forwarded.get('Host', '127.0.0.1')}/media-stream"
        async with connect(uri, **where, additional_headers=headers, proxy=None) as socket:
            await socket.send(CONNECTED)
            await socket.send(start(form["CallSid"], document.parameters["token"]))
            await h.model.opened()


@together
async def test_a_proxy_that_is_not_trusted_is_not_believed() -> None:
    async with house(public_url=None, forwarded_allow_ips="10.9.9.9") as h:
        forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "tunnel.example.com"}
        url, form = "https://tunnel.example.com/incoming-call", fields()
        assert (await ask(h, url, form, **forwarded, **{"X-Twilio-Signature": sign(url, form)})).status_code == 403
        own = f"{h.url}/incoming-call"
        answer = await ask(h, own, form, **forwarded, **{"X-Twilio-Signature": sign(own, form)})
        assert answer.status_code == 200
        assert f'url="{h.url.replace("http", "ws")}/media-stream"' in answer.text
