"""Spoken words -> sound classes, by rules of spelling for each language."""

from __future__ import annotations

from functools import lru_cache

from .english import ENGLISH
from .french import FRENCH
from .german import GERMAN
from .italian import ITALIAN
from .rules import Speller
from .spanish import SPANISH

__all__ = ["sound_classes"]

SPELLERS: dict[str, Speller] = {"en": ENGLISH, "es": SPANISH, "de": GERMAN, "fr": FRENCH, "it": ITALIAN}


@lru_cache(16384)
def sound_classes(word: str, language: str) -> str:
    """The classes of one spoken word in lower case ("forty" -> "forcti"); a word without any is one schwa."""
    return SPELLERS[language].sounds(word) or "@"
