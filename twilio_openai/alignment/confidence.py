"""How far an alignment is to be believed, from its score per frame of audio.

Measured with the shipped table: the right text scores -0.17 per frame on synthetic voices (99 % above -0.29) and
-0.28 on recorded human ones (99 % above -0.41); the text of another answer -0.69 (three in four below -0.49), half of
the text -1.49. The logistic curve is 0.5 behind the worst of the right ones.
"""

from __future__ import annotations

import math

MIDDLE = -0.43
"""Score per frame at which the text is as likely wrong as right."""
SLOPE = 20.0
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
