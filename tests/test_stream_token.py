"""The stream's token: this call, this minute."""

import pytest
from asserts import ANY
from hypothesis import given
from hypothesis import strategies as st

from twilio_openai.stream_token import is_valid, mint

KEY, CALL, NOW = "0123456789abcdef0123456789abcdef", "CA0123456789abcdef0123456789abcdef", 1_795_000_000.5


def test_a_token_opens_its_call_for_a_minute() -> None:
    token = mint(KEY, CALL, NOW)
    assert is_valid(token, KEY, CALL, NOW)
    assert is_valid(token, KEY, CALL, NOW + 59.9)


@pytest.mark.parametrize("later_s", [60.1, 3600, -1.1, -3600])
def test_it_opens_nothing_at_any_other_time(later_s: float) -> None:
    assert not is_valid(mint(KEY, CALL, NOW), KEY, CALL, NOW + later_s)


def test_it_opens_no_other_call_and_nobody_elses_server() -> None:
    token = mint(KEY, CALL, NOW)
    assert not is_valid(token, KEY, CALL + "0", NOW)
    assert not is_valid(token, KEY, "", NOW)
    assert not is_valid(token, KEY[::-1], CALL, NOW)


def test_it_can_not_be_given_another_time() -> None:
    issued, _, mac = mint(KEY, CALL, NOW).partition(".")
    assert not is_valid(f"{int(issued) + 1000}.{mac}", KEY, CALL, NOW)


@ANY
@given(st.text(max_size=80))
def test_anything_odd_is_not_valid(token: str) -> None:
    assert not is_valid(token, KEY, CALL, NOW)


@ANY
@given(st.text(alphabet="0123456789.abcdef²٣ \n", max_size=90))
def test_anything_that_looks_like_one_is_not_valid(token: str) -> None:
    assert not is_valid(token, KEY, CALL, NOW)


@pytest.mark.parametrize(
    "change", ["{issued}.{mac} ", " {issued}.{mac}", "+{issued}.{mac}", "{issued}.{upper}", "{issued}{mac}"]
)
def test_a_token_is_written_in_one_way(change: str) -> None:
    issued, _, mac = mint(KEY, CALL, NOW).partition(".")
    assert not is_valid(change.format(issued=issued, mac=mac, upper=mac.upper()), KEY, CALL, NOW)


def test_a_token_with_leading_zeros_is_not_the_same_token_written_anew() -> None:
    assert not is_valid("0" + mint(KEY, CALL, NOW), KEY, CALL, NOW)


def test_a_token_fits_into_a_parameter_and_tells_no_secret() -> None:
    token = mint(KEY, CALL, NOW)
    assert len(token) < 200
    assert KEY not in token
    assert CALL not in token
