"""Whole stretches of a call, as dialogue between the phone, the adapter and the model. No socket, no clock."""

import json
from base64 import b64decode

import pytest
from asserts import assert_line, assert_near, deletes, kinds, truncates, words
from phone_call import ANSWERING, FRAME, NOT_INTERRUPTIBLE, PhoneCall

from twilio_openai.adapters.actions import CountWords, Redial
from twilio_openai.adapters.manner import Manner
from twilio_openai.protocols.websocket_adapter import Send, SendAudio, Side

TEN = "one two three four five six seven eight nine ten"
CREATE = "response.create"


# -- the beginning


def test_the_phone_gets_a_mark_at_once_and_the_model_is_asked_to_greet() -> None:
    call = PhoneCall(greeted=False)
    assert kinds(call.new_to_phone()) == ["mark"]

    call.model_opens()

    [create] = call.new()
    assert create["type"] == CREATE
    assert create["response"] == {"instructions": "Say hello."}


def test_what_the_caller_says_before_there_is_a_session_is_kept_whole_and_in_order() -> None:
    call = PhoneCall(greeted=False, frames=False)
    payloads = [f"AAA{letter}" for letter in "ABCDEFGH"]
    for payload in payloads:
        frame = json.dumps({"event": "media", "media": {"payload": payload}})
        assert call.adapter.from_source(frame, call.now) == ""
    assert call.appended == []

    call.model_opens()

    kept = b"".join(b64decode(json.loads(text)["audio"]) for text in call.appended)
    assert kept == b"".join(map(b64decode, payloads))


def test_a_frame_becomes_an_append_message_as_it_is() -> None:
    call = PhoneCall(frames=False)
    appended = call.adapter.from_source(FRAME, call.now)
    payload = json.loads(FRAME)["media"]["payload"]
    assert appended is not None
    assert json.loads(appended) == {"type": "input_audio_buffer.append", "audio": payload}


def test_silence_goes_to_the_model_in_real_time_while_the_line_sends_nothing() -> None:
    call = PhoneCall(frames=False)
    call.appended.clear()

    call.wait(2000)

    silence = json.loads(call.appended[0])["audio"]
    assert set(call.appended) == {call.appended[0]}
    assert silence.startswith("/////")
    assert 80 <= len(call.appended) <= 100  # 20 ms each


# -- an ordinary turn


def test_a_turn_that_nobody_interrupts_is_published_when_it_has_been_heard() -> None:
    call = PhoneCall()
    call.caller_says("user_1", "Hello?")
    call.model_says("item_1", "Good morning.", ms=3000)
    call.wait(2900)
    assert [turn.role for turn in call.published()] == ["caller"]

    call.wait(300)

    assert_line(call.turn("item_1"), "agent", "Good morning.", unheard="", interrupted=False)
    assert call.turn("item_1").heard_ms == call.turn("item_1").generated_ms == 3000
    assert call.new() == []


def test_audio_goes_to_the_phone_as_base64_with_a_mark_behind_each_delta() -> None:
    call = PhoneCall()
    call.answer_begins("resp_1")
    call.item_begins("item_1")
    call.audio("item_1", 1000)

    assert kinds(call.new_to_phone()).count("mark") == 7  # the stream's, the first 60 ms, the rest of it, four more
    call.wait(1200)
    assert call.truly_played("item_1") == 1000


def test_the_first_mark_stands_after_60_ms_only_where_the_buffer_is_dry() -> None:
    call = PhoneCall()
    call.answer_begins("resp_1")
    call.new_to_phone()
    call.audio("item_1", 200)
    call.audio("item_1", 200)
    assert len(call.new_to_phone()) == 3

    call.wait(1000)
    call.audio("item_1", 200)

    assert len(call.new_to_phone()) == 2


def test_marks_have_names_of_their_own() -> None:
    call = PhoneCall()
    call.model_says("item_1", TEN, ms=3000)
    call.wait(500)
    call.caller_speaks()
    call.wait(200)
    call.caller_stops()
    call.model_says("item_2", TEN, ms=3000)

    names = [told["mark"]["name"] for told in call.new_to_phone() if told["event"] == "mark"]
    assert len(names) == len(set(names)) > 30


def test_beta_names_of_the_models_events_are_read_too() -> None:
    call = PhoneCall()
    call.answer_begins("resp_1")
    ids = {"response_id": "resp_1", "item_id": "item_1", "output_index": 0, "content_index": 0}
    call.model_sends("conversation.item.created", item={"id": "item_1"}, previous_item_id=None)
    call.model_sends("response.audio_transcript.delta", **ids, delta="Good ")
    call.model_sends("response.audio.delta", **ids, delta="AAAA" * 400)
    call.model_sends("response.audio_transcript.delta", **ids, delta="day.")
    call.model_sends("response.audio.done", **ids)
    call.model_sends("response.audio_transcript.done", **ids, transcript="Good day.")
    call.answer_ends()
    call.wait(400)

    assert_line(call.turn("item_1"), "agent", "Good day.", generated_ms=150)


def test_the_callers_words_keep_their_place_however_late_they_come() -> None:
    call = PhoneCall()
    call.caller_speaks("user_1")
    call.wait(500)
    call.caller_stops("user_1")
    call.model_says("item_1", "Yes?", ms=400)
    call.wait(600)
    call.caller_speaks("user_2")
    call.wait(500)
    call.caller_stops("user_2")
    call.transcribed("user_2", "second")
    call.transcribed("user_1", "first")

    assert [turn.text for turn in call.published()] == ["Yes?", "second", "first"]
    assert [turn.text for turn in call.transcript()] == ["first", "Yes?", "second"]


def test_a_transcription_counts_once() -> None:
    call = PhoneCall()
    call.caller_says("user_1", "first")
    call.transcribed("user_1", "again")
    assert [turn.text for turn in call.published()] == ["first"]


