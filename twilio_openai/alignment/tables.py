"""How word tables are written down: as text that reads like a dictionary.

Entries are separated by blanks; an entry is `key=value`, a blank inside it is written `_`, and alternatives stand
behind `|`.
"""

from __future__ import annotations


def listed(text: str) -> tuple[str, ...]:
    """The entries of a table without values."""
    return tuple(entry.replace("_", " ") for entry in text.split())


def paired(text: str) -> dict[str, str]:
    """Key -> value."""
    return {key: value.replace("_", " ") for key, _, value in (entry.partition("=") for entry in text.split())}


def several(text: str) -> dict[str, tuple[str, ...]]:
    """Key -> its alternatives, the likeliest first."""
    return {key: tuple(value.split("|")) for key, value in paired(text).items()}
