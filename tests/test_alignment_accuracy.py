"""How near it comes, on recordings of voices and texts that the table was not trained on; and what it costs.

Thresholds leave a point or two of room below what `python -m benchmarks.heard` prints.
"""

import time
from collections import Counter

import pytest

from benchmarks.heard.__main__ import measure
from benchmarks.heard.cuts import cuts
from benchmarks.heard.recordings import Recording, load
from benchmarks.heard.scores import Score
from twilio_openai.alignment import align

KEPT = load(lambda one: one.split == "kept")
SOME = KEPT[::4]


def test_the_kept_recordings_are_none_of_the_training_data() -> None:
    dev = load(lambda one: one.split == "dev")
    assert len(dev) == 124
    assert not {one.text for one in KEPT} & {one.text for one in dev}
    assert not {one.voice for one in KEPT} & {one.voice for one in dev}


def test_whole_answers() -> None:
    scores, _ = measure("align", KEPT, "full", 20)
    total = scores["all"]
    assert total.exact >= 95.0
    assert total.over <= 2.0
    assert total.within_one >= 99.7
    assert max(total.worst) <= 2
    for language in ("en", "es", "de", "fr", "it"):
        assert scores[f"language {language}"].exact >= 92.0


@pytest.mark.parametrize("mode", ["1.5x", "4x"])
def test_while_generation_still_runs(mode: str) -> None:
    whole, _ = measure("align", SOME, "full", 6)
    scores, _ = measure("align", SOME, mode, 6)
    assert scores["all"].exact >= whole["all"].exact - 2.0
    assert max(scores["all"].worst) <= 2


def test_the_estimate_is_far_better_than_letters_in_proportion() -> None:
    quick, _ = measure("estimate", SOME, "full", 20)
    letters, _ = measure("characters in proportion", SOME, "full", 20)
    assert quick["all"].exact >= 75.0
    assert quick["all"].exact >= letters["all"].exact + 20.0


def longest() -> Recording:
    return max(KEPT, key=lambda one: one.duration_ms)


def cpu_ms(recording: Recording) -> float:
    started = time.process_time()
    align(recording.text, recording.audio, recording.language)
    return (time.process_time() - started) * 1000


def test_it_is_cheap() -> None:
    recording = longest()
    best = min(cpu_ms(recording) for _ in range(5))
    assert best / recording.duration_ms * 1000 <= 5.0  # ms per second; about 1.5 alone on a machine


def test_cuts_are_the_same_each_time() -> None:
    recording = KEPT[0]
    assert list(cuts(recording, 3, 1.5)) == list(cuts(recording, 3, 1.5))


def test_a_score_counts_errors() -> None:
    score = Score(Counter())
    for claimed, heard in ((3, 3), (4, 3), (1, 3), (2, 2)):
        score.add(claimed, heard)
    assert (score.exact, score.within_one, score.over, score.worst) == (50.0, 75.0, 25.0, (1, 2))