def test_a_turn_whose_transcription_failed_keeps_its_place() -> None:
    call = PhoneCall()
    call.caller_speaks("user_1")
    call.wait(500)
    call.caller_stops("user_1")
    kind = "conversation.item.input_audio_transcription.failed"
    call.model_sends(kind, item_id="user_1", content_index=0, error={"message": "audio_unintelligible"})

    assert_line(call.turn("user_1"), "caller", "", failed=True)
    assert call.turn("user_1").record()["failed"] is True
    assert len(call.notes("transcription.failed")) == 1


def test_a_failure_that_comes_after_the_words_changes_nothing() -> None:
    call = PhoneCall()
    call.caller_says("user_1", "first")
    kind = "conversation.item.input_audio_transcription.failed"
    call.model_sends(kind, item_id="user_1", content_index=0, error={"message": "too late"})
    assert_line(call.transcript()[0], "caller", "first", failed=False)


def test_a_callers_turn_began_when_the_speech_did() -> None:
    call = PhoneCall(Manner("Hello.", speech_padding_ms=300))
    call.wait(2000)
    call.caller_speaks("user_1", audio_start_ms=1000)  # 300 ms of padding before the speech
    call.wait(700)
    call.caller_stops("user_1")
    call.wait(1500)
    call.transcribed("user_1", "Hello?")
    assert_near(call.turn("user_1").started_ms, 1300, within=40)


# -- barge-in


@pytest.mark.parametrize("way_ms", [0, 20, 75, 150])
@pytest.mark.parametrize("late_ms", [0, 120])
def test_a_barge_in_after_generation_ended_cuts_where_the_loudspeaker_was(way_ms: float, late_ms: float) -> None:
    call = PhoneCall(way_ms=way_ms, late_ms=late_ms)
    call.model_says("item_1", TEN, ms=4000)
    call.wait(1700)
    call.new_to_phone()

    call.caller_speaks()

    assert kinds(call.new_to_phone()) == ["clear", "mark"]
    call.wait(350)
    call.caller_stops()
    truth = call.truly_played("item_1")
    [(item_id, cut_ms)] = truncates(call.new()).items()
    assert item_id == "item_1"
    assert_near(cut_ms, truth)
    turn = call.turn("item_1")
    assert (turn.heard_ms, turn.generated_ms, turn.interrupted) == (cut_ms, 4000, True)
    assert words(turn) == TEN.split()
    [note] = call.notes("barge_in")
    assert note.fields == {"items": [{"item_id": "item_1", "heard_ms": cut_ms, "generated_ms": 4000}]}


def test_the_cut_is_told_as_soon_as_the_burst_is_back_and_before_the_next_answer_is_asked_for() -> None:
    call = PhoneCall()
    call.model_says("item_1", TEN, ms=4000)
    call.wait(1000)
    call.caller_speaks()
    call.wait(79)
    assert call.new() == []

    call.wait(2)

    assert kinds(call.new()) == ["conversation.item.truncate"]


@pytest.mark.parametrize("wait_ms", [0, 100, 290])
def test_speech_stopped_settles_a_cut_whose_burst_never_came(wait_ms: float) -> None:
    call = PhoneCall(way_ms=1000)
    call.model_says("item_1", TEN, ms=8000)
    call.wait(4000)
    call.caller_speaks()
    call.wait(wait_ms)
    assert call.new() == []
    call.caller_stops()
    [cut_ms] = truncates(call.new()).values()
    assert_near(cut_ms, call.truly_played("item_1") + 1000 - wait_ms, within=60)


def test_a_cut_is_settled_after_300_ms_at_the_latest() -> None:
    call = PhoneCall(way_ms=1000)
    call.model_says("item_1", TEN, ms=8000)
    call.wait(4000)
    call.caller_speaks()
    call.wait(310)
    assert kinds(call.new()) == ["conversation.item.truncate"]


def test_a_barge_in_while_the_answer_is_generated_cuts_what_comes_later_too() -> None:
    call = PhoneCall()
    call.answer_begins("resp_1")
    call.item_begins("item_1")
    call.text("item_1", "one two three four ")
    call.audio("item_1", 2000)
    call.wait(900)

    call.caller_speaks()
    call.new_to_phone()
    call.text("item_1", "five six seven eight nine ten")
    call.audio("item_1", 1000)
    call.wait(500)
    call.item_ends("item_1", TEN, "incomplete")
    call.answer_ends("cancelled")

    assert call.new_to_phone() == []
    [cut_ms] = truncates(call.new()).values()
    assert_near(cut_ms, call.truly_played("item_1"))
    turn = call.turn("item_1")
    assert (turn.generated_ms, turn.heard_ms) == (3000, cut_ms)
    assert words(turn) == TEN.split()


def test_an_answer_that_is_cancelled_before_the_burst_is_back_is_cut_once_and_where_it_was() -> None:
    call = PhoneCall()
    call.answer_begins("resp_1")
    call.item_begins("item_1")
    call.text("item_1", TEN)
    call.audio("item_1", 2000)
    call.wait(900)

    call.caller_speaks()
    call.audio("item_1", 200)  # was under way
    call.item_ends("item_1", TEN, "incomplete")
    call.answer_ends("cancelled")
    call.wait(300)

    sent = call.new()
    assert kinds(sent) == ["conversation.item.truncate"]
    assert_near(truncates(sent)["item_1"], call.truly_played("item_1"))


def test_nothing_is_cleared_or_cut_when_nothing_was_left_to_hear() -> None:
    call = PhoneCall()
    call.model_says("item_1", "Yes.", ms=600)
    call.wait(1000)
    call.new_to_phone()

    call.caller_speaks()
    call.wait(500)

    assert call.new_to_phone() == []
    assert call.new() == []
    assert not call.turn("item_1").interrupted


def test_a_barge_in_at_the_last_moment_leaves_an_item_that_was_heard_whole_alone() -> None:
    call = PhoneCall(way_ms=100)
    call.model_says("item_1", "Yes.", ms=600)
    call.wait(715)  # all has played, its last echo is under way
    call.caller_speaks()
    call.wait(400)
    call.caller_stops()

    assert call.new() == []
    assert_line(call.turn("item_1"), "agent", "Yes.", interrupted=False, heard_ms=600)


