"""Strips of a training: one place in every picture, from LR to HR, or from noise to SR."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from srbench.leaderboard.trainings.run import Samples, TrainingRun, read_training
from srbench.leaderboard.trainings.strips import MOST_SAMPLES, SIDE, chosen, write_strips
from srbench.pictures import read_image
from srbench.store.records import Store

from ..toyboard import STAGES, write_training


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_training(tmp_path, "0" * 64, 0)


def run(folder: Path, key: str = "0" * 64, seed: int = 0) -> tuple[TrainingRun, Samples]:
    found = read_training(Store(folder.parents[2]), key, seed)
    assert found is not None
    return found


@given(count=st.integers(1, 50), most=st.integers(2, 9))
def test_chosen_samples_lie_evenly_from_the_first_to_the_last(count: int, most: int) -> None:
    samples = [Path(str(place)) for place in range(count)]
    kept = [int(path.name) for path in chosen(samples, most)]
    assert len(kept) == min(count, most)
    assert kept[0] == 0 and (count == 1 or kept[-1] == count - 1)
    steps = np.diff(kept)
    assert len(steps) == 0 or steps.max() - steps.min() <= 1


def test_learning_goes_from_lr_to_hr_through_its_stages(folder: Path, tmp_path: Path) -> None:
    (strip,) = write_strips([run(folder)], tmp_path / "out", "training/net")
    words = [sample.words for sample in strip.samples]
    assert words[0] == ("LR",) and words[-1] == ("HR",)
    assert len(words) == MOST_SAMPLES + 2
    assert words[1] == ("step 75", STAGES[0]) and words[-2] == ("step 600", STAGES[1])
    assert (strip.width, strip.height) == (SIDE, SIDE)
    hr = read_image(folder / "samples/hr.png")  # 128 x 128: of it the middle is shown
    shown = [read_image(tmp_path / "out" / sample.href) for sample in strip.samples]
    assert np.array_equal(shown[-1], hr[16:112, 16:112])
    assert np.array_equal(shown[0], hr[::4, ::4][4:28, 4:28])
    assert np.array_equal(shown[-2], shown[-1])  # the last sample of the toy is HR itself


def test_sr_out_of_noise_is_a_strip_of_its_own(folder: Path, tmp_path: Path) -> None:
    samples = folder / "samples"
    for step in (0, 10):
        shutil.copy(samples / "pixel-75.png", samples / f"denoising-{step}.png")
    shutil.copy(samples / "pixel-75.png", samples / "spread.png")
    _, strip = write_strips([run(folder)], tmp_path / "out", "t")
    assert [sample.words for sample in strip.samples] == [("noise",), ("step 10",), ("spread",)]
    assert "standard deviation" in strip.words


def test_a_generator_has_sheets_of_samples_and_no_lr(folder: Path, tmp_path: Path) -> None:
    (folder / "samples/lr.png").unlink()
    (strip,) = write_strips([run(folder)], tmp_path / "out", "t")
    assert strip.samples[-1].words == ("training images",)
    assert ("LR",) not in [sample.words for sample in strip.samples]
    assert (strip.width, strip.height) == (128, 128)  # whole


@pytest.mark.parametrize("name", ["hr.png", "lr.png"])
def test_ends_that_do_not_fit_or_are_half_written_make_no_strip(folder: Path, tmp_path: Path, name: str) -> None:
    path = folder / "samples" / name
    path.write_bytes(path.read_bytes()[:60])
    found = write_strips([run(folder)], tmp_path / "out", "t")
    assert found == () or name == "lr.png"  # without LR it is that of a generator
    shutil.copy(folder / "samples/pixel-75.png", folder / "samples/hr.png")
    from srbench.pictures import write_image

    write_image(folder / "samples/lr.png", np.zeros((30, 32, 3), np.uint8))
    assert write_strips([run(folder)], tmp_path / "out", "t") == ()


def test_the_first_training_that_has_pictures_is_shown(folder: Path, tmp_path: Path) -> None:
    other = write_training(tmp_path, "1" * 64, 1)
    shutil.rmtree(folder / "samples")
    (strip,) = write_strips([run(folder), run(other, "1" * 64, 1)], tmp_path / "out", "t")
    assert "seed 1" in strip.words
    assert write_strips([run(folder)], tmp_path / "out", "t") == ()
