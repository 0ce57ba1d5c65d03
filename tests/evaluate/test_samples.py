"""Samples of SR on disk: as SR is written, each its own whatever else is drawn, and not drawn twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import srbench
from srbench.contract.protocol import Protocol
from srbench.evaluate.output import BadOutput
from srbench.evaluate.samples import draw_samples, sample_name
from srbench.evaluate.score import score_split
from srbench.evaluate.upscale import upscale_split
from srbench.pictures import read_image, resize

X2 = Protocol("x2-rgb", 2, "rgb", border=2)


class MeanOfFour(srbench.Method):
    """SR is the mean of four samples; a sample has noise. asked: how often one was drawn."""

    samples = True

    def __init__(self) -> None:
        self.asked = 0

    def upscale(self, lr: torch.Tensor, scale: Any) -> torch.Tensor:
        return torch.stack([self.sample_sr(lr, scale) for _ in range(4)]).mean(0)

    def sample_sr(self, lr: torch.Tensor, scale: Any) -> torch.Tensor:
        self.asked += 1
        sr = resize(lr, scale)
        return sr + 0.1 * torch.randn_like(sr)


def items(*names: str, dtype: Any = np.uint8) -> list[srbench.Item]:
    white = 1 if dtype is np.float32 else np.iinfo(dtype).max
    return [srbench.Item(name, np.full((16, 12, 1), 0.5 * white).astype(dtype)) for name in names]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_samples_are_written_as_sr_is_and_have_the_spread_of_one(tmp_path: Path, dtype: Any) -> None:
    (item,) = items("a", dtype=dtype)
    names = draw_samples(MeanOfFour(), [item], X2, tmp_path / "samples", 30, seed=0)
    suffix = ".tiff" if dtype is np.float32 else ".png"
    assert names[:2] == [f"a.001{suffix}", f"a.002{suffix}"] and len(set(names)) == 30
    drawn = np.stack([read_image(tmp_path / "samples" / name) for name in names])
    assert drawn.dtype == dtype and drawn.shape == (30, 16, 12, 1)
    white = 1 if dtype is np.float32 else np.iinfo(dtype).max
    assert drawn.std(0).mean() / white == pytest.approx(0.1, rel=0.05), "not that of a mean of four"


def test_a_sample_hangs_on_seed_and_place_and_on_nothing_else(tmp_path: Path) -> None:
    def drawn(name: str, of: list[srbench.Item], count: int, seed: int) -> dict[str, np.ndarray]:
        names = draw_samples(MeanOfFour(), of, X2, tmp_path / name, count, seed)
        return {one: read_image(tmp_path / name / one) for one in names}

    few, many = drawn("few", items("a", "b"), 2, 1), drawn("many", items("b", "a"), 3, 1)
    assert few.keys() < many.keys() and all(np.array_equal(few[name], many[name]) for name in few)
    other = drawn("other", items("a", "b"), 2, 2)
    everything = [*many.values(), *other.values()]
    # Alike pictures are drawn alike, as SR of each image begins at the seed.
    assert len({one.tobytes() for one in everything}) == 3 + 2


def test_those_that_are_there_are_not_drawn_again_and_one_that_is_not_what_was_noted_is(tmp_path: Path) -> None:
    method = MeanOfFour()
    seen: list[str] = []
    draw_samples(method, items("a", "b"), X2, tmp_path / "samples", 2, 0, progress=seen.append)
    assert method.asked == 4 and seen == ["a", "a", "b", "b"]
    before = (tmp_path / "samples" / "a.001.png").read_bytes()
    (tmp_path / "samples" / "a.001.png").write_bytes(b"something else")
    draw_samples(method, items("a", "b"), X2, tmp_path / "samples", 3, 0)
    assert method.asked == 4 + 1 + 2 and (tmp_path / "samples" / "a.001.png").read_bytes() == before


def test_no_two_images_share_a_file() -> None:
    ids = ["a", "a.001", "a.001.001", "b"]
    assert len({sample_name(f"{image}.png", place) for image in ids for place in range(1, 30)}) == 4 * 29


def test_a_sample_that_is_no_image_is_refused_by_the_name_of_what_made_it(tmp_path: Path) -> None:
    class Small(MeanOfFour):
        def sample_sr(self, lr: torch.Tensor, scale: Any) -> torch.Tensor:
            return lr

    with pytest.raises(BadOutput, match="sample_sr"):
        draw_samples(Small(), items("a"), X2, tmp_path / "samples", 1, 0)


class Samples(srbench.SetMetric):
    """Remembers what it is shown."""

    higher_is_better = False
    needs = frozenset({"samples"})
    samples = 3

    def __init__(self) -> None:
        self.shown: list[tuple[Any, ...]] = []

    def update_samples(self, samples: Any, hr: Any, measured: Any) -> None:
        self.shown.append((torch.stack(list(samples)), hr, measured))

    def compute(self) -> float:
        return float(len(self.shown))


def test_a_metric_of_samples_sees_those_on_disk_as_the_protocol_scores_them(tmp_path: Path) -> None:
    of, metric = items("a", "b"), Samples()
    done = upscale_split(MeanOfFour(), of, X2, tmp_path / "images")
    names = draw_samples(MeanOfFour(), of, X2, tmp_path / "samples", 5, 0)
    column = score_split("key", metric, of, X2, tmp_path / "images", done.images, samples=tmp_path / "samples")
    assert column.result().value == 2 and metric.tasks() == {"super-resolution"}
    drawn, hr, measured = metric.shown[0]
    wanted = np.stack([read_image(tmp_path / "samples" / name)[2:-2, 2:-2, 0] for name in names[:3]]) / 255
    assert drawn.numpy() == pytest.approx(wanted[:, None]) and drawn.dtype == torch.float64
    assert hr.shape == (1, 12, 8) and measured is None
    (tmp_path / "samples" / names[0]).unlink()
    failed = score_split("key", Samples(), of, X2, tmp_path / "images", done.images, samples=tmp_path / "samples")
    assert f"{names[0]} is not there any more" in failed.result().reason