def two_items(call: PhoneCall) -> None:
    call.answer_begins("resp_1")
    call.model_adds("item_1", "one two three four five", ms=2000)
    call.model_adds("item_2", "six seven eight nine ten", ms=2000)
    call.answer_ends()


def test_two_items_cut_in_the_first() -> None:
    call = PhoneCall()
    two_items(call)
    call.wait(1100)
    call.caller_speaks()
    call.wait(300)

    sent = call.new()
    assert_near(truncates(sent)["item_1"], call.truly_played("item_1"))
    assert list(truncates(sent)) == ["item_1"]
    assert deletes(sent) == ["item_2"]
    assert_line(call.turn("item_2"), "agent", "", unheard="six seven eight nine ten", interrupted=True, heard_ms=0)


def test_two_items_cut_in_the_second() -> None:
    call = PhoneCall()
    two_items(call)
    call.wait(3100)
    call.caller_speaks()
    call.wait(300)

    sent = call.new()
    assert list(truncates(sent)) == ["item_2"]
    assert_near(truncates(sent)["item_2"], call.truly_played("item_2"))
    assert deletes(sent) == []
    assert_line(call.turn("item_1"), "agent", "one two three four five", interrupted=False, heard_ms=2000)


def test_two_items_cut_at_the_seam_between_them() -> None:
    call = PhoneCall()
    two_items(call)
    call.wait(40 + 2010)
    call.caller_speaks()
    call.wait(300)
    sent = call.new()
    assert list(truncates(sent)) == ["item_2"]
    assert_near(truncates(sent)["item_2"], call.truly_played("item_2"))
    assert not call.turn("item_1").interrupted


def test_two_answers_queued_behind_each_other_cut_in_the_first() -> None:
    call = PhoneCall()
    call.model_says("item_1", TEN, ms=3000)
    call.model_says("item_2", TEN, ms=3000)
    call.wait(1000)
    call.caller_speaks()
    call.wait(300)
    sent = call.new()
    assert_near(truncates(sent)["item_1"], call.truly_played("item_1"))
    assert deletes(sent) == ["item_2"]


def test_a_cut_after_a_stall_counts_the_stall_as_silence() -> None:
    call = PhoneCall()
    call.answer_begins("resp_1")
    call.item_begins("item_1")
    call.text("item_1", TEN)
    call.audio("item_1", 800)
    call.wait(2500)
    call.audio("item_1", 2000)
    call.wait(700)

    call.caller_speaks()
    call.wait(400)

    [cut_ms] = truncates(call.new()).values()
    assert_near(cut_ms, call.truly_played("item_1"))
    assert 1300 < cut_ms < 1700


def test_a_barge_in_during_a_stall_cuts_what_the_model_had_generated_by_then() -> None:
    call = PhoneCall()
    call.answer_begins("resp_1")
    call.item_begins("item_1")
    call.text("item_1", TEN)
    call.audio("item_1", 800)
    call.wait(2000)

    call.caller_speaks()
    call.audio("item_1", 1000)
    call.item_ends("item_1", TEN, "incomplete")
    call.answer_ends("cancelled")
    call.wait(500)

    assert "clear" not in kinds(call.new_to_phone())
    assert truncates(call.new()) == {"item_1": 800}
    turn = call.turn("item_1")
    assert (turn.heard_ms, turn.generated_ms, turn.interrupted) == (800, 1800, True)


def test_a_second_barge_in_200_ms_into_the_next_answer() -> None:
    call = PhoneCall()
    call.model_says("item_1", TEN, ms=4000)
    call.wait(1500)
    call.caller_speaks("user_1")
    call.wait(600)
    call.caller_stops("user_1")
    call.new()
    call.model_says("item_2", TEN, ms=4000)
    call.wait(40 + 200)
    call.caller_speaks("user_2")
    call.wait(300)

    sent = call.new()
    assert list(truncates(sent)) == ["item_2"]
    assert_near(truncates(sent)["item_2"], call.truly_played("item_2"))
    assert call.speaker.cleared == 2


def test_a_second_barge_in_while_the_first_is_being_settled() -> None:
    call = PhoneCall(way_ms=140)
    call.model_says("item_1", TEN, ms=4000)
    call.wait(1500)
    call.caller_speaks("user_1")
    call.wait(50)
    call.model_says("item_2", TEN, ms=4000)  # before the burst of the first cut is back
    call.wait(200)
    call.caller_speaks("user_2")
    call.wait(400)

    sent = call.new()
    assert_near(truncates(sent)["item_1"], call.truly_played("item_1"), within=60)
    heard = truncates(sent).get("item_2", 0)
    assert_near(heard, call.truly_played("item_2"), within=60)
    assert {turn.item_id for turn in call.published()} == {"item_1", "item_2"}


def test_echoes_that_arrive_after_clear_are_not_taken_for_hearing() -> None:
    call = PhoneCall(way_ms=150)
    call.model_says("item_1", TEN, ms=6000)
    call.wait(1000)
    call.caller_speaks()
    call.wait(299)  # echoes of what had truly played arrive, then the burst
    call.wait(100)
    [cut_ms] = truncates(call.new()).values()
    assert_near(cut_ms, call.truly_played("item_1"))


def test_old_echoes_that_land_in_the_next_answer_do_not_count_for_it() -> None:
    call = PhoneCall(way_ms=400)
    call.model_says("item_1", TEN, ms=6000)
    call.wait(2000)
    call.caller_speaks("user_1")
    call.wait(310)
    call.caller_stops("user_1")
    call.new()
    call.model_says("item_2", TEN, ms=4000)
    call.wait(1200)  # the burst of the first cut arrives meanwhile

    call.caller_speaks("user_2")
    call.wait(310)
    call.caller_stops("user_2")

    [cut_ms] = truncates(call.new()).values()
    call.wait(800)
    assert_near(cut_ms, call.truly_played("item_2"), within=60)


