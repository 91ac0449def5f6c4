"""Audio features: what of mu-law telephone speech the sound classes are told apart by.

16 log-mel bands and their slopes, one frame per 10 ms. Levels are taken relative to the mean over the speech frames
of the same audio, so that neither loudness nor the voice's long-term colour counts; short audio leans on the table's
mean colour.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

SAMPLE_RATE = 8000
FRAME_MS = 10.0
HOP = 80
"""Samples from one frame to the next (10 ms)."""
WINDOW = 200
"""Samples seen by one frame (25 ms), centred on its 10 ms."""
FFT = 256
BANDS = 16
LOWEST_HZ, HIGHEST_HZ = 100.0, 3700.0
"""The telephone band, with room for a voice's first harmonic."""
POWER_FLOOR = 1e3
"""Added to a band's power (16-bit samples squared, summed over the window's spectrum): the rounding noise of mu-law."""
SLOPE = 3
"""Frames on either side whose difference is a band's slope."""
DEEPEST = -9.0
"""A band this far (nepers of power) below the mean is silent; deeper differences tell nothing."""
PRIOR_FRAMES = 60.0
"""Weight of the table's mean colour against the audio's own, in frames of speech."""
SPEECH_BELOW_LOUDEST = 5.0
"""A frame counts as speech down to this far (nepers of power) below the loud frames."""
SPEECH_ABOVE_QUIETEST = 0.35
"""... and above the quietest frames by this share of the range."""


def _decoding_table() -> NDArray[np.float64]:
    """G.711 mu-law: each byte's 16-bit sample (ITU-T G.711, table 2a)."""
    inverted = 255 - np.arange(256)
    magnitude = (((inverted & 15) << 3) + 132) << ((inverted & 112) >> 4)
    return np.where(inverted & 128, 132 - magnitude, magnitude - 132).astype(np.float64)


DECODED = _decoding_table()


def samples(audio: bytes) -> Array:
    """Mu-law bytes -> 16-bit samples as floats."""
    return DECODED[np.frombuffer(audio, np.uint8)]


@lru_cache(1)
def _mel_bank() -> Array:
    """(bins x bands) triangles, equally wide on the mel scale (O'Shaughnessy 1987)."""
    frequencies = np.fft.rfftfreq(FFT, 1 / SAMPLE_RATE)
    edges = np.linspace(_mel(LOWEST_HZ), _mel(HIGHEST_HZ), BANDS + 2)
    low, middle, high = edges[:-2], edges[1:-1], edges[2:]
    position = _mel(frequencies)[:, None]
    return np.clip(np.minimum((position - low) / (middle - low), (high - position) / (high - middle)), 0.0, None)


def _mel(hertz: ArrayLike) -> Array:
    return np.asarray(2595.0 * np.log10(1.0 + np.asarray(hertz, np.float64) / 700.0))


def log_mel(audio: bytes) -> Array:
    """(frames x bands) natural logarithms of power; one frame per whole 10 ms."""
    wave = samples(audio)
    frames = len(wave) // HOP
    if not frames:
        return np.zeros((0, BANDS))
    padded = np.concatenate([np.zeros((WINDOW - HOP) // 2), wave, np.zeros(WINDOW)])
    windows = sliding_window_view(padded, WINDOW)[: frames * HOP : HOP] * np.hanning(WINDOW)
    spectrum = np.fft.rfft(windows, FFT, axis=1)
    return np.asarray(np.log((spectrum.real**2 + spectrum.imag**2) @ _mel_bank() + POWER_FLOOR))


def loudness(bands: Array) -> Array:
    """The frames' total power (natural logarithm), from their bands."""
    return np.asarray(np.log(np.exp(bands).sum(1)))


def speech_frames(levels: Array) -> NDArray[np.bool_]:
    """Which frames are speech, from the frames' mean levels."""
    loud, quiet = np.percentile(levels, (95, 3))
    threshold = max(loud - SPEECH_BELOW_LOUDEST, quiet + SPEECH_ABOVE_QUIETEST * (loud - quiet))
    return np.asarray(levels > threshold)


def normalised(bands: Array, colour: Array) -> Array:
    """(frames x 2 bands): levels relative to the speech's mean, and their slopes.

    `colour` is the mean shape of speech over the bands (zero mean), from the table.
    """
    if not len(bands):
        return np.zeros((0, 2 * BANDS))
    speech = bands[speech_frames(bands.mean(1))]
    own = speech.mean(0) if len(speech) else bands.mean(0)
    prior = colour + own.mean()
    mean = (len(speech) * own + PRIOR_FRAMES * prior) / (len(speech) + PRIOR_FRAMES)
    levels = np.maximum(bands - mean, DEEPEST)
    return np.concatenate([levels, _slopes(levels)], axis=1)


def _slopes(levels: Array) -> Array:
    padded = np.pad(levels, ((SLOPE, SLOPE), (0, 0)), mode="edge")
    sums = np.cumsum(np.vstack([np.zeros(padded.shape[1]), padded]), axis=0)
    width, count = SLOPE, len(levels)
    after = sums[2 * width + 1 : 2 * width + 1 + count] - sums[width + 1 : width + 1 + count]
    before = sums[width : width + count] - sums[:count]
    return np.asarray((after - before) / width)
