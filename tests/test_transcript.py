"""The order of the conversation, and what a turn says."""

from asserts import assert_line

from twilio_openai.transcript import AgentLine, CallerLine, Transcript, Turn, WordCount


def said(transcript: Transcript) -> list[str]:
    return [turn.text for turn in transcript.turns()]


def agent(transcript: Transcript, item_id: str, text: str, heard_words: int | None) -> AgentLine:
    line = transcript.agent(item_id)
    line.parts, line.heard_words = [text], heard_words
    return line


def test_lines_stand_in_the_order_of_their_items() -> None:
    transcript = Transcript()
    transcript.place("user_1", "")
    agent(transcript, "item_1", "Good morning.", 2)
    transcript.caller("user_1", 100).text = "Hello?"
    assert said(transcript) == ["Hello?", "Good morning."]


def test_an_item_stands_behind_the_one_that_it_names() -> None:
    transcript = Transcript()
    for item_id, previous in [("a", ""), ("c", "a"), ("b", "a"), ("d", "unknown")]:
        transcript.place(item_id, previous)
        transcript.caller(item_id, 0).text = item_id
    assert said(transcript) == ["a", "b", "c", "d"]


def test_the_first_place_stays() -> None:
    transcript = Transcript()
    for item_id, previous in [("a", ""), ("b", ""), ("a", "b")]:
        transcript.place(item_id, previous)
        transcript.caller(item_id, 0).text = item_id
    assert said(transcript) == ["a", "b"]


def test_items_without_a_line_have_a_place_but_no_turn() -> None:
    transcript = Transcript()
    transcript.place("call", "")
    assert transcript.turns() == []


def test_a_line_is_begun_once() -> None:
    transcript = Transcript()
    assert transcript.caller("user_1", 100) is transcript.caller("user_1", 900)
    assert transcript.caller("user_1", 900).started_ms == 100
    assert transcript.agent("item_1") is transcript.agent("item_1")


def test_an_item_of_the_other_side_is_not_taken_over() -> None:
    transcript = Transcript()
    agent(transcript, "item_1", "Hello.", 1)
    transcript.caller("item_1", 0).text = "never"
    assert isinstance(transcript.find_agent("item_1"), AgentLine)
    assert transcript.find_caller("item_1") is None
    assert said(transcript) == ["Hello."]


def test_a_caller_without_words_is_waited_for_and_then_given_up() -> None:
    transcript = Transcript()
    transcript.caller("user_1", 100)
    assert transcript.waiting_for_caller()
    [lost] = transcript.give_up()
    assert_line(lost.turn(), "caller", "", failed=True, started_ms=100)
    assert not transcript.waiting_for_caller()
    assert transcript.give_up() == []


def test_an_unsettled_caller_counts_as_failed() -> None:
    assert CallerLine("user_1", 0).turn().failed
    assert not CallerLine("user_1", 0, text="").turn().failed


def test_text_and_unheard_are_together_the_words_generated() -> None:
    line = agent(Transcript(), "item_1", " That will be\n$9.05.  Cash or credit? We also have ", 7)
    assert_line(line.turn(), "agent", "That will be $9.05. Cash or credit?", unheard="We also have")


def test_words_that_were_not_counted_are_not_claimed() -> None:
    line = agent(Transcript(), "item_1", "one two", None)
    assert not line.settled
    assert_line(line.turn(), "agent", "", unheard="one two")


def test_more_words_than_there_are_can_not_be_heard() -> None:
    assert_line(agent(Transcript(), "item_1", "one two", 99).turn(), "agent", "one two", unheard="")


def test_a_line_is_ready_when_its_text_and_its_hearing_are_final() -> None:
    line = AgentLine("item_1", parts=["one ", "two"])
    assert line.text == "one two"
    assert not line.ready
    line.final = True
    assert not line.ready
    line.heard_ms = 0.0
    assert line.ready


def test_the_records_of_turns_are_the_contracts() -> None:
    caller = Turn("caller", "user_1", "Hello?", 100)
    assert caller.record() == {"role": "caller", "item_id": "user_1", "text": "Hello?", "started_ms": 100}
    assert Turn("caller", "user_1", "", 100, failed=True).record()["failed"] is True

    whole = Turn("agent", "item_1", "Hello.", 100, heard_ms=500, generated_ms=500)
    fields = ["role", "item_id", "text", "started_ms", "unheard", "interrupted", "heard_ms", "generated_ms"]
    assert list(whole.record()) == fields

    line = agent(Transcript(), "item_1", "one two", 1)
    line.count = WordCount(1, 0.75)
    line.heard_ms, line.generated_bytes, line.interrupted = 640.9, 16_007, True
    assert line.turn().record() == {
        "role": "agent",
        "item_id": "item_1",
        "text": "one",
        "started_ms": 0,
        "unheard": "two",
        "interrupted": True,
        "heard_ms": 640,
        "generated_ms": 2000,
        "confidence": 0.75,
    }


def test_what_was_surely_heard() -> None:
    transcript = Transcript()
    agent(transcript, "whole", "Hello there.", 2)
    agent(transcript, "sure", "one two three", 2).count = WordCount(2, 0.9)
    agent(transcript, "doubtful", "four five", 1).count = WordCount(1, 0.3)
    agent(transcript, "never", "six", 0)
    agent(transcript, "open", "seven", None)
    assert transcript.heard() == ["Hello there.", "one two"]
    assert [line.item_id for line in transcript.agent_lines()] == ["whole", "sure", "doubtful", "never", "open"]
