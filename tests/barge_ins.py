"""Five ways to cut an agent off (S1 to S5), and how far the server's account of each is from the truth.

The truth is what left the phone's loudspeaker by its own clock (`rehearsal.truth`); the server sees it through a line
with delay and jitter, and a loudspeaker that starts late.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from house import House, Record, house, pick, say

from twilio_openai.rehearsal import speech
from twilio_openai.rehearsal.answers import Answer, Pacing, Stall
from twilio_openai.rehearsal.line import Line
from twilio_openai.rehearsal.model_session import ModelSession
from twilio_openai.rehearsal.phone import Phone
from twilio_openai.rehearsal.truth import Heard

LONG = ("agent-total", "agent-hours", "agent-free", "agent-greeting", "agent-total-again", "agent-order", "agent-ready")
FOREIGN = ("en-00-2", "en-05-3", "en-16-2")


@dataclass(frozen=True)
class Error:
    """One item of the agent's: what the server made of it, and what was true."""

    kind: str
    text: str
    played_ms: float
    heard_ms: int
    told_ms: list[int]
    """What the model was told: the ms of every truncate, 0 for a delete."""
    played_words: int
    heard_words: int

    @property
    def ms(self) -> float:
        return self.heard_ms - self.played_ms

    @property
    def words(self) -> int:
        return self.heard_words - self.played_words


@dataclass(frozen=True)
class Outcome:
    """One call: its errors, and whatever should not have been."""

    kind: str
    seed: int
    errors: list[Error]
    record: Record
    refusals: list[str]
    warnings: list[str]


Script = tuple[list[Answer], Callable[[Phone, random.Random], Awaitable[None]]]


def line(rng: random.Random) -> Line:
    """0 to 150 ms either way, 30 ms of jitter, a loudspeaker that starts up to 120 ms late."""
    return Line(rng.uniform(0, 150), rng.uniform(0, 150), 30.0, 120.0, seed=rng.randrange(10**6))


def pacing(kind: str, rng: random.Random) -> Pacing:
    """From barely faster than speech to all at once; S3 needs what it stalls to be played out by then, and S4 an answer
    whose beginning does not stutter by itself.
    """
    speeds = {"S3": (5.0,), "S4": (3.0, 5.0, 0.0)}.get(kind, (1.6, 3.0, 5.0, 0.0))
    return Pacing(speed=rng.choice(speeds), think_ms=40.0, text_lead_ms=(200.0, rng.uniform(500, 3000)))


async def cut_in(phone: Phone, words: str = "caller-wait") -> None:
    """Speak, until the server has cleared what was queued, and until that is said."""
    cuts = len(phone.loudspeaker.cuts)
    phone.say(speech.load(words))
    await phone.until(lambda: len(phone.loudspeaker.cuts) > cuts, 5, "a clear")
    await phone.until_said()


def s1(rng: random.Random) -> Script:
    """One answer, cut in the middle."""
    name = rng.choice(LONG + FOREIGN)

    async def play(phone: Phone, rng: random.Random) -> None:
        await phone.heard(rng.uniform(600, speech.load(name).duration_ms - 1200))
        await cut_in(phone)

    return [say(name)], play


def s2(rng: random.Random) -> Script:
    """Two messages in one answer, cut in the first."""
    first, second = rng.sample(LONG, 2)

    async def play(phone: Phone, rng: random.Random) -> None:
        await phone.heard(rng.uniform(600, speech.load(first).duration_ms - 1200))
        await cut_in(phone)

    return [say(first, second)], play


def s3(rng: random.Random) -> Script:
    """Cut after the model has stalled for so long that the loudspeaker ran dry."""
    name, stalled_ms = rng.choice(LONG[:4]), rng.uniform(800, 1600)

    async def play(phone: Phone, rng: random.Random) -> None:
        await phone.heard(stalled_ms + rng.uniform(300, 1200))
        await cut_in(phone)

    return [say(name, stalls=(Stall(stalled_ms, stalled_ms + rng.uniform(300, 900)),))], play


def s4(rng: random.Random) -> Script:
    """Cut, and cut again 200 ms into the next answer."""
    first, second = rng.sample(LONG, 2)

    async def play(phone: Phone, rng: random.Random) -> None:
        await phone.heard(rng.uniform(600, 2000))
        await cut_in(phone)
        await phone.until_playing()
        await phone.heard(20)
        await cut_in(phone, "caller-no")

    return [say(first), say(second)], play


def s5(rng: random.Random) -> Script:
    """Two messages in one answer, cut in the second."""
    first, second = "agent-moment", rng.choice(LONG)

    async def play(phone: Phone, rng: random.Random) -> None:
        first_ms, second_ms = (speech.load(name).duration_ms for name in (first, second))
        await phone.heard(first_ms + rng.uniform(500, second_ms - 1200))
        await cut_in(phone)

    return [say(first, second)], play


SCENES = {"S1": s1, "S2": s2, "S3": s3, "S4": s4, "S5": s5}


async def play(kind: str, seed: int) -> Outcome:
    """One call with one (or two) barge-ins, hung up in the answer to the last."""
    rng = random.Random(f"{kind}{seed}")
    script, scene = SCENES[kind](rng)
    async with house([*script, say("agent-coffee")], pacing=pacing(kind, rng), seed=seed) as h:
        phone = await h.call(line(rng))
        await phone.until_playing()
        await scene(phone, rng)
        await phone.until_playing()
        await phone.heard(400)
        phone.hang_up()
        record = await h.record(phone)
        await asyncio.sleep(0.3)
        return outcome(kind, seed, h, phone, record)


def outcome(kind: str, seed: int, h: House, phone: Phone, record: Record) -> Outcome:
    """Compare what the server said with what was true, but for the last answer, which the hang-up cut."""
    session, heard = h.model.session(), h.heard(phone)
    *cut, _ = [one for one in heard.values() if one.item.generated_ms]
    errors = [_error(kind, one, record, session) for one in cut]
    refusals = [f"{refusal.code}: {refusal.message}" for refusal in h.model.refusals]
    noted = [item for barge_in in h.events("barge_in", phone) for item in barge_in["items"]]
    for item in noted:
        same = next(turn for turn in record["turns"] if turn["item_id"] == item["item_id"])
        assert pick(same, {"heard_ms": 0}) == pick(item, {"heard_ms": 0})
    return Outcome(kind, seed, errors, record, refusals, [str(notice) for notice in phone.warnings])


def _error(kind: str, one: Heard, record: Record, session: ModelSession) -> Error:
    turn = next((turn for turn in record["turns"] if turn["item_id"] == one.item.id), None)
    if turn:
        everything = f"{turn['text']} {turn['unheard']}".split()
        assert everything == one.item.text.split(), (everything, one.item.text)
    told = [e for _, e in session.received if e.get("item_id") == one.item.id and "item." in e["type"]]
    told_ms = [event.get("audio_end_ms", 0) for event in told]
    heard_ms, text = (turn["heard_ms"], turn["text"]) if turn else (0, "")
    return Error(kind, one.item.text, one.played_ms, heard_ms, told_ms, len(one.words), len(text.split()))