def test_a_refused_truncate_is_never_fatal() -> None:
    call = PhoneCall()
    call.model_says("item_1", TEN, ms=3000)
    call.wait(800)
    call.caller_speaks()
    call.wait(300)
    [truncate] = call.new()
    call.model_refuses("invalid_value", truncate["event_id"])
    call.caller_stops()
    call.model_says("item_2", "Yes?", ms=500)
    call.wait(1000)

    assert call.ended_by() is None
    assert_line(call.turn("item_2"), "agent", "Yes?")


def test_a_cancelled_answer_without_output_changes_nothing() -> None:
    call = PhoneCall()
    call.caller_speaks("user_1")
    call.wait(300)
    call.caller_stops("user_1")
    call.answer_begins("resp_1")
    call.caller_speaks("user_2")
    call.answer_ends("cancelled")
    call.wait(500)
    call.caller_stops("user_2")
    call.model_says("item_2", "Yes?", ms=500)
    call.wait(1000)

    assert call.new() == []
    assert_line(call.turn("item_2"), "agent", "Yes?", interrupted=False)


def test_an_answer_that_ends_without_having_begun_changes_nothing() -> None:
    call = PhoneCall()
    call.answer_ends("cancelled", answer="resp_unknown")
    call.model_says("item_1", "Yes?", ms=500)
    call.wait(1000)
    assert_line(call.turn("item_1"), "agent", "Yes?")


def test_a_barge_in_during_a_stall_is_logged() -> None:
    call = PhoneCall()
    call.answer_begins("resp_1")
    call.item_begins("item_1")
    call.audio("item_1", 800)
    call.wait(2000)
    call.caller_speaks()
    call.answer_ends("cancelled")
    call.wait(6000)
    assert call.turn("item_1").interrupted
    assert len(call.notes("barge_in")) == 1


def test_an_item_that_had_not_begun_to_sound_when_the_caller_spoke_is_never_heard() -> None:
    call = PhoneCall()
    call.answer_begins("resp_1")
    call.caller_speaks()
    call.model_adds("item_1", "Well then.", ms=400)
    call.answer_ends("cancelled")
    call.wait(500)
    assert call.truly_played("item_1") == 0
    assert_line(call.turn("item_1"), "agent", "", unheard="Well then.", interrupted=True, heard_ms=0, generated_ms=400)


def test_an_item_of_which_every_delta_was_dropped_is_deleted() -> None:
    call = PhoneCall()
    call.answer_begins("resp_1")
    call.caller_speaks()
    call.model_adds("item_1", "Well then.", ms=400)
    call.answer_ends("cancelled")
    assert deletes(call.new()) == ["item_1"]


def test_an_answer_that_begins_while_the_caller_speaks_is_not_heard() -> None:
    call = PhoneCall()
    call.presses("1")
    call.wait(1100)  # an answer is asked for, and on its way
    assert CREATE in kinds(call.new())
    call.caller_speaks()
    call.model_says("item_1", "You have pressed one.", ms=2000)
    call.wait(1000)
    assert call.truly_played("item_1") == 0


def test_an_answer_whose_beginning_was_lost_is_cut_like_any_other() -> None:
    call = PhoneCall()
    call.item_begins("item_1")
    call.audio("item_1", 1000)
    call.wait(700)
    call.caller_speaks()
    call.wait(300)
    cut_ms = call.truly_played("item_1")
    call.audio("item_1", 1000)
    call.wait(500)
    assert call.truly_played("item_1") == cut_ms


@pytest.mark.parametrize("length_ms", [3000, 20_000])
def test_no_deadline_lies_in_the_past(length_ms: int) -> None:
    call = PhoneCall()
    call.model_says("item_1", TEN, ms=length_ms)
    call.wait(length_ms + 500)
    call.model_says("item_2", TEN, ms=4000)
    call.wait(800)
    call.caller_speaks()
    call.wait(2000)
    assert call.overdue == 0


# -- words that come late


def test_a_cut_turn_waits_for_words_that_come_two_seconds_late() -> None:
    call = PhoneCall()
    call.answer_begins("resp_1")
    call.item_begins("item_1")
    call.text("item_1", "one two three ")
    call.audio("item_1", 3000)
    call.wait(1500)
    call.caller_speaks()
    call.wait(500)
    call.answer_ends("cancelled")
    call.wait(1500)
    assert call.published() == []

    call.text("item_1", "four five six seven eight nine ten")
    call.item_ends("item_1", TEN, "incomplete")

    assert words(call.turn("item_1")) == TEN.split()


def test_a_turn_whose_text_is_never_final_is_settled_after_five_seconds() -> None:
    call = PhoneCall()
    call.answer_begins("resp_1")
    call.item_begins("item_1")
    call.text("item_1", "one two three")
    call.audio("item_1", 600)
    call.answer_ends()
    call.wait(4900)
    assert call.published() == []
    call.wait(200)
    assert_line(call.turn("item_1"), "agent", "one two three", interrupted=False)


def test_text_that_comes_after_a_settled_turn_changes_nothing() -> None:
    call = PhoneCall()
    call.model_says("item_1", TEN, ms=3000)
    call.wait(1500)
    call.caller_speaks()
    call.wait(2500)
    before = call.transcript()
    call.text("item_1", " eleven")
    call.item_ends("item_1", TEN + " eleven", answer="resp_item_1")
    call.wait(500)
    assert call.transcript() == before
    assert len(call.published()) == 1


def test_audio_of_a_cut_answer_that_comes_after_its_turn_was_settled_changes_nothing() -> None:
    call = PhoneCall()
    call.answer_begins("resp_1")
    call.model_adds("item_1", TEN, ms=4000)
    call.wait(1500)
    call.caller_speaks()
    call.answer_ends("cancelled")
    call.wait(500)
    settled = call.turn("item_1")

    call.wait(2000)
    call.audio("item_1", 200)
    call.caller_stops()
    call.transcribed("user_1", "Wait.")
    call.hangs_up()

    assert call.turn("item_1") == settled
    assert call.transcript()[0].text == settled.text


# -- the end of a call


