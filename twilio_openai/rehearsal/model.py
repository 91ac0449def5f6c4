"""The stand-in model: a server on 127.0.0.1 that behaves as the Realtime API does over a WebSocket.

    async with Model([answers.say(speech.load("agent-greeting"))]) as model:
        ...  # OPENAI_BASE_URL=model.base_url
        assert not model.refusals

It says what it is told to (`answers`), in the API's order and faster than real time, hears the caller by the energy
of the appended audio, and refuses whatever the API refuses: see `refusals`.
"""

import asyncio
import json
from collections.abc import Callable, Sequence
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from twilio_openai.rehearsal.answers import Answer
from twilio_openai.rehearsal.clock import now_ms
from twilio_openai.rehearsal.conversation import Item
from twilio_openai.rehearsal.model_session import ModelSession, Refusal
from twilio_openai.rehearsal.options import Options
from twilio_openai.rehearsal.schema import Refused

PATH = "/v1/realtime"
MODELS = (
    "gpt-realtime-2.1",
    "gpt-realtime-2.1-mini",
    "gpt-realtime-2",
    "gpt-realtime-1.5",
    "gpt-realtime",
    "gpt-realtime-2025-08-28",
    "gpt-realtime-mini",
    "gpt-realtime-mini-2025-10-06",
    "gpt-realtime-mini-2025-12-15",
)
RETIRED = "gpt-4o-"

Script = Sequence[Answer] | Callable[[ModelSession], Answer | None]


CLOSES = {
    "invalid_api_key": (3000, "Incorrect API key provided."),
    "invalid_model": (4000, "The requested model does not exist."),
    "missing_model": (4000, "You must provide a model parameter."),
    "beta_api_shape_disabled": (4000, "The Realtime Beta API is no longer supported. Please use the GA API."),
    "model_not_found": (4004, "The model does not exist or you do not have access to it."),
    "insufficient_quota": (4000, "You exceeded your current quota, please check your plan and billing details."),
}


class Model:
    """`answers`: one for each response of a session, or a function of the session that gives the next."""

    def __init__(self, answers: Script = (), *, port: int = 0, options: Options | None = None, **changes: Any) -> None:
        self.options = options or Options(**changes)
        self.sessions: list[ModelSession] = []
        self.refusals: list[Refusal] = []
        self.handshakes: list[Request] = []
        """Every upgrade, also those that came to nothing."""
        self._answers = answers
        self._opened = asyncio.Condition()
        self._port = port
        self._server: Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await serve(
            self._serve, "127.0.0.1", self._port, process_request=self._upgrade, max_size=None, close_timeout=2
        )
        self._port = next(iter(self._server.sockets)).getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every session and stop listening."""
        if self._server:
            self._server.close()
            await self._server.wait_closed()

    @property
    def base_url(self) -> str:
        """As OPENAI_BASE_URL takes it."""
        return f"http://127.0.0.1:{self._port}/v1"

    @property
    def items(self) -> dict[str, Item]:
        """Every item of every session, deleted ones too."""
        return {id_: item for session in self.sessions for id_, item in session.conversation.known.items()}

    def session(self, number: int = 0) -> ModelSession:
        return self.sessions[number]

    async def opened(self, number: int = 0, timeout_s: float = 10.0) -> ModelSession:
        """Wait for a session; TimeoutError if it does not come."""
        async with asyncio.timeout(timeout_s), self._opened:
            await self._opened.wait_for(lambda: len(self.sessions) > number)
        return self.sessions[number]

    def session_of(self, caller_audio: bytes) -> ModelSession:
        """The session that got this caller's audio; KeyError if none did. Any second of it will do."""
        for session in self.sessions:
            if caller_audio[:1600] and session.appended.find(caller_audio[:1600]) >= 0:
                return session
        raise KeyError("no session has this audio")

    def answer(self, session: ModelSession) -> Answer:
        """The answer to be given next; nothing is said when there is none."""
        if callable(self._answers):
            return self._answers(session) or Answer()
        given = len(session.responses)
        return self._answers[given] if given < len(self._answers) else Answer()

    def _upgrade(self, connection: ServerConnection, request: Request) -> Response | None:
        self.handshakes.append(request)
        if self.options.refuse_status:
            return connection.respond(HTTPStatus(self.options.refuse_status), "refused\n")
        if urlsplit(request.path).path != PATH:
            return connection.respond(HTTPStatus.NOT_FOUND, f"nothing at {request.path}\n")
        return None

    async def _serve(self, socket: ServerConnection) -> None:
        request = socket.request
        assert request
        model = parse_qs(urlsplit(request.path).query).get("model", [""])[0]
        refused = self._refusal(request, model)
        if refused:
            await self._turn_away(socket, refused)
            return
        session = ModelSession(self, socket, len(self.sessions), model)
        self.sessions.append(session)
        async with self._opened:
            self._opened.notify_all()
        await session.run()

    def _refusal(self, request: Request, model: str) -> Refused | None:
        """Why this client gets no session; the API finds out after the upgrade only."""
        authorization = request.headers.get("Authorization", "")
        if not authorization.startswith("Bearer "):
            return Refused(None, "Missing bearer or basic authentication in header")
        code = self.options.refuse_code
        if self.options.api_key and authorization != f"Bearer {self.options.api_key}":
            code = "invalid_api_key"
        elif "OpenAI-Beta" in request.headers:
            code = "beta_api_shape_disabled"
        elif not model:
            code = "missing_model"
        elif model not in MODELS:
            code = "model_not_found" if model.startswith(RETIRED) else "invalid_model"
        return Refused(code, CLOSES[code][1]) if code else None

    async def _turn_away(self, socket: ServerConnection, refused: Refused) -> None:
        """One error event, then the close that goes with it."""
        self.refusals.append(Refusal(-1, refused.code, refused.message, None, now_ms()))
        error = {
            "type": refused.type,
            "code": refused.code,
            "message": refused.message,
            "param": None,
            "event_id": None,
        }
        await socket.send(json.dumps({"type": "error", "event_id": "event_refused", "error": error}))
        reason = f"{refused.type}.{refused.code}" if refused.code else refused.type
        await socket.close(CLOSES[refused.code][0] if refused.code else 3000, reason)
