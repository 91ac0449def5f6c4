"""Spanish spelling: regular; v is b, h is silent, soft b, d and g between vowels."""

from __future__ import annotations

from .rules import Rules, Speller

RULES: Rules = (
    ("ch", "ctS"),
    ("ll|^y(?=.)|(?<=[aeiou])y(?=[aeiou])|^hi(?=e)", "j"),
    ("rr|r", "R"),
    ("qu(?=[ei])", "ct"),
    ("gu(?=[ei])", "g"),
    ("gü", "gw"),
    ("g(?=[eiéí])|j", "x"),
    ("c(?=[eiéí])|z", "f"),
    ("^hu(?=[eai])|(?<=[cgbptmrdsn])u(?=[aeioáéó])", "w"),
    ("h", ""),
    ("(?<=[cpbfvtdmnrlgsz])i(?=[aeoáéóu])", "j"),
    ("(?<=[aeiouáéíóú])[bv](?=[aeiouáéíóúlr])", "v"),
    ("v", "b"),
    ("(?<=[aeiouáéíóú])d(?=[aeiouáéíóúr]|$)|(?<=[aeiouáéíóú])g(?=[aouáóúr])", "v"),
    ("y", "i"),
)
SPANISH = Speller(RULES)
