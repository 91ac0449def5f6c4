"""Spoken words -> sound classes."""

import pytest

from twilio_openai.alignment.letters import SPELLERS, sound_classes
from twilio_openai.alignment.sounds import CLASSES


@pytest.mark.parametrize(
    ("word", "language", "sounds"),
    [
        ("night", "en", "naict"),
        ("phone", "en", "foun"),
        ("knee", "en", "ni"),
        ("church", "en", "ctS@rctS"),
        ("station", "en", "scteiS@n"),
        ("happy", "en", "hacti"),
        ("rough", "en", "raf"),
        ("the", "en", "v@"),
        ("gente", "es", "xencte"),
        ("llave", "es", "jave"),
        ("queso", "es", "cteso"),
        ("zapato", "es", "factacto"),
        ("schön", "de", "SYn"),
        ("zwei", "de", "ctsvai"),
        ("ich", "de", "iS"),
        ("nacht", "de", "naxct"),
        ("beaucoup", "fr", "boctu"),
        ("chambre", "fr", "SAbx"),
        ("oignon", "fr", "wanjA"),
        ("chiesa", "it", "ctjeza"),
        ("famiglia", "it", "familja"),
        ("cena", "it", "ctSena"),
    ],
)
def test_spelling(word: str, language: str, sounds: str) -> None:
    assert sound_classes(word, language) == sounds


@pytest.mark.parametrize("language", SPELLERS)
def test_every_rule_and_irregular_word_has_known_classes(language: str) -> None:
    speller = SPELLERS[language]
    sounds = [*speller.irregular.values(), *(said for _, said in speller.rules)]
    assert {symbol for one in sounds for symbol in one} <= set(CLASSES)


@pytest.mark.parametrize("language", SPELLERS)
def test_a_word_without_letters_we_know_is_a_schwa(language: str) -> None:
    assert sound_classes("\u0416", language) == "@"


def test_a_stop_has_a_closure_before_its_burst() -> None:
    for language in SPELLERS:
        assert "ct" in sound_classes("pa", language)
