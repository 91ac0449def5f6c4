"""German spelling: long and short vowels are one class, final stops are voiceless, -er and -en are reduced."""

from __future__ import annotations

from ..tables import paired
from .rules import Rules, Speller

IRREGULAR = paired(
    """
    check=ctSect der=dea die=di durch=duaS ein=ain eine=ain@ einen=ain@n email=imel er=ea für=fYa hier=hia ich=iS
    ihr=ia ihre=ix@ ihren=ix@n ist=isct kurz=ctuacts mehr=mea moment=momenct okay=octei online=onlain
    portion=ctoxctsjon restaurant=xesctoxo service=s@xvis sie=zi team=ctim termin=ctexmin uhr=ua und=unct vier=fia
    wir=via wurde=vuad@ wurden=vuad@n
    """
)

RULES: Rules = (
    ("tsch", "ctS"),
    ("sch", "S"),
    ("^ge(?=[bdfghklmnprstwz])", "g@"),
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
