"""Which of the five languages whose spelling we know a text is in, if any."""

from __future__ import annotations

LANGUAGES = ("en", "es", "de", "fr", "it")

# The last code point of Latin Extended-B: letters beyond it belong to scripts that we cannot read.
LAST_LATIN = 0x24F


def known(language: str | None) -> str | None:
    """The primary subtag ("en" of "en-US", "EN" or "en_GB") if it is one of `LANGUAGES`, else None."""
    primary = (language or "").strip().lower().replace("_", "-").split("-")[0]
    return primary if primary in LANGUAGES else None


def readable(text: str) -> bool:
    """Whether at most a tenth of the text's letters are outside the Latin script."""
    letters = [character for character in text if character.isalpha()]
    foreign = sum(ord(letter) > LAST_LATIN for letter in letters)
    return foreign * 10 <= len(letters)
