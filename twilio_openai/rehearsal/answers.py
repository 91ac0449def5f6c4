"""What the stand-in model answers, and when each piece of it leaves.

An `Answer` is one response: speech, tool calls, or both. `plan` lays it out on a time line, as the API generates
it: faster than real time, text ahead of the audio that it belongs to, in deltas of any size. Pure: the same seed
gives the same plan.
"""

import json
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from twilio_openai.rehearsal.mulaw import BYTES_PER_MS
from twilio_openai.rehearsal.speech import Speech


@dataclass(frozen=True)
class Said:
    """A message item: a recording. `phase` is "commentary" or "final_answer" where the model names one."""

    speech: Speech
    phase: str | None = None


@dataclass(frozen=True)
class Call:
    """A function call; `arguments` as a string is sent as it stands, broken JSON too."""

    name: str
    arguments: dict[str, Any] | str = field(default_factory=dict)
    call_id: str | None = None

    @property
    def json(self) -> str:
        return self.arguments if isinstance(self.arguments, str) else json.dumps(self.arguments)


@dataclass(frozen=True)
class Stall:
    """Generation pauses for `for_ms` when `at_ms` of the answer's audio are out."""

    at_ms: float
    for_ms: float


@dataclass(frozen=True)
class Fault:
    """Something goes wrong when `at_ms` of the answer's audio are out.

    `kind`: drop (1006), freeze (nothing is sent any more), close (`code`, `reason`), expire (session_expired,
    1001), error (an error event, the session goes on), garbage (frames that are not events), oversized (2 MiB), fail
    (response.done failed, `reason` is its code).
    """

    kind: str
    at_ms: float = 0.0
    code: int = 1011
    reason: str = "server_error"


@dataclass(frozen=True)
class Pacing:
    """How fast answers are generated, and in which pieces."""

    speed: float = 5.0
    """Times real time; 0 is all at once."""
    delta_ms: tuple[float, float] = (20.0, 400.0)
    """The length of an audio delta is drawn between these, to the byte."""
    text_lead_ms: tuple[float, float] = (200.0, 3000.0)
    """A word's text leaves ahead of its audio by so much of the audio's time."""
    text_late_ms: float = 0.0
    """Text deltas leave so much after they were generated."""
    create_ms: float = 10.0
    """From the request to `response.created`."""
    think_ms: float = 150.0
    """From `response.created` to the first item."""
    first_delta_ms: float = 30.0
    """From an item's start to its first audio."""


@dataclass(frozen=True)
class Answer:
    """One response. `items` may be empty: the model has nothing to say."""

    items: Sequence[Said | Call] = ()
    stalls: Sequence[Stall] = ()
    faults: Sequence[Fault] = ()
    status: str = "completed"
    """What `response.done` says: completed, incomplete (max_output_tokens) or failed."""
    reason: str | None = None
    pacing: Pacing | None = None
    """In place of the model's."""


def say(*speeches: Speech, **options: Any) -> Answer:
    """An answer of one or more messages."""
    return Answer(tuple(Said(speech) for speech in speeches), **options)


def call(name: str, /, **arguments: Any) -> Answer:
    """An answer that calls one tool."""
    return Answer((Call(name, arguments),))


OPEN, TEXT, AUDIO, ARGUMENTS, CLOSE, FAULT = "open", "text", "audio", "arguments", "close", "fault"


@dataclass(frozen=True)
class Step:
    """Something leaves at `due_ms`; it was generated at `made_ms`. Times count from the answer's first item."""

    kind: str
    index: int
    made_ms: float
    due_ms: float
    data: Any = None


