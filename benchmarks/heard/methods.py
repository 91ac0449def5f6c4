"""Ways to tell how many words were heard: ours, and what others do."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from twilio_openai.alignment import align, estimate

from .cuts import Cut

Method = Callable[[Cut], Sequence[float]]
"""The end of each word of the cut's text (ms)."""


def everything(cut: Cut) -> list[float]:
    """Whatever was received counts as heard."""
    return [0.0] * len(cut.text.split())


def in_proportion(cut: Cut, weights: Sequence[float]) -> list[float]:
    """The text spread over the audio by the words' weights."""
    duration, total = len(cut.audio) / 8, sum(weights)
    done, ends = 0.0, []
    for weight in weights:
        done += weight
        ends.append(duration * done / total)
    return ends


def characters(cut: Cut) -> list[float]:
    """In proportion to the letters."""
    return in_proportion(cut, [len(word) + 1.0 for word in cut.text.split()])


def words(cut: Cut) -> list[float]:
    """In proportion to the number of words."""
    return in_proportion(cut, [1.0] * len(cut.text.split()))


def marks(cut: Cut) -> list[float]:
    """Twilio's example: the text that came with an audio message is heard when that message's mark comes back."""
    ends: list[float] = []
    sent = waiting = 0
    for delta in cut.arrivals:
        if delta.audio_bytes > sent and not sent:
            ends += [delta.audio_bytes / 8] * waiting
        sent = delta.audio_bytes
        new = delta.words - len(ends) - (0 if sent else waiting)
        if sent:
            ends += [sent / 8] * max(0, delta.words - len(ends))
        else:
            waiting += new
    return ends[: len(cut.text.split())]


def estimated(cut: Cut) -> Sequence[float]:
    """Ours, by pauses and weights."""
    return estimate(cut.text, cut.audio, cut.language, cut.complete).ends_ms


def aligned(cut: Cut) -> Sequence[float]:
    """Ours, by sounds."""
    return align(cut.text, cut.audio, cut.language, cut.complete).ends_ms


METHODS: dict[str, Method] = {
    "everything received": everything,
    "marks": marks,
    "words in proportion": words,
    "characters in proportion": characters,
    "estimate": estimated,
    "align": aligned,
}
