"""Whether words were heard, by how they are said: "$9.05" is found in "nine dollars and five cents". Pure."""

from collections.abc import Iterable, Sequence
from itertools import islice, product

from twilio_openai.alignment.language import known
from twilio_openai.alignment.spoken import phrases

MAX_READINGS = 64


def was_heard(words: str, heard: Iterable[str], language: str = "en") -> bool:
    """Whether `words` were heard in one of these texts, in their order and without a gap."""
    wanted = {f" {reading} " for reading in _readings(words.split(), language) if reading}
    return any(
        reading in f" {said} " for text in heard for said in _readings(text.split(), language) for reading in wanted
    )


def _readings(words: Sequence[str], language: str) -> list[str]:
    """How the words may be said, the likeliest first; as they are written in a language that we cannot read out."""
    code = known(language)
    if code is None:
        return [" ".join(words).casefold()]
    spoken = [phrase.readings for phrase in phrases(words, code)]
    return [" ".join(" ".join(reading) for reading in one if reading) for one in islice(product(*spoken), MAX_READINGS)]
