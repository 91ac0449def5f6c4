"""The shipped table is what the script makes from the recordings in the repository."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from twilio_openai.alignment.lattice import SILENCE, UNFORESEEN
from twilio_openai.alignment.sounds import COUNT, SYMBOLS
from twilio_openai.alignment.table import dump, parse, shipped

ROOT = Path(__file__).resolve().parent.parent


def test_training_anew_gives_the_same_table() -> None:
    script = ROOT / "scripts" / "train_alignment.py"
    done = subprocess.run(
        [sys.executable, script, "--check"], cwd=ROOT, check=False, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_has_every_class() -> None:
    table = shipped()
    assert table.means.shape[0] == COUNT
    assert len(table.durations_ms) == len(table.spreads) == len(SYMBOLS)
    assert (table.durations_ms > 20).all()
    assert (table.durations_ms < 200).all()


def test_it_survives_its_file_form() -> None:
    data = dump(shipped(), {"script": "none"})
    again = parse(json.loads(json.dumps(data)))
    assert np.array_equal(again.means, shipped().means)
    assert np.array_equal(again.whiteners, shipped().whiteners)


def test_a_table_for_other_classes_is_refused() -> None:
    data = dump(shipped(), {}) | {"classes": "abc"}
    with pytest.raises(ValueError, match="train it anew"):
        parse(data)


@pytest.mark.parametrize("symbol", [*"aom", "silence"])
def test_a_distinct_class_is_likeliest_at_its_own_mean(symbol: str) -> None:
    table = shipped()
    index = COUNT - 1 if symbol == "silence" else SYMBOLS.index(symbol)
    assert table.log_likelihoods(table.means)[index].argmax() == index


def test_scores_have_silence_first_then_any_speech_then_the_sounds() -> None:
    table = shipped()
    scores = table.scores(table.means)
    assert scores.shape == (COUNT, COUNT + 1)
    assert np.array_equal(scores[:, UNFORESEEN], scores[:, 2:].max(axis=1))
    assert scores[-1].argmax() == SILENCE
