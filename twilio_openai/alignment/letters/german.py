"""German spelling: long and short vowels are one class, final stops are voiceless, -er and -en are reduced."""

from __future__ import annotations

from .rules import Rules, Speller

IRREGULAR = {"und": "uncct", "der": "dea", "er": "ea", "wir": "via", "für": "fYa", "mehr": "mea", "vier": "fia", "ihr": "ia", "uhr": "ua",
             "hier": "hia", "ist": "ict", "termin": "ctexmin", "restaurant": "xesctoxo", "portion": "ctoxctsjon", "moment": "momencct",
             "ein": "ain", "eine": "ain@", "einen": "ain@n", "ich": "iS", "sie": "zi", "die": "di", "ihre": "ix@", "ihren": "ix@n",
             "team": "ctim", "email": "imel", "service": "s@xvis", "check": "ctSect", "online": "onlain", "okay": "ocei"}  # fmt: skip
IRREGULAR = {word: sounds.replace("cct", "ct") for word, sounds in IRREGULAR.items()}

RULES: Rules = (
    ("sch", "S"),
    ("tsch", "ctS"),
    ("^s(?=[pt])", "S"),
    ("(?<=[aou])ch", "x"),
    ("chs", "cts"),
    ("ch(?=[arol])|ck", "ct"),
    ("ch|(?<=i)g$", "S"),
    ("tz|z|ts", "cts"),
    ("t(?=ion)", "cts"),
    ("ei|ai|ey|ay", "ai"),
    ("eu|äu", "oi"),
    ("au", "au"),
    ("ie|ih|ieh", "i"),
    ("aa|ah", "a"),
    ("ee|eh|äh", "e"),
    ("oo|oh", "o"),
    ("uh", "u"),
    ("öh|üh", "Y"),
    ("qu", "ctv"),
    ("pf", "ctf"),
    ("ph|v(?!a)", "f"),
    ("w|v", "v"),
    ("ng", "n"),
    ("nk", "nct"),
    ("ss|ß", "s"),
    ("(?<=[a-zäöü])s(?=$|[ptk])", "s"),
    ("s(?=[aeiouäöü])", "z"),
    ("j", "j"),
    ("(?<=[a-zäöü])er(?=$|[snt]$|[bcdfgklmnpstvwz])", "a"),
    ("(?<=[a-zäöü]{2})e(?=[nlm]$|$|n[st])", "@"),
    ("(?<=[a-zäöü])(?:d|b|g)(?=$|[st]|t$)", "ct"),
    ("(?<=[aeiouäöü])h(?![aeiouäöü])", ""),
    ("y", "Y"),
    ("(?<=[aeiouäöü])r(?=$|[bcdfgklmnpstvwz])", "x"),
    ("r", "x"),
)
GERMAN = Speller(RULES, IRREGULAR)
