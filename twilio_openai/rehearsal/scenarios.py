"""What may be rehearsed: for each scenario what the model answers, and what the caller does and when.

The caller's side is a dialogue with a phone, so that it runs against any server and model: it waits for what it hears.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from twilio_openai.rehearsal import answers
from twilio_openai.rehearsal.answers import Answer, Call, Said
from twilio_openai.rehearsal.clock import now_ms
from twilio_openai.rehearsal.phone import NeverHappened, Phone
from twilio_openai.rehearsal.speech import load

BARGE_IN_LEAD_MS = 150.0
"""From the caller's first sound to `clear`: their voice must be noticed first."""


@dataclass(frozen=True)
class Scenario:
    """One call. `caller` speaks into the phone; `answers` are the stand-in model's, in order."""

    name: str
    title: str
    answers: Sequence[Answer]
    caller: Callable[[Phone], Awaitable[None]]
    tools: str | None = None
    """Tools of the scenario's own, as a file beside this one."""


async def listen(phone: Phone, quiet_ms: float = 400.0) -> None:
    """Hear the agent out."""
    await phone.until_playing(20.0)
    await phone.until_quiet(quiet_ms, 60.0)


async def ask(phone: Phone, recording: str) -> None:
    """Say something and hear the agent out."""
    phone.say(load(recording))
    await phone.until_said()
    await listen(phone)


async def cut_in(phone: Phone, recording: str, at_ms: float) -> None:
    """When so much of the answer has been played, say something (or when it ends, if it is shorter)."""
    await phone.until_playing(20.0)
    goal_ms = phone.played_ms + at_ms - BARGE_IN_LEAD_MS
    await phone.until(
        lambda: phone.played_ms >= goal_ms or not phone.loudspeaker.playing(now_ms()), 30.0, "the moment to cut in"
    )
    phone.say(load(recording))
    await phone.until_said()


async def hang_up_by_agent(phone: Phone) -> None:
    """Wait for the agent to end the call; hang up if it does not."""
    try:
        await phone.until(lambda: phone.ended is not None, 12.0, "the agent to hang up")
    except NeverHappened:
        phone.hang_up()


async def _bakery(phone: Phone) -> None:
    await listen(phone)
    await ask(phone, "caller-hello")
    phone.say(load("caller-bagels"))
    await phone.until_said()
    await cut_in(phone, "caller-coffee", at_ms=3800.0)  # in the pause behind "Cash or credit?"
    await listen(phone)
    await ask(phone, "caller-cash")
    phone.say(load("caller-bye"))
    await hang_up_by_agent(phone)


async def _order(phone: Phone) -> None:
    await listen(phone)
    phone.say(load("caller-bagels"))
    await phone.until_said()
    await cut_in(phone, "caller-yes", at_ms=1000.0)  # in the middle of the price
    await listen(phone, 1000.0)
    await ask(phone, "caller-cash")
    phone.hang_up()


async def _table(phone: Phone) -> None:
    await listen(phone)
    phone.say(load("caller-table"))
    await phone.until_said()
    await listen(phone, 1500.0)
    await ask(phone, "caller-yes")
    phone.hang_up()


async def _impatient(phone: Phone) -> None:
    await cut_in(phone, "caller-hours", at_ms=1500.0)
    await cut_in(phone, "caller-wait", at_ms=2500.0)
    await cut_in(phone, "caller-no", at_ms=250.0)
    await listen(phone)
    phone.hang_up()


_PLACE = Answer((Call("place_order", {"items": ["bagel", "bagel", "bagel", "soda"], "total": 9.05}),))
_GOODBYE = Answer((Said(load("agent-bye")), Call("end_call", {"reason": "the order is placed"})))
_CHECK = Answer((Said(load("agent-checking")), Call("check_availability", {"date": "friday", "time": "19:30"})))

SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario(
            "bakery",
            "a bakery takes an order; the caller cuts the price announcement off before the store discount",
            [
                answers.say(load("agent-greeting")),
                answers.say(load("agent-order")),
                answers.say(load("agent-total")),
                answers.say(load("agent-coffee")),
                answers.say(load("agent-ready")),
                _GOODBYE,
            ],
            _bakery,
        ),
        Scenario(
            "order",
            "a price is cut off, so the order is refused until the caller has heard it",
            [
                answers.say(load("agent-greeting")),
                answers.say(load("agent-total")),
                _PLACE,
                answers.say(load("agent-total-again")),
                Answer((_PLACE.items[0],)),
                answers.say(load("agent-ready")),
            ],
            _order,
            tools="order_tools.py",
        ),
        Scenario(
            "table",
            "a caller asks for a table; the agent looks it up while it talks",
            [
                answers.say(load("agent-greeting")),
                _CHECK,
                answers.say(load("agent-free")),
                answers.say(load("agent-bye")),
            ],
            _table,
        ),
        Scenario(
            "impatient",
            "a caller who cuts in three times, once at the very beginning of an answer",
            [
                answers.say(load("agent-greeting")),
                answers.say(load("agent-hours")),
                answers.say(load("agent-free")),
                answers.say(load("agent-sure")),
            ],
            _impatient,
        ),
    )
}
