"""G.711 mu-law at 8 kHz: one byte per sample, eight bytes per millisecond, 0xFF is silence."""

import numpy as np
from numpy.typing import NDArray

BYTES_PER_MS = 8
FRAME_BYTES = 160
FRAME_MS = 20
SILENCE = b"\xff"

_BIAS = 0x84
_LOUDEST = 32635


def _decoded(byte: int) -> int:
    """The 16-bit sample that a mu-law byte stands for."""
    inverted = ~byte & 0xFF
    magnitude = (((inverted & 0x0F) << 3) + _BIAS) << ((inverted & 0x70) >> 4)
    return _BIAS - magnitude if inverted & 0x80 else magnitude - _BIAS


SAMPLES = tuple(_decoded(byte) for byte in range(256))
POWERS = tuple(sample * sample for sample in SAMPLES)


def encode(samples: NDArray[np.float64]) -> bytes:
    """Mu-law bytes of samples on the 16-bit scale."""
    clipped = np.clip(np.round(samples), -_LOUDEST, _LOUDEST).astype(np.int64)
    biased = np.abs(clipped) + _BIAS
    exponent = np.floor(np.log2(biased)).astype(np.int64) - 7
    mantissa = (biased >> (exponent + 3)) & 0x0F
    sign = np.where(clipped < 0, 0x80, 0)
    return bytes((~(sign | (exponent << 4) | mantissa) & 0xFF).astype(np.uint8))


def decode(audio: bytes) -> NDArray[np.float64]:
    """Samples on the 16-bit scale."""
    return np.array(SAMPLES, dtype=np.float64)[np.frombuffer(audio, dtype=np.uint8)]


def mean_power(audio: bytes) -> float:
    """Mean square of the samples; 0.0 for no audio."""
    return sum(map(POWERS.__getitem__, audio)) / len(audio) if audio else 0.0