@pytest.mark.parametrize("stop", [True, False])
def test_at_a_hang_up_what_was_heard_is_what_was_played_by_then(stop: bool) -> None:
    call = PhoneCall()
    call.model_says("item_1", TEN, ms=4000)
    call.wait(1700)
    call.hangs_up(stop=stop)

    assert call.ended_by() == "caller"
    turn = call.turn("item_1")
    assert_near(turn.heard_ms, call.truly_played("item_1"), within=45)
    assert turn.interrupted
    assert words(turn) == TEN.split()
    assert [close.side for close in call.closes()] == [Side.TARGET, Side.SOURCE]


def test_a_hang_up_in_the_middle_of_a_barge_in_settles_both() -> None:
    call = PhoneCall()
    call.model_says("item_1", TEN, ms=4000)
    call.wait(1700)
    call.caller_speaks()
    call.wait(10)
    call.hangs_up()
    assert_near(call.turn("item_1").heard_ms, call.truly_played("item_1"), within=60)


def test_what_the_caller_says_while_hanging_up_is_waited_for() -> None:
    call = PhoneCall()
    call.caller_speaks("user_1")
    call.wait(400)
    call.hangs_up()
    assert kinds(call.new()) == ["input_audio_buffer.commit"]
    assert call.closes() == []

    call.model_sends("input_audio_buffer.committed", item_id="user_1", previous_item_id=None)
    call.wait(1000)
    call.transcribed("user_1", "Bye")

    assert_line(call.turn("user_1"), "caller", "Bye", failed=False)
    assert [close.side for close in call.closes()] == [Side.TARGET, Side.SOURCE]


def test_a_transcription_that_does_not_come_counts_as_failed_within_3_seconds() -> None:
    call = PhoneCall()
    call.caller_speaks("user_1")
    call.wait(400)
    call.caller_stops("user_1")
    call.hangs_up()
    call.wait(2500)
    assert call.published() == []
    call.wait(400)

    assert_line(call.turn("user_1"), "caller", "", failed=True)
    assert len(call.closes()) == 2


def test_a_model_that_closes_for_good_ends_the_call_and_tells_the_phone_why() -> None:
    call = PhoneCall()
    call.model_says("item_1", TEN, ms=4000)
    call.caller_speaks("user_1")
    call.caller_stops("user_1")
    call.act(call.adapter.close(Side.TARGET, 4000, "invalid_model", call.now))

    assert call.ended_by() == "model_away"
    assert (call.closes()[-1].side, call.closes()[-1].code) == (Side.SOURCE, 1011)
    assert call.turn("user_1").failed
    assert call.turn("item_1").interrupted


def test_a_model_that_is_lost_is_dialled_again_and_hears_what_was_said() -> None:
    call = PhoneCall()
    call.caller_says("user_1", "Hello?")
    call.model_says("item_1", "Good morning.", ms=1000)
    call.wait(1500)
    call.act(call.adapter.close(Side.TARGET, 1006, "", call.now))
    assert call.ended_by() is None
    assert [type(action) for action in call.actions].count(Redial) == 1

    call.wait(400)
    call.model_opens()

    texts = [message["item"]["content"][0]["text"] for message in call.new() if "item" in message]
    assert texts == ["Hello?", "Good morning."]


def test_both_sockets_closing_after_the_end_is_no_second_end() -> None:
    call = PhoneCall()
    call.hangs_up()
    call.act(call.adapter.close(Side.TARGET, 1000, "", call.now))
    call.act(call.adapter.close(Side.SOURCE, 1000, "", call.now))
    assert call.ended_by() == "caller"


def test_an_error_of_ours_ends_this_call_and_is_logged() -> None:
    call = PhoneCall()
    call.act(call.adapter.error(Side.SOURCE, KeyError("oops"), call.now))
    assert call.ended_by() == "error"
    assert call.closes()[-1].code == 1011
    assert "oops" in call.notes("call.failed")[0].fields["reason"]


def test_a_call_has_a_time_limit() -> None:
    call = PhoneCall(Manner("Hello.", max_call_ms=5000))
    call.wait(5100)
    assert call.ended_by() == "time_limit"


def test_nothing_goes_to_the_model_after_the_end() -> None:
    call = PhoneCall()
    call.answer_begins("resp_1")
    call.model_calls("call_1", "check_availability")
    call.answer_ends()
    call.hangs_up()
    call.new()
    call.tool_answers("call_1")
    call.presses("1#")
    call.wait(3000)
    assert call.new() == []
    assert call.adapter.from_target('{"type":"response.output_audio.delta","item_id":"i","delta":"AAAA"}', 0) is None


# -- tools


def test_a_tools_output_goes_to_the_model_and_one_answer_is_asked_for() -> None:
    call = PhoneCall()
    call.answer_begins("resp_1")
    call.model_calls("call_1", "check_availability", '{"date":"2026-11-20"}')
    assert call.tools_run() == ["call_1"]
    call.answer_ends()
    call.wait(300)
    assert call.new() == []

    call.tool_answers("call_1", '{"free":true}')

    output, create = call.new()
    assert output["item"] == {"type": "function_call_output", "call_id": "call_1", "output": '{"free":true}'}
    assert create["type"] == CREATE


def test_a_tool_that_is_quicker_than_its_answer_waits_for_response_done() -> None:
    call = PhoneCall()
    call.answer_begins("resp_1")
    call.model_calls("call_1", "check_availability")
    call.tool_answers("call_1")
    assert kinds(call.new()) == ["conversation.item.create"]
    call.answer_ends()
    assert kinds(call.new()) == [CREATE]


def test_parallel_calls_are_answered_together() -> None:
    call = PhoneCall()
    call.answer_begins("resp_1")
    call.model_calls("call_1", "check_availability")
    call.model_calls("call_2", "check_availability")
    call.answer_ends()
    call.tool_answers("call_2")
    assert kinds(call.new()) == ["conversation.item.create"]
    call.tool_answers("call_1")
    assert kinds(call.new()) == ["conversation.item.create", CREATE]
    call.wait(2000)
    assert call.new() == []


def test_a_call_that_was_cut_off_in_its_arguments_is_not_run() -> None:
    call = PhoneCall()
    call.answer_begins("resp_1")
    call.model_calls("call_1", "check_availability", '{"da', status="incomplete")
    call.answer_ends("cancelled")
    assert call.tools_run() == []


