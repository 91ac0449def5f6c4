"""Italian spelling: regular; c and g are soft before e and i."""

from __future__ import annotations

from .rules import Rules, Speller

RULES: Rules = (
    ("gli(?=[aeo])|gl(?=i)", "lj"),
    ("gn", "nj"),
    ("sci(?=[aou])|sc(?=[eièé])", "S"),
    ("cch|ch|cq(?=u)", "ct"),
    ("ggh|gh", "g"),
    ("c?ci(?=[aou])|c?c(?=[eièé])", "ctS"),
    ("g?gi(?=[aou])|g?g(?=[eièé])", "dZ"),
    ("qu", "ctw"),
    ("zz|z", "cts"),
    ("(?<=[aeiouàèéìòù])s(?=[aeiouàèéìòùmbdgvlnr])", "z"),
    ("h", ""),
    ("rr|r", "R"),
    ("(?<=[bcdfghmnprstvl])i(?=[aeoàèò])|^i(?=[aeo])", "j"),
    ("u(?=[oaei])", "w"),
    ("j", "j"),
)
ITALIAN = Speller(RULES)
