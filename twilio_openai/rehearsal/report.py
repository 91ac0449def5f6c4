"""After a rehearsal: what the transcript claims against what the loudspeaker truly played, word by word. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from twilio_openai.rehearsal.truth import Heard

MAX_WORDS_OFF = 2
MAX_CUT_ERROR_MS = 60.0


@dataclass(frozen=True)
class Verdict:
    """One agent's turn: the words that the transcript claims and those that were truly heard."""

    claimed: tuple[str, ...]
    heard: tuple[str, ...]
    unheard: tuple[str, ...]
    interrupted: bool
    claimed_ms: float
    played_ms: float

    @property
    def words_off(self) -> int:
        """Words claimed too many (positive) or too few (negative)."""
        return len(self.claimed) - len(self.heard)

    @property
    def cut_error_ms(self) -> float:
        """By how much the transcript says that more was played than was."""
        return self.claimed_ms - self.played_ms

    @property
    def right(self) -> bool:
        """Whether the turn is within what we promise."""
        in_time = not self.interrupted or abs(self.cut_error_ms) <= MAX_CUT_ERROR_MS
        return abs(self.words_off) <= MAX_WORDS_OFF and in_time


def judge(turns: Sequence[dict[str, Any]], truths: Sequence[Heard]) -> list[Verdict]:
    """One verdict for each of the agent's turns that has a truth, in the order of the transcript."""
    by_item = {truth.item.id: truth for truth in truths}
    return [
        Verdict(
            claimed=tuple(turn["text"].split()),
            heard=tuple(word.text for word in by_item[turn["item_id"]].words),
            unheard=tuple(turn["unheard"].split()),
            interrupted=turn["interrupted"],
            claimed_ms=turn["heard_ms"],
            played_ms=by_item[turn["item_id"]].played_ms,
        )
        for turn in turns
        if turn["role"] == "agent" and turn["item_id"] in by_item
    ]


def lines(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """The report, ready to print."""
    yield "What the caller heard, as the transcript claims it and as the loudspeaker played it:"
    for verdict in verdicts:
        yield ""
        yield f"  agent   {' '.join(verdict.claimed) or '(nothing)'}"
        if verdict.interrupted:
            yield f"          ✂ not heard: {' '.join(verdict.unheard)}"
            yield f"          cut after {verdict.claimed_ms / 1000:.2f} s, truly {verdict.played_ms / 1000:.2f} s"
        yield f"          {_words(verdict)}"
    cuts = [verdict for verdict in verdicts if verdict.interrupted]
    exact = sum(verdict.words_off == 0 for verdict in cuts)
    yield ""
    if cuts:
        yield f"{len(cuts)} cut: {exact} exact to the word, worst {max(abs(v.cut_error_ms) for v in cuts):.0f} ms off."
    yield "All words are right." if all(v.words_off == 0 for v in verdicts) else "Not all words are right."


def _words(verdict: Verdict) -> str:
    claimed, heard = len(verdict.claimed), len(verdict.heard)
    return f"{claimed} words claimed, {heard} truly heard" + ("" if verdict.words_off else ", exactly")
