"""The sound classes: how finely speech is told apart.

Telephone speech has 4 kHz of band, and the same class serves five languages, so the classes are broad: what matters
is the rough sequence of sounds and how long each lasts. A voiceless stop is two classes, its closure and its burst,
because the closure looks like a pause. One character per class, so that a word's sounds are a string.
"""

from __future__ import annotations

# Class -> what it holds.
CLASSES = {
    "a": "open vowels",
    "e": "mid front vowels",
    "i": "close front vowels",
    "o": "back vowels",
    "u": "close back vowels",
    "Y": "front rounded vowels (ü, ö, eu)",
    "@": "schwa",
    "A": "nasal vowels",
    "s": "s",
    "S": "sh, ch's release, ich",
    "z": "z",
    "Z": "voiced sh (j)",
    "f": "f and th of thin",
    "v": "v and th of this, Spanish soft b, d and g",
    "h": "h",
    "x": "ach, Spanish j, uvular r",
    "m": "m",
    "n": "n, ng, gn",
    "l": "l",
    "r": "English r",
    "R": "tapped or trilled r",
    "c": "closure of p, t, k",
    "t": "burst of p, t, k",
    "b": "b",
    "d": "d",
    "g": "g",
    "w": "w",
    "j": "y of yes",
}
SYMBOLS = "".join(CLASSES)
COUNT = len(SYMBOLS) + 1
"""Rows of the table: the sounds in this order, and silence."""
