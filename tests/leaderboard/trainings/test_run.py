"""One training, read from its folder: facts, curve, samples in order; what is damaged is named and costs itself."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from srbench.leaderboard.trainings.run import Samples, TrainingRun, read_training
from srbench.store.records import Store

from ..toyboard import HELD_OUT, HOSTILE, HOSTILE_NOTE, NOTE, STAGES, write_training

KEY = "0" * 64


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_training(tmp_path, KEY, 0)


def read(folder: Path, seed: int | None = 0) -> tuple[TrainingRun, Samples]:
    """Of the store that the model's folder lies in."""
    found = read_training(Store(folder.parents[2]), KEY, seed)
    assert found is not None
    return found


def run(folder: Path, seed: int | None = 0) -> TrainingRun:
    return read(folder, seed)[0]


def samples_of(folder: Path) -> Samples:
    return read(folder)[1]


def test_facts_are_those_of_the_file_and_notes_those_of_both(folder: Path) -> None:
    found = run(folder)
    assert (found.name, found.trouble, found.damage) == ("seed 0", "", ())
    assert (found.facts.precision, found.facts.held_out) == ("bf16", HELD_OUT)
    assert [(stage.name, stage.steps) for stage in found.facts.stages] == [(STAGES[0], 300), (STAGES[1], 300)]
    assert found.notes == [NOTE, HOSTILE_NOTE]
    assert found.seconds == 66.0
    assert run(folder, None).name == "training"


def test_the_curve_is_the_history_with_the_best_validations(folder: Path) -> None:
    curve = run(folder).curve
    assert curve is not None
    expected = pd.read_csv(folder / "history.csv")
    assert curve.series("content").values == pytest.approx(expected["content"].dropna().tolist())
    assert curve.best == ((250, 37.0),)
    assert not curve.broke


def test_numbers_of_a_history_that_are_none_are_holes(folder: Path) -> None:
    (folder / "history.csv").write_text("stage,step,content\na,1,0.5\na,2,inf\na,3,oops\na,,0.1\n")
    curve = run(folder).curve
    assert curve is not None
    assert curve.series("content") == ([1], [0.5])
    assert curve.history["step"] == [1, 2, 3]


def test_samples_come_in_the_order_of_stages_and_steps(folder: Path) -> None:
    found = samples_of(folder)
    stages = [found.stage_of(sample) for sample in found.paths]
    assert stages == [STAGES[0]] * 4 + [HOSTILE] * 4
    steps = [int(sample.stem.rpartition("-")[2]) for sample in found.paths]
    assert steps == list(range(75, 601, 75))


def test_what_is_no_sample_of_it_is_left_out(folder: Path, tmp_path: Path) -> None:
    before = samples_of(folder).paths
    samples = folder / "samples"
    shutil.copy(before[0], samples / "pixel.png")
    (samples / "pixel-9.png").mkdir()
    outside = tmp_path / "outside-1.png"
    shutil.copy(before[0], outside)
    (samples / "pixel-1.png").symlink_to(outside)
    assert samples_of(folder).paths == before


@pytest.mark.parametrize(
    ("name", "text"), [("training.json", "{"), ("training.json", '{"stages": 3}'), ("history.csv", '"')]
)
def test_a_damaged_file_is_named_with_the_remedy_and_the_other_is_shown(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text)
    found = run(folder)
    (damage,) = found.damage
    assert damage.startswith(f"{folder / name}: cannot be read") and "remove the file" in damage
    assert (found.curve is None) == (name == "history.csv")
    assert (found.facts.stages == []) == (name == "training.json")


def test_a_training_that_failed_says_so_and_its_curve_broke(tmp_path: Path) -> None:
    found = run(write_training(tmp_path, KEY, 2, "failed", "it diverged"), 2)
    assert found.trouble == "seed 2, failed: it diverged"
    assert found.curve is not None and found.curve.broke


def test_an_empty_folder_left_nothing(tmp_path: Path) -> None:
    assert read_training(Store(tmp_path), KEY, 0) is None