def plan(answer: Answer, pacing: Pacing, rng: random.Random, spoken: bool = True, batch: bool = True) -> list[Step]:
    """Every step of an answer in the order in which it leaves.

    `spoken` is False where only text is asked for; `batch`: several messages are closed together at the end.
    """
    clock = _Clock(answer, pacing)
    steps, at_ms = list[Step](), 0.0
    messages = [index for index, item in enumerate(answer.items) if isinstance(item, Said)]
    for index, item in enumerate(answer.items):
        steps.append(Step(OPEN, index, at_ms, at_ms))
        if isinstance(item, Said):
            parts = _spoken(item.speech, index, at_ms, clock, pacing, rng, spoken)
        else:
            parts = _called(item, index, at_ms, rng)
        steps += parts
        at_ms = max([at_ms, *(step.made_ms for step in parts if step.kind != TEXT or not spoken)])
        if index not in messages or len(messages) < 2 or not batch:
            end_ms = max([at_ms, *(step.due_ms for step in parts)])
            steps.append(Step(CLOSE, index, at_ms, end_ms))
    if len(messages) > 1 and batch:
        end_ms = max(step.due_ms for step in steps)
        steps += [Step(CLOSE, index, end_ms, end_ms) for index in messages]
    steps += [_fault(fault, clock) for fault in answer.faults]
    return sorted(steps, key=lambda step: step.due_ms)


class _Clock:
    """When a position of the answer's audio is generated, its stalls counted in."""

    def __init__(self, answer: Answer, pacing: Pacing) -> None:
        self._stalls = answer.stalls
        self._speed = pacing.speed
        self._first_ms = pacing.first_delta_ms
        self.before_ms = 0.0
        """The audio of earlier items."""

    def at(self, audio_ms: float) -> float:
        """From the first item's start; `audio_ms` counts over all items."""
        generated = audio_ms / self._speed if self._speed else 0.0
        return self._first_ms + generated + sum(stall.for_ms for stall in self._stalls if audio_ms > stall.at_ms)


def _fault(fault: Fault, clock: _Clock) -> Step:
    at_ms = clock.at(fault.at_ms) if fault.at_ms else 0.0
    return Step(FAULT, 0, at_ms, at_ms, fault)


def _spoken(
    speech: Speech, index: int, open_ms: float, clock: _Clock, pacing: Pacing, rng: random.Random, spoken: bool
) -> list[Step]:
    before_ms = clock.before_ms
    steps = _text(speech, index, open_ms, before_ms, clock, pacing, rng)
    if spoken:
        steps += _audio(speech, index, open_ms, before_ms, clock, pacing, rng)
        clock.before_ms += speech.duration_ms
    return steps


def _audio(
    speech: Speech, index: int, open_ms: float, before_ms: float, clock: _Clock, pacing: Pacing, rng: random.Random
) -> list[Step]:
    steps, at = list[Step](), 0
    shortest, longest = (round(ms * BYTES_PER_MS) for ms in pacing.delta_ms)
    while at < len(speech.audio):
        delta = speech.audio[at : at + max(1, rng.randint(shortest, longest))]
        at += len(delta)
        made_ms = max(open_ms, clock.at(before_ms + at / BYTES_PER_MS))
        steps.append(Step(AUDIO, index, made_ms, made_ms, delta))
    return steps


def _text(
    speech: Speech, index: int, open_ms: float, before_ms: float, clock: _Clock, pacing: Pacing, rng: random.Random
) -> list[Step]:
    """Words one or two at a time, never after their audio was generated, unless they are held back."""
    steps, made_ms = list[Step](), open_ms
    lead_ms = rng.uniform(*pacing.text_lead_ms)
    pieces = re.findall(r"\s*\S+", speech.text)
    starts = [word.start_ms for word in speech.words] or [0.0] * len(pieces)
    while pieces:
        count = rng.choice((1, 1, 2))
        piece, pieces = "".join(pieces[:count]), pieces[count:]
        lead_ms = min(pacing.text_lead_ms[1], max(pacing.text_lead_ms[0], lead_ms + rng.uniform(-300.0, 300.0)))
        made_ms = max(made_ms, clock.at(max(0.0, before_ms + starts[0] - lead_ms)))
        starts = starts[count:]
        steps.append(Step(TEXT, index, made_ms, made_ms + pacing.text_late_ms, piece))
    return steps


def _called(item: Call, index: int, open_ms: float, rng: random.Random) -> list[Step]:
    steps, rest, at_ms = list[Step](), item.json, open_ms
    while rest:
        size = rng.randint(3, 12)
        at_ms += rng.uniform(1.0, 4.0)
        steps.append(Step(ARGUMENTS, index, at_ms, at_ms, rest[:size]))
        rest = rest[size:]
    return steps


def paced(answer: Answer, pacing: Pacing, **changes: Any) -> Pacing:
    """The pacing that holds for an answer."""
    return replace(answer.pacing or pacing, **changes)
