"""The table of sound classes: what each class sounds like and how long it lasts. Read once, never changed.

`table.json` is made by `scripts/train_alignment.py`. One Gaussian with a full covariance per class; its inverse
covariance is kept as a triangular whitener W (precision = W W^T), so that the log-likelihoods of all classes are one
matrix product.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .lattice import FIRST_SOUND, Sound, Voice
from .letters import sound_classes
from .sounds import COUNT, SYMBOLS

Array = NDArray[np.float64]
Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Table:
    """Trained parameters; the last class is silence."""

    colour: Array
    """(bands,) mean shape of speech, zero mean, nepers of power."""
    means: Array
    """(classes x features)"""
    whiteners: Array
    """(classes x features x features) lower triangular"""
    durations_ms: Array
    """(sounds,) at an average pace"""
    spreads: Array
    """(sounds,) standard deviation of log(duration / expected)"""
    precision: type[np.floating[Any]] = np.float32
    """Of the likelihoods. Single is twice as fast; training needs double, to come out the same on every processor."""

    def log_likelihoods(self, features: Array) -> Array:
        """(frames x classes), without the constant that all classes share."""
        classes, size = self.means.shape
        stacked, offsets, volumes = self._prepared
        exact: Floats = features.astype(self.precision)
        white = (exact @ stacked - offsets).reshape(len(features), classes, size)
        return np.asarray(volumes - 0.5 * np.einsum("tkf,tkf->tk", white, white), dtype=np.float64)

    @cached_property
    def _prepared(self) -> tuple[Floats, Floats, Array]:
        """All whiteners side by side, the whitened means, the log-determinants."""
        classes, size = self.means.shape
        stacked = self.whiteners.transpose(1, 0, 2).reshape(size, classes * size)
        offsets = np.einsum("kf,kfg->kg", self.means, self.whiteners).reshape(-1)
        volumes = np.log(np.abs(np.diagonal(self.whiteners, axis1=1, axis2=2))).sum(1)
        return stacked.astype(self.precision), offsets.astype(self.precision), np.asarray(volumes)

    def scores(self, features: Array) -> Array:
        """The columns that a lattice refers to: silence, speech of any kind, the sounds."""
        likelihoods = self.log_likelihoods(features)
        sounds, silence = likelihoods[:, :-1], likelihoods[:, -1:]
        return np.hstack([silence, sounds.max(axis=1, keepdims=True), sounds])

    def voice(self, language: str) -> Voice:
        """How spoken words of a language sound."""

        def sounds(word: str) -> list[Sound]:
            return [self._sounds[symbol] for symbol in sound_classes(word, language)]

        return sounds

    @cached_property
    def _sounds(self) -> dict[str, Sound]:
        durations = zip(self.durations_ms.tolist(), self.spreads.tolist(), strict=True)
        return {
            symbol: Sound(FIRST_SOUND + index, expected, spread)
            for index, (symbol, (expected, spread)) in enumerate(zip(SYMBOLS, durations, strict=True))
        }


@lru_cache(1)
def shipped() -> Table:
    """The table in the package."""
    return parse(json.loads(resources.files(__package__).joinpath("table.json").read_text("utf-8")))


def parse(data: dict[str, Any]) -> Table:
    """A table from its JSON form.

    Raises ValueError where it was made for other classes than this code's.
    """
    if data["classes"] != SYMBOLS:
        raise ValueError(f"the table is for the classes {data['classes']!r}, this code has {SYMBOLS!r}: train it anew")
    means = np.array(data["means"], dtype=np.float64)
    size = means.shape[1]
    whiteners = np.zeros((COUNT, size, size))
    rows, columns = np.tril_indices(size)
    whiteners[:, rows, columns] = np.array(data["whiteners"])
    return Table(np.array(data["colour"]), means, whiteners, np.array(data["durations_ms"]), np.array(data["spreads"]))


def dump(table: Table, origin: dict[str, Any]) -> dict[str, Any]:
    """The JSON form, rounded to fixed decimals; `origin` says what it was made from."""
    rows, columns = np.tril_indices(table.means.shape[1])
    return {
        "origin": origin,
        "classes": SYMBOLS,
        "colour": np.round(table.colour, 3).tolist(),
        "durations_ms": np.round(table.durations_ms, 1).tolist(),
        "spreads": np.round(table.spreads, 3).tolist(),
        "means": np.round(table.means, 3).tolist(),
        "whiteners": np.round(table.whiteners[:, rows, columns], 3).tolist(),
    }
