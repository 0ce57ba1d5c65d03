"""SR on disk: checked, lossless, in native depth, timed without what is not the method's, drawn by the seed alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import torch

import srbench
from srbench.contract.dataset import Item
from srbench.contract.protocol import Protocol
from srbench.evaluate.cost import LATENCY_SIDE
from srbench.evaluate.journal import Journal, Note
from srbench.evaluate.output import BadOutput, finite
from srbench.evaluate.upscale import OVERSHOOT, Upscaled, upscale_image, upscale_split
from srbench.pictures import read_image

X2 = Protocol("x2-rgb", 2, "rgb", border=2)


class Nearest(srbench.Method):
    def upscale(self, lr: torch.Tensor, scale: int) -> torch.Tensor:
        return lr.repeat_interleave(scale, -2).repeat_interleave(scale, -1)


class Grainy(Nearest):
    samples = True

    def upscale(self, lr: torch.Tensor, scale: int) -> torch.Tensor:
        sr = super().upscale(lr, scale)
        return sr + 0.1 * torch.randn_like(sr)


def item(name: str, height: int = 12, width: int = 10, dtype: Any = np.uint8, **more: Any) -> Item:
    peak = 1 if dtype is np.float32 else np.iinfo(dtype).max
    values = np.random.default_rng(len(name)).random((height, width, 3)) * peak
    return Item(name, values.astype(dtype), **more)


@pytest.mark.parametrize(("dtype", "suffix"), [(np.uint8, ".png"), (np.uint16, ".png"), (np.float32, ".tiff")])
def test_sr_is_of_hr_s_depth_and_the_method_s_lr_pixel_by_pixel(tmp_path: Path, dtype: Any, suffix: str) -> None:
    hr = item("a", dtype=dtype)
    told: list[str] = []
    done = upscale_split(Nearest(), [hr], X2, tmp_path, progress=told.append)
    assert (done.images, told, done.lr) == ({"a": f"a{suffix}"}, ["a"], "made")
    pixels, peak = hr.read_hr()
    lr = X2.lr(pixels, peak, "a", None)
    sr = read_image(tmp_path / done.images["a"])
    assert sr.dtype == dtype and sr.shape == pixels.shape
    assert np.array_equal(sr, lr.repeat(2, 0).repeat(2, 1))


@pytest.mark.parametrize(("shipped", "words"), [((), "made"), (("a",), "mixed"), (("a", "bb"), "shipped")])
def test_where_lr_is_from_is_told(tmp_path: Path, shipped: tuple[str, ...], words: str) -> None:
    def lr(name: str) -> dict[Any, Any]:
        return {("bicubic", 2): np.full((6, 5, 3), 7, np.uint8)} if name in shipped else {}

    done = upscale_split(Nearest(), [item(name, lr=lr(name)) for name in ("a", "bb")], X2, tmp_path)
    assert (done.lr, sum(note.shipped for note in done.made.values())) == (words, len(shipped))
    for name in shipped:
        assert (read_image(tmp_path / done.images[name]) == 7).all()


def test_what_is_drawn_depends_on_the_seed_and_not_on_the_order(tmp_path: Path) -> None:
    def sr(names: str, seed: int) -> dict[str, Any]:
        folder = tmp_path / f"{names}{seed}"
        folder.mkdir()
        done = upscale_split(Grainy(), [item(name) for name in names], X2, folder, seed=seed)
        return {name: read_image(folder / file) for name, file in done.images.items()}

    forth, back, other = sr("ab", 0), sr("ba", 0), sr("ab", 1)
    assert all(np.array_equal(forth[name], back[name]) for name in "ab")
    assert not np.array_equal(forth["a"], other["a"])


def test_values_far_outside_are_counted_and_overshoot_is_not(tmp_path: Path) -> None:
    class Bright(Nearest):
        def upscale(self, lr: torch.Tensor, scale: int) -> torch.Tensor:
            sr = super().upscale(lr, scale)
            sr[..., 0, :] = 1 + 0.9 * OVERSHOOT
            sr[..., 1, :] = 1 + 1.1 * OVERSHOOT
            sr[..., 2, :] = -1.1 * OVERSHOOT
            return sr

    done = upscale_split(Bright(), [item("a")], X2, tmp_path)
    (note,) = done.made.values()
    assert (note.values, note.clamped) == (12 * 10 * 3, 2 * 10 * 3)
    assert done.clamped_share == pytest.approx(2 / 12)
    assert Upscaled().clamped_share == 0


def test_the_time_of_a_megapixel_is_the_median_and_the_sum_is_all() -> None:
    times = [(1.0, 0.5), (0.1, 0.1), (90.0, 0.5)]
    done = Upscaled(
        {
            str(place): Note(image=str(place), file="", sha256="", seconds=seconds, megapixels=megapixels)
            for place, (seconds, megapixels) in enumerate(times)
        }
    )
    assert done.seconds == 91.1
    assert done.ms_per_megapixel == 2000  # of 2, 1 and 180 seconds a megapixel


def test_latency_is_measured_on_a_corner_of_the_largest_lr(tmp_path: Path) -> None:
    done = upscale_split(Nearest(), [item("a"), item("bb", 40, 30), item("ccc", 16, 16)], X2, tmp_path)
    assert done.sample is not None and done.sample.shape == (3, 20, 15)
    large = item("d", 2 * LATENCY_SIDE + 20, 24)
    done = upscale_split(Nearest(), [large], X2, tmp_path)
    assert done.sample is not None and done.sample.shape == (3, LATENCY_SIDE, 12)


def test_sr_that_is_none_is_refused_with_what_it_should_be() -> None:
    class Half(Nearest):
        def upscale(self, lr: torch.Tensor, scale: int) -> torch.Tensor:
            return lr

    with pytest.raises(BadOutput, match=r"from \(1, 3, 4, 5\) it should be"):
        upscale_image(Half(), torch.zeros(3, 4, 5), 2)


def test_a_method_that_refuses_corners_upscales_whole_images_all_the_same(tmp_path: Path) -> None:
    class Whole(Nearest):
        def upscale(self, lr: torch.Tensor, scale: int) -> torch.Tensor:
            if min(lr.shape[2:]) <= 16:
                raise ValueError("too small")
            return super().upscale(lr, scale)

    assert list(upscale_split(Whole(), [item("a", 40, 40)], X2, tmp_path).images) == ["a"]


class Overflowing(Nearest):
    """Has no numbers for images of some widths."""

    def __init__(self, *widths: int, advice: str = "") -> None:
        self.widths, self.advice = widths, advice

    def upscale(self, lr: torch.Tensor, scale: int) -> torch.Tensor:
        sr = super().upscale(lr, scale)
        if lr.shape[3] in self.widths:
            sr[..., 0, :3] = float("nan")
        return finite("the model", sr, self.advice) if self.advice else sr


def test_sr_that_is_not_finite_is_told_with_how_many_images_once_the_others_are_there(tmp_path: Path) -> None:
    split = [item("a", 40, 36), item("bb", 40, 40), item("ccc", 40, 44), item("dddd", 40, 40)]
    told: list[str] = []
    words = (
        r"^SR of 2 of 4 images is not finite \(bb, dddd\). Of bb: upscale returned 9 of 4800 values that are not fin"
    )
    with pytest.raises(BadOutput, match=words):
        upscale_split(Overflowing(20), split, X2, tmp_path / "sr", progress=told.append)
    assert told == ["a", "bb", "ccc", "dddd"]
    assert sorted(path.name for path in (tmp_path / "sr").iterdir()) == ["a.png", "ccc.png"], "no black pictures"
    assert set(upscale_split(Nearest(), split, X2, tmp_path / "sr").images) == {"a", "bb", "ccc", "dddd"}


def test_what_a_method_knows_of_it_is_told_and_many_images_are_counted(tmp_path: Path) -> None:
    split = [item("i" * place, 40, 36) for place in range(1, 8)]
    words = (
        r"^SR of 7 of 7 images is not finite \(i, ii, iii, iiii, iiiii, ...\). Of i: the model returned .* Use another$"
    )
    with pytest.raises(BadOutput, match=words):
        upscale_split(Overflowing(18, advice="Use another"), split, X2, tmp_path)


@pytest.mark.parametrize("warms_up", [False, True])
def test_what_is_compiled_for_a_shape_is_kept_out_of_the_times(tmp_path: Path, warms_up: bool) -> None:
    class Compiled(Counting):
        pass

    Compiled.warms_up = warms_up
    method = Compiled()
    done = upscale_split(method, [item("a", 40, 36), item("bb", 40, 44), item("ccc", 40, 36)], X2, tmp_path, seed=1)
    corner, sizes = (16, 16), [(20, 18), (20, 22), (20, 18)]
    first = [(20, 18), (20, 18), (20, 22), (20, 22), (20, 18)]
    assert method.sizes == [corner, *(first if warms_up else sizes)]
    plain = upscale_split(Counting(), [item("bb", 40, 44)], X2, tmp_path / "plain", seed=1)
    ours, theirs = (path / "bb.png" for path in (tmp_path, tmp_path / "plain"))
    assert done.images["bb"] == plain.images["bb"] and ours.read_bytes() == theirs.read_bytes()


def test_progress_ends_at_one_and_sr_lies_on_the_cpu() -> None:
    told: list[float] = []
    sr = upscale_image(Nearest(), torch.rand(1, 3, 4), 2, progress=told.append)
    assert told == [1.0] and sr.shape == (1, 6, 8) and sr.device.type == "cpu"


# --- an attempt that was cut off -------------------------------------------------------------------------------------


class Counting(Grainy):
    """Notes the size of each LR that it upscales."""

    def __init__(self) -> None:
        self.sizes: list[tuple[int, ...]] = []

    def upscale(self, lr: torch.Tensor, scale: int) -> torch.Tensor:
        self.sizes.append(tuple(lr.shape[2:]))
        return super().upscale(lr, scale)


SPLIT = [item("a", 40, 36), item("bb", 44, 36), item("ccc", 36, 48), item("dddd", 60, 36)]
"""Of LR of different sizes, none smaller than the corner that warms up."""
UPSCALED = {"a": (20, 18), "bb": (22, 18), "ccc": (18, 24), "dddd": (30, 18)}


def cut_off(folder: Path, after: int = 2, split: str = "") -> Upscaled:
    """An attempt that ends when so many images are there; what a whole one leaves elsewhere."""

    class Cut(Exception): ...

    done: list[str] = []

    def progress(image: str) -> None:
        done.append(image)
        if len(done) == after:
            raise Cut

    with pytest.raises(Cut):
        upscale_split(Counting(), SPLIT, X2, folder, split=split, seed=1, progress=progress)
    return upscale_split(Counting(), SPLIT, X2, folder.with_name("whole"), seed=1)


def go_on(folder: Path, split: str = "") -> tuple[Upscaled, set[str]]:
    """The next attempt: what it leaves, and which images it upscaled."""
    method, told = Counting(), list[str]()
    done = upscale_split(method, SPLIT, X2, folder, split=split, seed=1, progress=told.append)
    assert told == [one.id for one in SPLIT], "progress goes through all, made now or before"
    return done, {name for name, size in UPSCALED.items() if size in method.sizes}


def same(one: Upscaled, folder: Path, other: Upscaled) -> bool:
    """Whether an upscaled split is that of another folder, but for times."""
    assert one.sample is not None and other.sample is not None
    return (
        one.images == other.images
        and all((folder / name).read_bytes() == (folder.with_name("whole") / name).read_bytes() for name in UPSCALED_AS)
        and {name: replaced(note) for name, note in one.made.items()}
        == {name: replaced(note) for name, note in other.made.items()}
        and torch.equal(one.sample, other.sample)
        and (one.lr, one.clamped_share) == (other.lr, other.clamped_share)
    )


UPSCALED_AS = [f"{name}.png" for name in UPSCALED]


def replaced(note: Note) -> Note:
    return msgspec.structs.replace(note, seconds=0.0)


@pytest.mark.parametrize("after", [1, 2, 3, 4])
def test_what_was_cut_off_goes_on_image_by_image(tmp_path: Path, after: int) -> None:
    folder = tmp_path / "sr"
    whole = cut_off(folder, after)
    assert not whole.resumed
    done, upscaled = go_on(folder)
    assert upscaled == set(list(UPSCALED)[after:])
    assert done.resumed and same(done, folder, whole)


@pytest.mark.parametrize("harm", ["changed", "gone", "not noted", "half a line", "no line"])
def test_an_image_that_is_not_as_it_was_noted_is_made_again_alone(tmp_path: Path, harm: str) -> None:
    folder = tmp_path / "sr"
    whole = cut_off(folder, 3)
    journal = folder.with_name("sr.jsonl")
    lines = journal.read_bytes().splitlines(keepends=True)
    if harm == "changed":
        (folder / "bb.png").write_bytes((folder / "a.png").read_bytes())
    elif harm == "gone":
        (folder / "bb.png").unlink()
    elif harm == "not noted":
        journal.write_bytes(b"".join(line for line in lines if b'"bb"' not in line))
    elif harm == "half a line":
        journal.write_bytes(b"".join(line[:40] + b"\n" if b'"bb"' in line else line for line in lines))
    else:
        journal.write_bytes(b"".join(b"\xff\x00 nonsense\n" if b'"bb"' in line else line for line in lines))
    done, upscaled = go_on(folder)
    assert upscaled == {"bb", "dddd"} and same(done, folder, whole)


@pytest.mark.parametrize("harm", ["gone", "empty", "another split", "nonsense"])
def test_of_a_journal_that_is_not_of_this_split_nothing_is_believed(tmp_path: Path, harm: str) -> None:
    folder = tmp_path / "sr"
    whole = cut_off(folder, 3, split="one")
    journal = folder.with_name("sr.jsonl")
    if harm == "gone":
        journal.unlink()
    elif harm != "another split":
        journal.write_bytes(b"" if harm == "empty" else b"\xff\n\x00")
    done, upscaled = go_on(folder, "another" if harm == "another split" else "one")
    assert upscaled == set(UPSCALED) and not done.resumed and same(done, folder, whole)


def test_an_image_is_not_noted_where_what_was_read_is_another_by_then(tmp_path: Path) -> None:
    def confirm() -> None:
        raise ValueError("changed")

    with pytest.raises(ValueError, match="changed"):
        upscale_split(Nearest(), SPLIT, X2, tmp_path / "sr", confirm=confirm)
    assert Journal(tmp_path / "sr").known == {}


@pytest.mark.parametrize(("dtype", "suffix"), [(np.uint8, ".png"), (np.uint16, ".png"), (np.float32, ".tiff")])
def test_lr_without_hr_is_upscaled_in_its_own_depth(tmp_path: Path, dtype: Any, suffix: str) -> None:
    lr = item("a", dtype=dtype).hr
    done = upscale_split(Nearest(), [Item("a", None, lone_lr=lr)], X2, tmp_path)
    sr = read_image(tmp_path / done.images["a"])
    assert (done.images, done.lr, sr.dtype) == ({"a": f"a{suffix}"}, "shipped", dtype)
    assert np.array_equal(sr, lr.repeat(2, 0).repeat(2, 1))
