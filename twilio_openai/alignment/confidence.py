"""How far an alignment is to be believed, from its score per frame of audio.

The right text scores about -0.26 per frame, the text of another answer -0.53 (benchmarks/heard; the figures depend on the
table, and `scripts/train_alignment.py` prints them). The logistic curve between them is 0.5 where both are equally likely.
"""

from __future__ import annotations

import math

MIDDLE = -0.45
"""Score per frame at which the text is as likely wrong as right."""
SLOPE = 40.0
"""Steepness of the curve, per unit of score."""
DOUBTFUL = 0.5
"""Below this confidence the later of two estimates counts."""
ESTIMATED = 0.4
"""Of the quick estimate: exact at about four cuts in five."""
UNREADABLE = 0.25
"""Of the quick estimate for a language or script whose spelling is not known."""
SILENT = 0.0
"""Of an audio without any sound."""


def aligned(score_per_frame: float) -> float:
    """The confidence of the sounds' alignment."""
    return 1.0 / (1.0 + math.exp(-SLOPE * (max(-5.0, score_per_frame) - MIDDLE)))
