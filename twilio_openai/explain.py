"""Why each word of a turn counts as heard, or does not: the evidence of the ledger and of the alignment, in
sentences. Pure.
"""

from collections.abc import Iterator

from .playback import Evidence
from .trace import Replay
from .transcript import AgentLine, WordCount


def explain(replayed: Replay, turn: str) -> list[str]:
    """The explanation of one turn: its number (from 1) or its item's id.

    Raises:
        LookupError: the call has no such turn.
    """
    transcript = replayed.adapter.conversation.transcript
    turns = transcript.turns()
    numbered = {str(number): one.item_id for number, one in enumerate(turns, 1)}
    item_id = numbered.get(turn, turn)
    line = transcript.find_agent(item_id)
    if line is None:
        if transcript.find_caller(item_id) is None:
            raise LookupError(f"no turn {turn!r}: the call has {len(turns)} turns")
        return ["This is the caller's turn: what was transcribed of their own words."]
    return list(_agent(line, replayed.head["began_ms"]))


def _agent(line: AgentLine, began_ms: float) -> Iterator[str]:
    words = line.text.split()
    yield f"{line.heard_words or 0} of {len(words)} words were heard: {line.turn().text or '(none)'}"
    yield f"Generated: {line.generated_bytes // 8} ms of audio. Heard: {line.heard_ms or 0:.0f} ms."
    if not line.interrupted:
        yield "Every mark behind its audio came back while nothing had been cleared: all of it was played."
        return
    if line.evidence:
        yield from _cut(line.evidence, line, began_ms)
    if line.count:
        yield from _words(words, line.heard_ms or 0.0, line.count)


def _cut(evidence: Evidence, line: AgentLine, began_ms: float) -> Iterator[str]:
    start = evidence.starts.get(line.item_id, 0.0)
    if evidence.cleared_ms is None:
        yield "The stream ended while it played."
    else:
        yield f"clear was sent {_at(evidence.cleared_ms, began_ms)}; a mark's round trip is {evidence.trip_ms:.0f} ms."
    if evidence.told_ms is None:
        yield "No echo told of the cut in time: it is estimated from the round trip."
    elif evidence.cleared_ms is not None:
        after = evidence.told_ms - evidence.cleared_ms
        yield f"The burst of echoes came {_at(evidence.told_ms, began_ms)}, {after:.0f} ms after clear was sent."
    offset = f"the offset of echoes ({evidence.echoes} of them) is {evidence.offset_ms - began_ms:.0f} ms of the call"
    yield f"The playhead then: {evidence.playhead:.0f} ms of all audio sent; this turn's begins at {start:.0f} ms."
    yield f"It is known from an echo's arrival less its position: {offset}."


def _words(words: list[str], heard_ms: float, count: WordCount) -> Iterator[str]:
    yield f"Its words ({count.method}, confidence {count.confidence}), each with the ms at which it ends:"
    marked = []
    for index, (word, end) in enumerate(zip(words, count.ends_ms, strict=False)):
        ended = f"{end:.0f}" if end < float("inf") else "not in the audio"
        marked.append(("" if index != count.words else f"✂ {heard_ms:.0f} ms ✂ ") + f"{word} ({ended})")
    yield "  " + " ".join(marked)


def _at(now_ms: float, began_ms: float) -> str:
    return f"{(now_ms - began_ms) / 1000:.3f} s into the call"
