"""The caller's keys."""

from twilio_openai.adapters.keypad import Keypad


def test_digits_in_a_row_are_one_message_after_a_pause() -> None:
    keypad = Keypad()
    assert keypad.due_ms() is None
    assert keypad.take(0) is None
    for now, digit in [(1000, "1"), (1400, "2"), (2300, "3")]:
        keypad.press(digit, now)
        assert keypad.take(now) is None
    assert keypad.due_ms() == 3300
    assert keypad.take(3299) is None
    assert keypad.take(3300) == ("123", 1000)
    assert keypad.take(9999) is None
    assert keypad.due_ms() is None


def test_the_hash_key_ends_them_at_once() -> None:
    keypad = Keypad()
    keypad.press("4", 100)
    keypad.press("#", 200)
    assert keypad.take(200) == ("4#", 100)
    keypad.press("5", 300)
    assert keypad.take(1300) == ("5", 300)


def test_the_end_of_the_call_ends_them_too() -> None:
    keypad = Keypad()
    assert keypad.take(50, ended=True) is None
    keypad.press("7", 100)
    assert keypad.take(101, ended=True) == ("7", 100)
