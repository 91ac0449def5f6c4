"""The stand-in of Twilio's REST API: the calls of the rehearsal's phones, to be looked at, redirected and ended.

    async with RestApi() as rest, Phone(..., rest=rest) as phone:
        ...  # TWILIO_API_URL=rest.base_url

A change takes effect on the live call: the stream gets its `stop` and is closed, then the new TwiML runs.
"""

import base64
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from twilio_openai.rehearsal import twiml
from twilio_openai.rehearsal.call_flow import CallFlow
from twilio_openai.rehearsal.clock import now_ms
from twilio_openai.rehearsal.webhooks import AUTH_TOKEN

LONGEST_TWIML = 4000
_CALL = "/2010-04-01/Accounts/{account}/Calls/{call}.json"


@dataclass(frozen=True)
class Change:
    """One request of the server, and the status that it got."""

    at_ms: float
    method: str
    call_sid: str
    fields: dict[str, str]
    status: int


class Rejected(Exception):
    """An error of the REST API: HTTP status, Twilio's code, message."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


@dataclass
class RestApi:
    """Listens on 127.0.0.1; `changes` is its log."""

    auth_token: str = AUTH_TOKEN
    port: int = 0
    changes: list[Change] = field(default_factory=list)
    _calls: dict[str, tuple[CallFlow, str]] = field(default_factory=dict)
    _runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", _CALL, self._handle)
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner:
            await self._runner.cleanup()

    @property
    def base_url(self) -> str:
        """As TWILIO_API_URL takes it."""
        return f"http://127.0.0.1:{self.port}"

    def register(self, flow: CallFlow, account_sid: str) -> None:
        """A phone has rung: its call can be changed from now on."""
        self._calls[flow.call_sid] = (flow, account_sid)

    async def _handle(self, request: web.Request) -> web.Response:
        fields = {name: str(value) for name, value in (await request.post()).items()}
        call_sid, status = request.match_info["call"], 200
        try:
            body = await self._answer(request, call_sid, fields)
        except Rejected as error:
            more = f"https://www.twilio.com/docs/errors/{error.code}"
            status = error.status
            body = {"code": error.code, "message": str(error), "more_info": more, "status": status}
        self.changes.append(Change(now_ms(), request.method, call_sid, fields, status))
        return web.json_response(body, status=status)

    async def _answer(self, request: web.Request, call_sid: str, fields: dict[str, str]) -> dict[str, Any]:
        account_sid = request.match_info["account"]
        self._authenticate(request, account_sid)
        flow, owner = self._calls.get(call_sid, (None, ""))
        if flow is None or owner != account_sid:
            raise Rejected(404, 20404, f"The requested resource /Calls/{call_sid}.json was not found")
        if request.method == "POST":
            await self._change(flow, fields)
        elif request.method != "GET":
            raise Rejected(405, 20004, "Method not allowed")
        return _resource(flow, account_sid)

    def _authenticate(self, request: web.Request, account_sid: str) -> None:
        expected = base64.b64encode(f"{account_sid}:{self.auth_token}".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {expected}":
            raise Rejected(401, 20003, "Authenticate")

    async def _change(self, flow: CallFlow, fields: dict[str, str]) -> None:
        """What an update does to the live call; a url wins over twiml."""
        if flow.ended:
            raise Rejected(400, 21220, "Invalid call state. Call is not in-progress. Cannot redirect.")
        if "Status" in fields:
            self._set_status(flow, fields["Status"])
        elif "Url" in fields:
            answer = await flow.phone.webhooks.ask(fields["Url"], flow.fields(), fields.get("Method", "POST"))
            self._run(flow, answer)
        elif "Twiml" in fields:
            if len(fields["Twiml"]) > LONGEST_TWIML:
                raise Rejected(400, 32018, "The Twiml parameter is too long")
            self._run(flow, twiml.parse(fields["Twiml"], flow.phone.webhooks.public_url))

    def _run(self, flow: CallFlow, document: twiml.Document) -> None:
        flow.phone.notices += document.notices
        flow.replace(document)

    def _set_status(self, flow: CallFlow, status: str) -> None:
        if status not in ("completed", "canceled"):
            raise Rejected(400, 20001, f"Status {status} is not valid")
        if status == "canceled" and flow.status != "ringing":
            raise Rejected(400, 21220, "Call is not queued or ringing. Cannot cancel.")
        flow.end_by_api()


def _resource(flow: CallFlow, account_sid: str) -> dict[str, Any]:
    """The call as the API shows it."""
    return {
        "sid": flow.call_sid,
        "account_sid": account_sid,
        "status": flow.status,
        "direction": "inbound",
        "api_version": "2010-04-01",
        "from": flow.from_,
        "to": flow.to,
        "uri": _CALL.format(account=account_sid, call=flow.call_sid),
    }
