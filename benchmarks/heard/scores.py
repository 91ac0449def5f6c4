"""What is counted: errors of the number of heard words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

HEADER = f"{'':34}{'cuts':>7}{'exact %':>9}{'within 1':>10}{'over %':>8}{'worst':>9}"


@dataclass
class Score:
    """Counts of (claimed - truly heard) words."""

    errors: Counter[int] = field(default_factory=Counter)

    def add(self, claimed: int, heard: int) -> None:
        """One cut."""
        self.errors[claimed - heard] += 1

    @property
    def cuts(self) -> int:
        """How many."""
        return self.errors.total()

    @property
    def exact(self) -> float:
        """Per cent with the right number."""
        return self._share(lambda error: error == 0)

    @property
    def within_one(self) -> float:
        """Per cent with at most one word too many or too few."""
        return self._share(lambda error: abs(error) <= 1)

    @property
    def over(self) -> float:
        """Per cent where a word was claimed that was not heard."""
        return self._share(lambda error: error > 0)

    @property
    def worst(self) -> tuple[int, int]:
        """Most words claimed too many, and too few."""
        return max(0, *self.errors), max(0, *(-error for error in self.errors))

    def line(self, name: str) -> str:
        """A row under `HEADER`."""
        worst = "+{}/-{}".format(*self.worst)
        return f"{name[:34]:34}{self.cuts:7}{self.exact:9.1f}{self.within_one:10.1f}{self.over:8.1f}{worst:>9}"

    def _share(self, counts: Callable[[int], bool]) -> float:
        return 100.0 * sum(number for error, number in self.errors.items() if counts(error)) / max(1, self.cuts)