def test_an_output_that_lands_before_the_callers_turn_is_answered_needs_no_answer_of_its_own() -> None:
    call = PhoneCall()
    call.answer_begins("resp_1")
    call.model_calls("call_1", "check_availability")
    call.answer_ends()
    call.caller_speaks("user_1")
    call.tool_answers("call_1")
    call.output_arrives("call_1")
    call.wait(500)
    assert CREATE not in kinds(call.new())
    call.model_says("item_2", "Yes, we are open.", ms=400)  # brought by the caller's turn
    call.caller_stops("user_1")
    call.wait(500)
    assert CREATE not in kinds(call.new())


def test_an_output_that_lands_while_the_callers_turn_is_answered_is_answered_after_it() -> None:
    call = PhoneCall()
    call.answer_begins("resp_1")
    call.model_calls("call_1", "check_availability")
    call.answer_ends()
    call.caller_says("user_1", "Are you there?")
    call.answer_begins("resp_2")
    call.tool_answers("call_1")
    call.output_arrives("call_1")
    assert CREATE not in kinds(call.new())
    call.model_adds("item_2", "One moment.", ms=400)
    call.answer_ends()
    assert kinds(call.new()) == [CREATE]


def test_a_request_that_collides_with_the_callers_turn_is_repeated_after_it() -> None:
    call = PhoneCall()
    call.answer_begins("resp_1")
    call.model_calls("call_1", "check_availability")
    call.answer_ends()
    call.tool_answers("call_1")
    assert kinds(call.new()) == ["conversation.item.create", CREATE]
    call.answer_begins("resp_2")  # the caller's turn had brought it before our request arrived
    call.model_refuses("conversation_already_has_active_response")
    call.output_arrives("call_1")
    call.wait(500)
    assert call.new() == []
    call.answer_ends()
    assert kinds(call.new()) == [CREATE]


def test_a_request_that_collides_with_an_answer_that_has_seen_the_output_is_not_repeated() -> None:
    call = PhoneCall()
    call.answer_begins("resp_1")
    call.model_calls("call_1", "check_availability")
    call.answer_ends()
    call.tool_answers("call_1")
    call.new()
    call.output_arrives("call_1")
    call.answer_begins("resp_2")
    call.model_refuses("conversation_already_has_active_response")
    call.answer_ends()
    call.wait(500)
    assert call.new() == []


def test_an_answer_that_fails_is_asked_for_again_a_little_later() -> None:
    call = PhoneCall()
    call.caller_says("user_1", "Hello?")
    call.answer_begins("resp_1")
    call.answer_ends("failed", "server_error")
    call.wait(900)
    assert call.new() == []
    call.wait(200)
    assert kinds(call.new()) == [CREATE]
    assert call.notes("answer.failed")[0].fields["reason"] == "server_error"


def test_a_model_that_fails_three_times_is_away() -> None:
    call = PhoneCall()
    for number in range(3):
        call.answer_begins(f"resp_{number}")
        call.answer_ends("failed", "server_error")
        call.wait(4000)
    assert call.ended_by() == "model_away"


def test_a_model_without_credit_is_away_at_once() -> None:
    call = PhoneCall()
    call.answer_begins("resp_1")
    call.answer_ends("failed", "insufficient_quota")
    assert call.ended_by() == "model_away"


@pytest.mark.parametrize("code", ["server_error", "rate_limit_exceeded"])
def test_a_request_that_is_refused_is_repeated(code: str) -> None:
    call = PhoneCall()
    call.answer_begins("resp_1")
    call.model_calls("call_1", "check_availability")
    call.answer_ends()
    call.tool_answers("call_1")
    create = call.new()[-1]
    call.model_refuses(code, create["event_id"])
    call.wait(5000)
    assert CREATE in kinds(call.new())


def test_a_request_that_is_refused_for_want_of_credit_ends_the_call() -> None:
    call = PhoneCall(greeted=False)
    call.model_opens()
    create = call.new()[-1]
    call.model_refuses("insufficient_quota", create["event_id"])
    assert call.ended_by() == "model_away"


# -- the end from our side


def test_a_goodbye_in_the_same_answer_is_heard_before_the_line_is_closed() -> None:
    call = PhoneCall()
    call.answer_begins("resp_1")
    call.model_adds("item_1", "Goodbye!", ms=1500)
    call.model_calls("call_1", "end_call")
    call.end_is_asked("call_1")
    call.answer_ends()
    call.wait(1500)
    assert call.ended_by() is None

    call.wait(200)

    assert call.ended_by() == "agent"
    assert CREATE not in kinds(call.new())
    assert_line(call.turn("item_1"), "agent", "Goodbye!", interrupted=False)
    assert_near(call.truly_played("item_1"), 1500, within=0)


def test_without_a_goodbye_one_more_answer_is_asked_for() -> None:
    call = PhoneCall()
    call.answer_begins("resp_1")
    call.model_calls("call_1", "end_call")
    call.answer_ends()
    call.end_is_asked("call_1")
    assert kinds(call.new()) == ["conversation.item.create", CREATE]
    call.output_arrives("call_1")
    call.model_says("item_2", "Goodbye!", ms=1500)
    call.wait(1500)
    assert call.ended_by() is None
    call.wait(200)
    assert call.ended_by() == "agent"


def test_a_caller_who_speaks_first_cancels_the_end() -> None:
    call = PhoneCall()
    call.answer_begins("resp_1")
    call.model_adds("item_1", "Goodbye!", ms=1500)
    call.model_calls("call_1", "end_call")
    call.end_is_asked("call_1")
    call.answer_ends()
    call.wait(700)
    call.caller_speaks()
    call.wait(600)
    call.caller_stops()
    call.model_says("item_2", "Yes?", ms=500)
    call.wait(20_000)
    assert call.ended_by() is None


