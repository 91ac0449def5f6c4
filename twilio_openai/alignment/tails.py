"""Where a word before a pause ends: when its sound has died away.

The dynamic programme ends such a word as soon as silence explains the frames better, which cuts off soft endings.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

BELOW_LOUD = 8.4
"""A sound has died away this far below the loud frames (nepers of power: 36 dB)."""
ABOVE_PAUSE = 1.2
"""... or this near to the pause's own floor (nepers of power: 5 dB)."""
LONGEST_DIP = 6
"""Frames that the level may stay below before the word is over."""
LONGEST_TAIL = 25
"""Frames after which whatever sounds is no word's tail."""


def died_away(levels: Array, end: int, following: int) -> int:
    """The frame behind the last sound of a word found to end at `end`, while the next sound starts at `following`.

    `levels`: log power of each frame.
    """
    if end >= following:
        return end
    floor = np.percentile(levels[end:following], 20) + ABOVE_PAUSE
    threshold = max(np.percentile(levels, 95) - BELOW_LOUD, floor)
    last = end
    for frame in range(end, min(following, end + LONGEST_TAIL)):
        if levels[frame] > threshold:
            last = frame + 1
        elif frame + 1 - last >= LONGEST_DIP:
            break
    return last
