"""A rehearsal as data: what the model will answer, what the caller does, and on which line.

The steps are done one after another. They wait for what is heard, never for the clock, so a slow machine plays the
same call.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from twilio_openai.rehearsal import answers
from twilio_openai.rehearsal.answers import Answer
from twilio_openai.rehearsal.line import Line
from twilio_openai.rehearsal.phone import Phone
from twilio_openai.rehearsal.speech import Speech, load


@dataclass(frozen=True)
class Listen:
    """Wait until so much more of the agent has been heard."""

    ms: float

    async def perform(self, phone: Phone) -> None:
        await phone.heard(self.ms)


@dataclass(frozen=True)
class ListenToEnd:
    """Wait until the agent has spoken, and then been quiet for so long."""

    quiet_ms: float = 500.0

    async def perform(self, phone: Phone) -> None:
        await phone.heard(100.0)
        await phone.until_quiet(self.quiet_ms)


@dataclass(frozen=True)
class Say:
    """Say something, to its end."""

    speech: Speech

    async def perform(self, phone: Phone) -> None:
        phone.say(self.speech)
        await phone.until_said()


@dataclass(frozen=True)
class Press:
    """Press keys."""

    digits: str

    async def perform(self, phone: Phone) -> None:
        phone.press(self.digits)


@dataclass(frozen=True)
class HangUp:
    """Put the phone down."""

    async def perform(self, phone: Phone) -> None:
        phone.hang_up()


Step = Listen | ListenToEnd | Say | Press | HangUp


@dataclass(frozen=True)
class Scenario:
    """One call."""

    name: str
    title: str
    answers: Sequence[Answer]
    steps: Sequence[Step]
    line: Line = field(default_factory=Line)

    async def perform(self, phone: Phone) -> None:
        """Do what the caller does; the phone is connected."""
        for step in self.steps:
            await step.perform(phone)


def bakery() -> Scenario:
    """The order at a bakery: the caller cuts the agent off before the store discount is mentioned."""
    total = load("agent-total")
    return Scenario(
        name="bakery",
        title="An order at a bakery, with a barge-in",
        answers=[
            answers.say(load(f"agent-{name}"))
            for name in ("greeting", "order", "total", "coffee", "total-again", "ready")
        ],
        steps=[
            ListenToEnd(),
            Say(load("caller-hello")),
            ListenToEnd(),
            Say(load("caller-bagels")),
            Listen(total.word("credit?").end_ms + 40),
            Say(load("caller-coffee")),
            ListenToEnd(),
            Say(load("caller-yes")),
            ListenToEnd(),
            Say(load("caller-cash")),
            ListenToEnd(),
            Say(load("caller-bye")),
            HangUp(),
        ],
    )
