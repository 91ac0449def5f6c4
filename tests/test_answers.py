"""Who may ask the model for an answer, and when."""

import pytest

from twilio_openai.adapters.answers import RETRY_MS, Answers


def may_ask(answers: Answers, now: float = 0, *, speaks: bool = False) -> bool:
    return answers.may_ask(now, callers_turn=speaks)


def wanting() -> Answers:
    answers = Answers()
    answers.wanted = True
    return answers


def test_nothing_is_asked_for_that_is_not_wanted() -> None:
    assert not may_ask(Answers())
    assert may_ask(wanting())


def test_one_answer_at_a_time() -> None:
    answers = wanting()
    answers.created("r1")
    answers.wanted = True
    assert not may_ask(answers)
    answers.done("r1", "completed", 0)
    assert may_ask(answers)


def test_one_request_at_a_time() -> None:
    answers = wanting()
    answers.ask("e_1")
    answers.wanted = True
    assert not may_ask(answers)


def test_the_caller_is_not_talked_over() -> None:
    assert not may_ask(wanting(), speaks=True)


def test_the_end_of_another_answer_frees_nobody() -> None:
    answers = Answers()
    answers.created("r1")
    answers.wanted = True
    answers.done("r0", "completed", 0)
    assert not may_ask(answers)


def test_every_call_has_its_output_first() -> None:
    answers = Answers()
    answers.created("r1")
    answers.calls |= {"c1": "r1", "c2": "r1"}
    answers.done("r1", "completed", 0)
    answers.call_ended("c2")
    assert not may_ask(answers)
    answers.call_ended("c1")
    assert may_ask(answers)


def test_an_answer_that_has_seen_every_output_is_the_answer_to_them() -> None:
    answers = wanting()
    answers.call_ended("c1")
    answers.seen("c1")
    answers.created("r2")
    answers.done("r2", "completed", 0)
    assert not may_ask(answers)


def test_an_answer_that_began_before_the_output_arrived_is_not() -> None:
    answers = wanting()
    answers.call_ended("c1")
    answers.created("r2")
    answers.seen("c1")
    answers.done("r2", "completed", 0)
    assert may_ask(answers)


@pytest.mark.parametrize("seen_it", [True, False])
def test_a_refused_request_is_repeated_only_if_something_was_not_seen(seen_it: bool) -> None:
    answers = Answers()
    answers.call_ended("c1")
    answers.ask("e_1")
    if seen_it:
        answers.seen("c1")
    answers.created("r2")
    answers.refused()
    answers.done("r2", "completed", 0)
    assert may_ask(answers) is not seen_it


def test_each_failure_waits_longer_and_a_success_forgets_them() -> None:
    answers = Answers()
    for failures in (1, 2):
        answers.created("r")
        answers.done("r", "failed", 1000)
        assert answers.failures == failures
        assert not may_ask(answers, 1000 + RETRY_MS * failures - 1)
        assert answers.due_ms(1000) == 1000 + RETRY_MS * failures
        assert may_ask(answers, 1000 + RETRY_MS * failures)
        answers.ask("e_1")
    answers.created("r")
    answers.done("r", "completed", 5000)
    assert answers.failures == 0
    assert answers.due_ms(5000) is None


def test_only_an_active_answer_is_cut() -> None:
    answers = Answers()
    answers.interrupt()
    assert answers.cut == set()
    answers.created("r1")
    answers.interrupt()
    answers.done("r1", "cancelled", 0)
    answers.interrupt()
    assert answers.cut == {"r1"}
