"""Letter-to-sound rules: an ordered list of (spelling, sounds), read from left to right, the first match wins.

A spelling is a regular expression without groups of its own that may look around itself; `^` and `$` are the ends of
the word. Letters without a rule are silent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Rules = Sequence[tuple[str, str]]

# Said alike in all five languages. "c" + "t" is a voiceless stop: closure and burst.
COMMON: Rules = (
    ("ph", "f"),
    ("p|t|k|q|c", "ct"),
    ("x", "cts"),
    ("[aàáâãå]", "a"),
    ("[eèéêëæ]", "e"),
    ("[iìíîï]", "i"),
    ("[oòóôõ]", "o"),
    ("[uùúû]", "u"),
    ("[öőœü]", "Y"),
    ("ä", "e"),
    ("ç|ß", "s"),
    ("ñ", "nj"),
    ("y", "i"),
    ("b", "b"), ("d", "d"), ("g", "g"), ("f", "f"), ("v", "v"), ("s", "s"), ("z", "z"), ("h", "h"), ("j", "dZ"),
    ("m", "m"), ("n", "n"), ("l", "l"), ("r", "r"), ("w", "w"),
)  # fmt: skip
# A doubled letter is said once, and two voiceless stops in a row have one closure.
REPEATED = re.compile(r"(ct|.)\1+")


@dataclass(frozen=True)
class Speller:
    """One language's rules, its irregular words, and the sound of its r."""

    rules: Rules
    irregular: Mapping[str, str] = field(default_factory=dict)
    _pattern: re.Pattern[str] = field(init=False)
    _sounds: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        rules = (*self.rules, *COMMON)
        object.__setattr__(self, "_pattern", re.compile("|".join(f"({spelling})" for spelling, _ in rules)))
        object.__setattr__(self, "_sounds", tuple(sounds for _, sounds in rules))

    def sounds(self, word: str) -> str:
        """The sound classes of one spoken word in lower case, one character each."""
        if word in self.irregular:
            return self.irregular[word]
        plain = word.replace("'", "")
        said = "".join(self._said(match) for match in self._pattern.finditer(plain))
        return REPEATED.sub(r"\1", said)

    def _said(self, match: re.Match[str]) -> str:
        return self._sounds[(match.lastindex or 1) - 1]
