"""Spelling -> how it is said, in five languages."""

import pytest

from twilio_openai.alignment.spoken import pause_ms, phrases
from twilio_openai.alignment.spoken.phrase import MOST_READINGS


def first(text: str, language: str) -> str:
    """The likeliest way to say a text."""
    return (
        " ".join(" ".join(phrase.readings[0]) for phrase in phrases(text.split(), language)).replace("  ", " ").strip()
    )


def readings(text: str, language: str) -> set[str]:
    """Every way to say a text of one phrase."""
    (phrase,) = phrases(text.split(), language)
    return {" ".join(reading).strip() for reading in phrase.readings}


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("It's $9.05.", "it's nine dollars and five cents"),
        ("$0.75", "seventy five cents"),
        ("£5", "five pounds"),
        ("$1", "one dollar"),
        ("$1,248.60", "one thousand two hundred forty eight dollars and sixty cents"),
        ("555-0142.", "five five five oh one four two"),
        ("(415) 555-2671", "four one five five five five two six seven one"),
        ("1420 Maple Ave.,", "fourteen twenty maple avenue"),
        ("Suite 210", "suite two ten"),
        ("2:30 p.m.", "two thirty pee em"),
        ("9am", "nine ay em"),
        ("March 3rd", "march third"),
        ("June 15.", "june fifteenth"),
        ("12 May", "twelfth may"),
        ("May 2, 2024", "may second twenty twenty four"),
        ("B12", "bee twelve"),
        ("12a", "twelve ay"),
        ("j.smith@acme.com.", "jay dot smith at acme dot com"),
        ("www.acme.com/help", "double you double you double you dot acme dot com slash help"),
        ("Dr. Alvarez", "doctor alvarez"),
        ("K, O, W", "kay oh double you"),
        ("K-O-W", "kay oh double you"),
        ("9 AM to 6 PM,", "nine ay em to six pee em"),
        ("USB", "you ess bee"),
        ("NASA", "nasa"),
        ("20%", "twenty percent"),
        ("3.5", "three point five"),
        ("10,000", "ten thousand"),
        ("-4", "minus four"),
        ("I have a dog & a cat", "i have a dog and a cat"),
        ("don\u2019t", "don't"),
        ("hmm... tts", "hmm tee tee ess"),
    ],
)
def test_english(text: str, spoken: str) -> None:
    assert first(text, "en") == spoken


@pytest.mark.parametrize(
    ("text", "language", "spoken"),
    [
        ("18,50 €.", "es", "dieciocho euros cincuenta"),
        ("las 21:30.", "es", "las nueve y media"),
        ("4 personas", "es", "cuatro personas"),
        ("Sra. López", "es", "señora lópez"),
        ("1 de mayo", "es", "primero de mayo"),
        ("info@luna.es", "es", "info arroba luna punto e ese"),
        ("24,90 €", "de", "vierundzwanzig euro neunzig"),
        ("16:30 Uhr", "de", "sechzehn uhr dreißig"),
        ("80331 München", "de", "acht null drei drei eins münchen"),
        ("am 15. Juni", "de", "am fünfzehnten juni"),
        ("z.B. Dr. Weber", "de", "zum beispiel doktor weber"),
        ("42,80 €,", "fr", "quarante deux euros quatre vingts"),
        ("15 h 30", "fr", "quinze heures trente"),
        ("15h30", "fr", "quinze heures trente"),
        ("1er mai", "fr", "premier mai"),
        ("06 12", "fr", "zéro six douze"),
        ("27,50 €", "it", "ventisette euro cinquanta"),
        ("alle 20:30", "it", "alle venti e trenta"),
        ("1° maggio", "it", "primo maggio"),
        ("Sig. Rossi", "it", "signor rossi"),
        ("20%", "it", "venti per cento"),
    ],
)
def test_other_languages(text: str, language: str, spoken: str) -> None:
    assert first(text, language) == spoken


@pytest.mark.parametrize(
    ("text", "language", "also"),
    [
        ("$9.05", "en", "nine oh five"),
        ("4:47", "en", "thirteen to five"),
        ("7:30", "en", "half past seven"),
        ("6:45", "en", "quarter to seven"),
        ("1420", "en", "one thousand four hundred and twenty"),
        ("0142", "en", "zero one four two"),
        ("B7X42", "en", "bee seven ex four two"),
        ("18,50 €", "es", "dieciocho euros con cincuenta céntimos"),
        ("21:30", "es", "nueve y media de la noche"),
        ("612", "es", "seis uno dos"),
        ("16:30 Uhr", "de", "halb fünf"),
        ("17,80 €", "de", "siebzehn euro achtzig cent"),
        ("10:15", "it", "dieci e un quarto"),
        ("10h15", "fr", "dix heures et quart"),
    ],
)
def test_other_readings_are_offered(text: str, language: str, also: str) -> None:
    assert also in readings(text, language)


def test_a_sign_said_inside_the_number_leaves_its_own_word_empty() -> None:
    (phrase,) = phrases(["24,90", "€"], "de")
    assert phrase.readings[0] == ("vierundzwanzig euro neunzig", "")
    assert not phrase.certain


def test_words_are_certain_and_numbers_are_not() -> None:
    certain, number = phrases(["hello", "42"], "en")
    assert certain.certain
    assert not number.certain


def test_readings_are_few() -> None:
    for text in ("$1,248.60", "21:30", "612", "12/03/2025", "1-800-555-0199"):
        for language in ("en", "es", "de", "fr", "it"):
            assert all(len(phrase.readings) <= MOST_READINGS for phrase in phrases(text.split(), language))


def test_phrases_cover_every_word() -> None:
    words = ["The", "3", "bills", "of", "$5", "million,", "24,90", "€", "and", "16:30", "Uhr", "…", "are", "—", "due"]
    for language in ("en", "es", "de", "fr", "it"):
        assert sum(phrase.words for phrase in phrases(words, language)) == len(words)


@pytest.mark.parametrize(
    ("word", "expected"),
    [("done.", 330.0), ("well,", 170.0), ('"so?"', 330.0), ("um...", 400.0), ("plain", 0.0), ("Dr.", 0.0), ("K.", 0.0)],
)
def test_pauses_follow_punctuation_but_not_abbreviations(word: str, expected: float) -> None:
    assert pause_ms(word, "en") == expected