def test_the_end_comes_after_15_seconds_all_the_same() -> None:
    call = PhoneCall()
    call.answer_begins("resp_1")
    call.model_adds("item_1", TEN, ms=60_000)
    call.model_calls("call_1", "end_call")
    call.end_is_asked("call_1")
    call.answer_ends()
    call.wait(14_900)
    assert call.ended_by() is None
    call.wait(200)
    assert call.ended_by() == "agent"


def test_a_transfer_happens_when_its_sentence_was_heard() -> None:
    call = PhoneCall()
    call.answer_begins("resp_1")
    call.model_adds("item_1", "I will put you through.", ms=1000)
    call.model_calls("call_1", "transfer_call")
    call.end_is_asked("call_1", "+15550001111")
    call.answer_ends()
    call.wait(1000)
    assert call.transfers() == []
    call.wait(200)
    assert [transfer.number for transfer in call.transfers()] == ["+15550001111"]
    assert call.ended_by() is None


def test_a_transfer_that_failed_is_told_to_the_model() -> None:
    call = PhoneCall()
    call.answer_begins("resp_1")
    call.model_adds("item_1", "One moment.", ms=500)
    call.model_calls("call_1", "transfer_call")
    call.end_is_asked("call_1", "+15550001111")
    call.answer_ends()
    call.wait(1000)
    call.new()
    call.act(call.adapter.transfer_failed("busy", call.now))
    system, create = call.new()
    assert system["item"]["role"] == "system"
    assert "busy" in system["item"]["content"][0]["text"]
    assert create["type"] == CREATE


def test_a_stream_that_ends_while_the_caller_is_put_through_was_transferred() -> None:
    call = PhoneCall()
    call.answer_begins("resp_1")
    call.model_adds("item_1", "One moment.", ms=500)
    call.model_calls("call_1", "transfer_call")
    call.end_is_asked("call_1", "+15550001111")
    call.answer_ends()
    call.wait(1000)
    assert len(call.transfers()) == 1
    call.hangs_up()
    assert call.ended_by() == "transferred"


def test_an_end_that_the_model_asks_for_when_the_caller_has_cut_in_is_cancelled() -> None:
    call = PhoneCall()
    call.answer_begins("resp_1")
    call.model_adds("item_1", "Goodbye!", ms=1500)
    call.wait(700)
    call.caller_speaks()
    call.model_calls("call_1", "end_call")  # was on its way
    call.end_is_asked("call_1")
    call.answer_ends("cancelled")
    call.wait(800)
    call.caller_stops()
    call.wait(2000)
    assert call.ended_by() is None


def test_an_end_that_is_run_while_the_caller_speaks_is_cancelled() -> None:
    call = PhoneCall()
    call.answer_begins("resp_1")
    call.model_adds("item_1", "Goodbye!", ms=1500)
    call.model_calls("call_1", "end_call")
    call.answer_ends()
    call.wait(700)
    call.caller_speaks()
    call.end_is_asked("call_1")
    call.wait(2000)
    assert call.ended_by() is None


def test_an_end_that_is_asked_for_again_and_again_comes_after_15_seconds() -> None:
    call = PhoneCall()
    for number in range(8):
        call.answer_begins(f"resp_{number}")
        call.model_calls(f"call_{number}", "end_call")
        call.end_is_asked(f"call_{number}")  # before response.done, so the answer is no goodbye
        call.answer_ends()
        call.output_arrives(f"call_{number}")
        call.wait(2000)
    assert call.ended_by() == "agent"


def test_a_goodbye_that_failed_is_asked_for_again() -> None:
    call = PhoneCall()
    call.answer_begins("resp_1")
    call.model_calls("call_1", "end_call")
    call.answer_ends()
    call.end_is_asked("call_1")
    call.output_arrives("call_1")
    call.answer_begins("resp_2")
    call.answer_ends("failed", "server_error")
    assert call.ended_by() is None
    call.wait(1200)
    assert kinds(call.new()).count(CREATE) == 2


# -- keys


def test_keys_pressed_before_there_is_a_session_reach_the_model() -> None:
    call = PhoneCall(greeted=False)
    call.presses("1#")
    call.wait(500)
    call.new()  # the bridge has nobody to send it to
    call.model_opens()
    call.model_says("item_hello", "Welcome.", ms=400)
    call.wait(600)
    assert "conversation.item.create" in kinds(call.new())


def test_keys_pressed_in_a_row_are_one_turn_and_one_message() -> None:
    call = PhoneCall()
    call.presses("12")
    call.wait(500)
    call.presses("3")
    call.wait(900)
    assert call.new() == []
    call.wait(200)

    message, create = call.new()
    assert message["item"]["role"] == "user"
    assert "123" in message["item"]["content"][0]["text"]
    assert create["type"] == CREATE
    [turn] = call.published()
    assert_line(turn, "caller", "123", item_id=message["item"]["id"])


def test_the_hash_key_ends_them_at_once() -> None:
    call = PhoneCall()
    call.presses("12#")
    assert kinds(call.new())[0] == "conversation.item.create"
    assert_line(call.published()[0], "caller", "12#")


def test_keys_pressed_while_the_agent_speaks_wait_for_their_answer() -> None:
    call = PhoneCall()
    call.answer_begins("resp_1")
    call.presses("1#")
    assert kinds(call.new()) == ["conversation.item.create"]
    call.model_adds("item_1", "Press one.", ms=400)
    call.answer_ends()
    assert kinds(call.new()) == [CREATE]


def test_keys_on_the_way_to_a_hang_up_are_in_the_transcript() -> None:
    call = PhoneCall()
    call.presses("42")
    call.hangs_up()
    assert_line(call.published()[0], "caller", "42")


# -- a greeting that may not be interrupted


def greeting(call: PhoneCall) -> None:
    call.model_opens()
    call.new()
    call.model_says("item_hello", "Welcome to the bakery.", ms=2000)


def test_nothing_is_cut_while_a_protected_greeting_plays() -> None:
    call = PhoneCall(NOT_INTERRUPTIBLE, greeted=False)
    greeting(call)
    call.wait(500)
    call.caller_says("user_1", "Hello?", ms=400)
    assert "clear" not in kinds(call.new_to_phone())
    assert call.new() == []

    call.wait(1500)

    update, create = call.new()
    assert update["session"] == {"type": "realtime", **ANSWERING}
    assert create["type"] == CREATE
    assert_line(call.turn("item_hello"), "agent", "Welcome to the bakery.", interrupted=False)


