"""The dynamic programme on made-up scores: what it must find, and what it must not claim."""

import math

import numpy as np

from twilio_openai.alignment.lattice import (
    FIRST_SOUND,
    SILENCE,
    UNFORESEEN,
    Kind,
    Segment,
    Slot,
    Sound,
    drawn_out,
    lattice,
)
from twilio_openai.alignment.spoken import Phrase
from twilio_openai.alignment.timing import NEVER, Span, spans
from twilio_openai.alignment.viterbi import Path, Weights, best_path, sound_costs

WEIGHTS = Weights()
A, B, C = FIRST_SOUND, FIRST_SOUND + 1, FIRST_SOUND + 2


def scores(*stretches: tuple[int, int]) -> np.ndarray:
    """(column, frames) -> log-likelihoods that favour that column there."""
    table = np.full((sum(frames for _, frames in stretches), 5), -30.0)
    at = 0
    for column, frames in stretches:
        table[at : at + frames, column] = 0.0
        at += frames
    table[:, UNFORESEEN] = table[:, FIRST_SOUND:].max(axis=1)
    return table


def slots(*words: tuple[Segment, ...] | Slot, pauses: Kind = Kind.PAUSE) -> list[Slot]:
    edge: Slot = ((Segment(Kind.EDGE, SILENCE),),)
    found = [edge]
    for number, word in enumerate(words):
        found.append((word,) if isinstance(word[0], Segment) else word)
        found.append(edge if number == len(words) - 1 else ((Segment(pauses, SILENCE),),))
    return found


def sound(column: int, word: int, closes: bool = True, ms: float = 100.0) -> Segment:
    return Segment(Kind.SOUND, column, ms, 0.45, word, closes)


def find(lattice: list[Slot], table: np.ndarray, open_end: bool = False) -> Path:
    path = best_path(lattice, table, 0.1, open_end, WEIGHTS)
    assert path is not None
    return path


def ends(path: Path, words: int, frames: int) -> list[float]:
    return [span.end for span in spans(path, words, np.full(frames, 25.0))]


def test_borders_are_where_the_sounds_change() -> None:
    table = scores((SILENCE, 7), (A, 12), (B, 9), (C, 11), (SILENCE, 6))
    path = find(slots((sound(A, 0, False), sound(B, 0)), (sound(C, 1),)), table)
    assert [(one.start, one.end) for one in path.placed if one.segment.word >= 0] == [(7, 19), (19, 28), (28, 39)]
    assert path.finished


def test_an_unasked_pause_is_found_where_there_is_silence() -> None:
    table = scores((A, 10), (SILENCE, 30), (B, 10))
    path = find(slots((sound(A, 0),), (sound(B, 1),)), table)
    assert [one.end - one.start for one in path.placed if one.segment.kind is Kind.PAUSE] == [30]


def test_a_stop_may_be_missing() -> None:
    table = scores((A, 10), (B, 10))
    path = find(slots((sound(A, 0),), (sound(B, 1),), pauses=Kind.STOP), table)
    assert ends(path, 2, 20) == [10, 20]


def test_a_pause_longer_than_any_sound_is_bridged() -> None:
    table = scores((A, 10), (SILENCE, 700), (B, 10))
    path = find(slots((sound(A, 0),), (sound(B, 1),)), table)
    assert path.placed[-2].start == 710


def test_the_reading_that_fits_is_taken() -> None:
    readings: Slot = ((sound(A, 0),), (sound(B, 0, False), sound(C, 0)))
    for table, columns in ((scores((A, 10)), [A]), (scores((B, 10), (C, 10)), [B, C])):
        path = find(slots(readings), table)
        assert [one.segment.column for one in path.placed if one.segment.word == 0] == columns


def test_unforeseen_speech_belongs_to_the_word_before_it() -> None:
    unforeseen: Slot = ((Segment(Kind.UNFORESEEN, UNFORESEEN, word=0),),)
    grid = slots((sound(A, 0),), (sound(B, 1),))
    grid.insert(2, unforeseen)
    path = find(grid, scores((A, 10), (C, 60), (B, 10)))
    assert ends(path, 2, 80) == [70, 80]


def test_unforeseen_speech_costs_nothing_where_there_is_none() -> None:
    grid = slots((sound(A, 0),), (sound(B, 1),))
    plain = find(grid, scores((A, 10), (B, 10))).score
    grid.insert(2, ((Segment(Kind.UNFORESEEN, UNFORESEEN, word=0),),))
    assert find(grid, scores((A, 10), (B, 10))).score == plain


def test_words_ahead_of_the_audio_are_not_reached() -> None:
    grid = slots((sound(A, 0),), (sound(B, 1),), (sound(C, 2),))
    path = find(grid, scores((A, 10), (B, 10)), open_end=True)
    assert not path.finished
    assert ends(path, 3, 20) == [10, 20, math.inf]
    assert spans(path, 3, np.full(20, 25.0))[2] is NEVER


def test_a_word_whose_last_sound_is_missing_has_not_ended() -> None:
    grid = slots((sound(A, 0),), (sound(B, 1, False), sound(C, 1)))
    path = find(grid, scores((A, 10), (B, 10)), open_end=True)
    assert ends(path, 2, 20) == [10, math.inf]
    assert spans(path, 2, np.full(20, 25.0))[1].start == 10


def test_audio_that_no_word_can_fill_has_no_path() -> None:
    grid: list[Slot] = [((sound(A, 0),),)]
    assert best_path(grid, scores((A, 500)), 0.1, False, WEIGHTS) is None


def test_the_expected_duration_is_the_likeliest_and_a_drawn_out_one_is_cheaper_late() -> None:
    segment = sound(A, 0)
    plain = sound_costs(segment, 0.1, WEIGHTS)
    final = sound_costs(drawn_out([segment])[0], 0.1, WEIGHTS)
    assert plain.argmax() == final.argmax() == 10
    assert final[25] > plain[25]
    assert plain[0] == -WEIGHTS.missing


def test_a_word_without_sounds_ends_with_the_word_before_it() -> None:
    def voice(word: str) -> list[Sound]:
        return [Sound(A, 100.0, 0.45)] if word == "a" else []

    words = ["…", "a", "—", "a"]
    grid = lattice(words, [Phrase((("a" if word == "a" else "",),)) for word in words], "en", voice)
    table = scores((SILENCE, 5), (A, 10), (SILENCE, 20), (A, 10), (SILENCE, 5))
    levels = np.array([5.0] * 5 + [25.0] * 10 + [5.0] * 20 + [25.0] * 10 + [5.0] * 5)
    found = spans(find(grid, table), 4, levels)
    assert found == [Span(5, 5), Span(5, 15), Span(15, 15), Span(35, 45)]
