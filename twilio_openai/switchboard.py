"""Which calls there are: who may connect, with which token, and what Twilio is told when a stream has ended.

Rules:
- A call holds its place from its webhook's answer; a place without a stream is given up after `RESERVATION_S`.
- A second webhook for a call that has a place changes nothing; one for a call that ended starts afresh.
- A token opens one stream. A stream that is over never opens again with the token it came with.
- When Twilio asks what comes after the stream, a call that was ended on purpose is hung up, a call whose model is
  away gets an apology, and any other call that is still up is connected again, at most `RECONNECTS_PER_MINUTE` times.

Pure: no clock is read, `now_s` is Unix time in seconds.
"""

from dataclasses import dataclass, field
from enum import Enum

from . import stream_token

RESERVATION_S = 30.0
RECONNECTS_PER_MINUTE = 3
REMEMBER_S = 600.0
"""How long an ended call is remembered for Twilio's question after its stream."""

ON_PURPOSE = frozenset({"agent", "transferred", "time_limit", "budget", "shutdown"})
NEEDS_APOLOGY = frozenset({"model_away", "error"})


class Next(Enum):
    """What a call gets when its stream has ended."""

    HANG_UP = "hang_up"
    APOLOGISE = "apologise"
    CONNECT_AGAIN = "connect_again"


@dataclass(slots=True)
class Place:
    """One call's place: reserved by its webhook, live while its stream is up, then ended."""

    call_sid: str
    token: str
    since_s: float
    caller: str = ""
    called: str = ""
    origin: str = ""
    """The public address that Twilio called for it."""
    live: bool = False
    ended_by: str | None = None
    asked: bool = False
    """Whether Twilio has asked what comes after the stream."""
    connected_again_s: list[float] = field(default_factory=list)

    def is_active(self, now_s: float) -> bool:
        """Whether the place counts against the limit."""
        return self.ended_by is None and (self.live or now_s - self.since_s < RESERVATION_S)


class Switchboard:
    """All the calls of one process."""

    def __init__(self, key: str, max_calls: int) -> None:
        self._key = key
        self._max_calls = max_calls
        self._places: dict[str, Place] = {}
        self._used: dict[str, float] = {}

    def active(self, now_s: float) -> int:
        """How many calls are up or about to be."""
        return sum(place.is_active(now_s) for place in self._places.values())

    def is_full(self, now_s: float) -> bool:
        """Whether one call more would be one too many."""
        return self.active(now_s) >= self._max_calls

    def reserve(self, call_sid: str, caller: str, called: str, now_s: float) -> Place | None:
        """A place for the call of a webhook, its old one if it has one; None when all are taken."""
        place = self._places.get(call_sid)
        if place is not None and place.is_active(now_s):
            return place
        self._forget(now_s)
        if self.is_full(now_s):
            return None
        place = Place(call_sid, stream_token.mint(self._key, call_sid, now_s), now_s, caller, called)
        self._places[call_sid] = place
        return place

    def connect(self, call_sid: str, token: str, now_s: float) -> Place | None:
        """The place of a stream that brought this token, live from now on; None when the token does not open it."""
        if token in self._used or not stream_token.is_valid(token, self._key, call_sid, now_s):
            return None
        place = self._places.get(call_sid) or Place(call_sid, token, now_s)
        if not place.is_active(now_s) and self.is_full(now_s):
            return None  # its place was given up when no stream came in time
        self._used[token] = now_s + stream_token.LIFETIME_S + 1
        self._places[call_sid] = place
        place.live, place.ended_by = True, None
        return place

    @staticmethod
    def end(place: Place, ended_by: str, now_s: float) -> None:
        """Note that this place's stream is over, and who ended it; the first word counts."""
        place.live, place.ended_by, place.since_s = False, place.ended_by or ended_by, now_s

    def after_stream(self, call_sid: str, call_status: str, now_s: float) -> tuple[Next, Place | None]:
        """What comes next for a call whose stream is over, with the place of one that is connected again."""
        place = self._places.get(call_sid)
        if place:
            place.asked = True
        if call_status != "in-progress" or (place and place.ended_by in ON_PURPOSE):
            return Next.HANG_UP, None
        if place and place.ended_by in NEEDS_APOLOGY:
            return Next.APOLOGISE, None
        return self._connect_again(call_sid, place, now_s)

    def _connect_again(self, call_sid: str, old: Place | None, now_s: float) -> tuple[Next, Place | None]:
        recent = [at for at in (old.connected_again_s if old else []) if now_s - at < 60]
        if len(recent) >= RECONNECTS_PER_MINUTE:
            return Next.APOLOGISE, None
        if old:
            self.end(old, "caller", now_s)
        place = self.reserve(call_sid, old.caller if old else "", old.called if old else "", now_s)
        if place is None:
            return Next.APOLOGISE, None
        place.connected_again_s = [*recent, now_s]
        return Next.CONNECT_AGAIN, place

    def _forget(self, now_s: float) -> None:
        """Drop what no one will ask for any more."""
        self._used = {token: until for token, until in self._used.items() if until > now_s}
        self._places = {
            sid: place
            for sid, place in self._places.items()
            if place.is_active(now_s) or now_s - place.since_s < REMEMBER_S
        }