def test_nobody_is_answered_who_said_nothing_during_the_greeting() -> None:
    call = PhoneCall(NOT_INTERRUPTIBLE, greeted=False)
    greeting(call)
    call.wait(2500)
    assert kinds(call.new()) == ["session.update"]


def test_after_a_protected_greeting_a_barge_in_cuts_again() -> None:
    call = PhoneCall(NOT_INTERRUPTIBLE, greeted=False)
    greeting(call)
    call.wait(2500)
    call.model_says("item_1", TEN, ms=3000)
    call.wait(1000)
    call.caller_speaks()
    call.wait(300)
    assert list(truncates(call.new())) == ["item_1"]


def test_protection_ends_with_a_greeting_that_was_never_spoken() -> None:
    call = PhoneCall(NOT_INTERRUPTIBLE, greeted=False)
    call.model_opens()
    call.answer_begins("resp_1")
    call.answer_ends("incomplete")
    assert "session.update" in kinds(call.new())


def test_a_turn_that_ends_while_the_protection_does_is_answered() -> None:
    call = PhoneCall(NOT_INTERRUPTIBLE, greeted=False)
    greeting(call)
    call.wait(1900)
    call.caller_speaks("user_1")
    call.wait(400)
    assert kinds(call.new()) == ["session.update"]
    call.caller_stops("user_1")  # committed by the session as it was
    call.model_sends("session.updated", session={})
    call.wait(500)
    assert CREATE in kinds(call.new())


def test_protection_ends_when_the_greeting_is_refused() -> None:
    call = PhoneCall(NOT_INTERRUPTIBLE, greeted=False)
    call.model_opens()
    create = call.new()[-1]
    call.model_refuses("server_error", create["event_id"])
    call.wait(10_000)
    assert call.new() != []


# -- odd messages


def test_a_time_beyond_all_time_is_survived() -> None:
    call = PhoneCall()
    call.caller_speaks(audio_start_ms=10**400)
    assert call.ended_by() is None


def test_an_empty_delta_sends_nothing_to_the_phone() -> None:
    call = PhoneCall()
    call.answer_begins("resp_1")
    call.model_sends("response.output_audio.delta", response_id="resp_1", item_id="item_1", delta="")
    assert [a for a in call.actions if isinstance(a, Send) and '"payload":""' in a.text] == []


@pytest.mark.parametrize("payload", ["AAA\\\\", "AAA\\", "/v7+/v7", "ä"])
def test_a_frame_that_is_no_base64_makes_no_broken_message(payload: str) -> None:
    call = PhoneCall(frames=False)
    appended = call.adapter.from_source('{"event":"media","media":{"payload":"' + payload + '"}}', call.now)
    assert not appended


def test_a_delta_that_is_no_base64_makes_no_broken_message() -> None:
    call = PhoneCall()
    call.model_sends("response.output_audio.delta", response_id="resp_1", item_id="item_1", delta='AAA"AAAA')


def test_every_frame_to_the_phone_is_counted() -> None:
    call = PhoneCall()
    call.model_says("item_1", TEN, ms=3000)
    call.wait(900)
    call.caller_speaks()
    call.model_says("item_2", "Yes?", ms=200)  # ends the cut that is under way
    assert call.adapter.stream_record()["frames_out"] == call.frames_to_phone


# -- counting words


def test_a_cut_turn_is_published_when_its_words_are_counted() -> None:
    call = PhoneCall(count_words=False)
    call.model_says("item_1", TEN, ms=4000)
    call.wait(2000)
    call.caller_speaks()
    call.wait(500)
    assert call.published() == []
    [wanted] = [action for action in call.actions if isinstance(action, CountWords)]
    assert (wanted.item_id, wanted.text, wanted.complete) == ("item_1", TEN, True)
    assert len(wanted.audio) == 32_000
    assert_near(wanted.heard_ms, call.truly_played("item_1"))

    call.count("item_1", 4)
    call.count("item_1", 9)

    assert_line(call.turn("item_1"), "agent", "one two three four", unheard="five six seven eight nine ten")


def test_words_that_were_not_counted_are_not_claimed() -> None:
    call = PhoneCall(count_words=False)
    call.model_says("item_1", TEN, ms=4000)
    call.wait(2000)
    call.hangs_up()
    [turn] = call.transcript()
    assert (turn.text, turn.unheard) == ("", TEN)


def test_the_stream_in_figures() -> None:
    call = PhoneCall()
    call.model_says("item_1", "Hello.", ms=1000)
    call.wait(1000)
    call.phone_sends("garbage")
    record = call.adapter.stream_record()
    assert record["frames_in"] == 56
    assert record["bytes_in"] == 56 * 160
    assert record["bytes_out"] == 8000
    assert record["mark_round_trip_ms"] == 80
    assert record["malformed"] == 1
    assert record["gaps"] == 0


def test_only_ga_names_are_sent_and_every_request_has_an_id() -> None:
    call = PhoneCall()
    call.model_says("item_1", TEN, ms=3000)
    call.wait(900)
    call.caller_speaks()
    call.wait(300)
    call.caller_stops()
    call.presses("1#")
    call.wait(2500)
    sent = call.new()
    assert {message["type"] for message in sent} == {"conversation.item.truncate", "conversation.item.create", CREATE}
    ids = [message["event_id"] for message in sent]
    assert len(ids) == len(set(ids))


def test_sends_to_the_phone_are_of_this_stream() -> None:
    call = PhoneCall()
    call.model_says("item_1", TEN, ms=3000)
    call.wait(900)
    call.caller_speaks()
    texts = [a.text for a in call.actions if isinstance(a, Send) and a.side is Side.SOURCE]
    assert {json.loads(text)["streamSid"] for text in texts} == {"MZ0123456789abcdef0123456789abcdef"}
    assert not [a for a in call.actions if isinstance(a, SendAudio) and "MZ" in a.text]
