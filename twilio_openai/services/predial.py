"""Sessions dialled while the phone still rings: from the signed webhook until the stream starts, one per call.

A session that failed is simply not there; the call dials again at its start. One whose stream does not come in time,
or comes without its token, is dropped.
"""

import asyncio
from collections.abc import Awaitable, Callable

from ..errors import ModelUnavailable
from ..logs import get_logger
from .transport import ParkedTransport

log = get_logger(__name__)


class Predial:
    """The sessions of calls that have not started. `dial` opens one, tried once; `keep_s` is how long one waits for its
    stream.
    """

    def __init__(self, dial: Callable[[], Awaitable[ParkedTransport]], keep_s: float) -> None:
        self._dial = dial
        self._keep_s = keep_s
        self._dialling: dict[str, asyncio.Task[ParkedTransport | None]] = {}

    def start(self, call_sid: str) -> None:
        """Begin to dial for a call, unless that has begun."""
        if call_sid not in self._dialling:
            dialling = self._dialling[call_sid] = asyncio.create_task(self._try(call_sid))
            asyncio.get_running_loop().call_later(self._keep_s, self._expire, call_sid, dialling)

    async def take(self, call_sid: str) -> ParkedTransport | None:
        """The call's session, now the taker's to close; None if there is none or it is lost."""
        dialling = self._dialling.pop(call_sid, None)
        if dialling is None:
            return None
        session = await dialling
        return None if session is None or session.closed else session

    def _expire(self, call_sid: str, dialling: "asyncio.Task[ParkedTransport | None]") -> None:
        if self._dialling.get(call_sid) is dialling:
            self.drop(call_sid)

    def drop(self, call_sid: str) -> None:
        """Nobody will take this call's session."""
        dialling = self._dialling.pop(call_sid, None)
        if dialling is not None:
            dialling.add_done_callback(_close)
            log.info("model.dropped", call_sid=call_sid)

    def close(self) -> None:
        """Drop them all."""
        for call_sid in list(self._dialling):
            self.drop(call_sid)

    async def _try(self, call_sid: str) -> ParkedTransport | None:
        try:
            return await self._dial()
        except ModelUnavailable as error:
            log.warning("model.retrying", call_sid=call_sid, reason=str(error))
            return None


def _close(dialled: "asyncio.Task[ParkedTransport | None]") -> None:
    session = None if dialled.cancelled() else dialled.result()
    if session is not None:
        session.close(1000, "no stream came")
