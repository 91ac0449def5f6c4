"""μ-law arithmetic, against base64 itself."""

from base64 import b64decode, b64encode

import pytest
from asserts import ANY
from hypothesis import given
from hypothesis import strategies as st

from twilio_openai import audio


@ANY
@given(st.binary(max_size=2000))
def test_the_size_of_base64_is_known_without_decoding_it(data: bytes) -> None:
    assert audio.payload_bytes(b64encode(data).decode()) == len(data)


@pytest.mark.parametrize("duration_ms", [0, 1, 20, 61, 1000])
def test_silence_is_ff_and_lasts_as_long_as_asked(duration_ms: int) -> None:
    silence = b64decode(audio.silence_payload(duration_ms))
    assert silence == b"\xff" * (8 * duration_ms)
    assert audio.ms(len(silence)) == duration_ms


def test_eight_bytes_are_a_millisecond() -> None:
    assert audio.ms(160) == 20
    assert audio.ms(1) == 0.125
