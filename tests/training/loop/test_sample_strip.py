"""Pictures of a training: which are kept, what they show, and when all is lost."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from srbench.pictures import read_image, write_image
from srbench.training.loop.sample_strip import (
    FOLDER,
    SPREAD_WHITE,
    Strip,
    read_lr,
    remove_strip,
    write_denoising,
    write_spread,
)

HR = np.linspace(0, 1, 48, dtype=np.float32).reshape(1, 3, 4, 4)
LR = np.full((1, 3, 2, 2), 0.5, np.float32)


def strip(folder: Path, lr: np.ndarray | None = LR) -> Strip:
    return Strip(folder, lambda: torch.full((1, 3, 4, 4), 0.25), HR, lr)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / FOLDER).iterdir())


def test_pictures_stand_beside_what_they_come_from_and_go_to(tmp_path: Path) -> None:
    one = strip(tmp_path)
    one.begin([])
    made = one.made()
    one.add(made, "warm up/ä", 100)
    one.add(made, "warm up/ä", 100)
    assert one.names == ["warm-up---100.png"]
    assert names(tmp_path) == ["hr.png", "lr.png", "warm-up---100.png"]
    np.testing.assert_array_equal(read_image(tmp_path / FOLDER / one.names[0]), np.full((4, 4, 3), 64))
    np.testing.assert_allclose(read_image(tmp_path / FOLDER / "hr.png") / 255, HR[0].transpose(1, 2, 0), atol=0.5 / 255)


def test_what_is_not_finite_or_out_of_range_is_still_a_picture(tmp_path: Path) -> None:
    one = strip(tmp_path, None)
    one.begin([])
    values = np.array([np.nan, np.inf, -np.inf, -1, 2], np.float32).reshape(1, 1, 1, 5)
    one.add(values, "a", 1)
    assert read_image(tmp_path / FOLDER / "a-1.png").ravel().tolist() == [0, 255, 0, 0, 255]
    assert names(tmp_path) == ["a-1.png", "hr.png"]


def test_beginning_keeps_what_is_named_and_removes_what_will_be_done_again(tmp_path: Path) -> None:
    first = strip(tmp_path)
    first.begin([])
    for step in (1, 2, 3):
        first.add(HR, "a", step)
    again = strip(tmp_path)
    again.begin(["a-1.png"])
    assert names(tmp_path) == ["a-1.png", "hr.png", "lr.png"] and again.names == ["a-1.png"]
    strip(tmp_path, None).begin([])
    assert names(tmp_path) == ["hr.png"]
    remove_strip(tmp_path)
    assert names(tmp_path) == []
    remove_strip(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("made", "hr", "lost"),
    [(0 * HR, HR, True), (0 * HR + 0.7, HR, True), (HR * 0.01, HR, False), (HR, HR, False), (0 * HR, 0 * HR, False)],
)
def test_all_is_lost_where_one_colour_is_left_of_several(
    tmp_path: Path, made: np.ndarray, hr: np.ndarray, lost: bool
) -> None:
    assert Strip(tmp_path, lambda: torch.zeros(1), hr).collapsed(made) is lost


def test_lr_is_read_back_where_there_is_one(tmp_path: Path) -> None:
    assert read_lr(tmp_path) is None
    strip(tmp_path).begin([])
    found = read_lr(tmp_path)
    assert found is not None and found.shape == (1, 3, 2, 2) and found.dtype == torch.float32
    np.testing.assert_allclose(found.numpy(), LR, atol=0.5 / 255)


def test_denoising_and_spread_stand_only_beside_a_training_s_pictures(tmp_path: Path) -> None:
    states = {0: torch.rand(1, 3, 4, 4), 50: torch.ones(1, 3, 4, 4)}
    samples = torch.rand(8, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    write_denoising(tmp_path, states)
    write_spread(tmp_path, samples)
    assert not (tmp_path / FOLDER).exists()
    (tmp_path / FOLDER).mkdir()
    write_image(tmp_path / FOLDER / "hr.png", np.zeros((4, 4, 3), np.uint8))
    write_denoising(tmp_path, states)
    write_spread(tmp_path, samples / SPREAD_WHITE)
    assert names(tmp_path) == ["denoising-0.png", "denoising-50.png", "hr.png", "spread.png"]
    assert (read_image(tmp_path / FOLDER / "denoising-50.png") == 255).all()
    # The deviation is an eighth, white in the picture is another: in all that of the samples themselves.
    expected = samples.numpy().std(0, ddof=1).mean(0)
    found = read_image(tmp_path / FOLDER / "spread.png") / 255
    np.testing.assert_allclose(found, np.repeat(expected[..., None], 3, axis=2), atol=0.51 / 255)
