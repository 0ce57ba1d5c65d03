"""SR that was made elsewhere: taken as it is in HR's depth, else from black and white to black and white."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from srbench.contract.dataset import Item
from srbench.contract.protocol import Protocol
from srbench.evaluate.given import asked_of, fitted, given_facts, take_split
from srbench.pictures import DEPTHS, ImageError, Values, read_image, write_image
from srbench.registry.formats import Formats

RNG = np.random.default_rng(18)
RGB = Protocol("x4-rgb", 4, "rgb", border=4)


def noise(depth: str, channels: int = 3, high: float | None = None) -> np.ndarray:
    unit = RNG.random((24, 20, channels))
    if depth == "float32":
        return (unit * (high or 1)).astype(np.float32)
    return np.floor(unit * ((high or DEPTHS[depth].high) + 1)).astype(depth)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    ("depth", "values"),
    [
        ("uint8", DEPTHS["uint8"]),
        ("uint16", Values(0, 4095)),
        ("float32", Values(0, 1)),
        ("float32", Values(-1000, 3000, unit="HU")),
        ("float32", Values(0, 500, curve="asinh", knee=3.0, pivot=20.0)),
    ],
)
def test_what_has_the_depth_of_hr_is_kept_to_the_bit(depth: str, values: Values, channels: int) -> None:
    hr = noise(depth, channels, values.high)
    sr = noise(depth, channels, values.high)
    made = fitted(sr, None, hr, values)
    assert made.dtype == hr.dtype and np.array_equal(made, sr)


def test_beyond_black_and_white_it_is_cut_off_as_any_sr_is() -> None:
    hr = noise("uint16", 1, 4095)
    assert fitted(np.full_like(hr, 5000), None, hr, Values(0, 4095)).max() == 4095


def test_another_depth_goes_from_its_black_and_white_to_hrs() -> None:
    hr = noise("uint16", 3, 4095)
    eight = noise("uint8")
    expected = np.floor(eight / 255 * 4095 + 0.5)
    assert np.array_equal(fitted(eight, None, hr, Values(0, 4095)), expected)
    floats = noise("float32")
    assert np.array_equal(fitted(floats, None, hr, Values(0, 4095)), np.floor(floats.astype(float) * 4095 + 0.5))
    sixteen = noise("uint16")
    made = fitted(sixteen, None, noise("uint8"), DEPTHS["uint8"])
    assert made.dtype == np.uint8 and np.abs(made - sixteen / 257).max() <= 0.5
    hounsfield = Values(-1000, 3000)
    made = fitted(eight, None, noise("float32", 3, 3000.0), hounsfield)
    assert made == pytest.approx(eight / 255 * 4000 - 1000, abs=1e-3)


def test_grey_that_was_saved_in_colour_is_grey() -> None:
    hr, grey = noise("uint8", 1), noise("uint8", 1)
    assert np.array_equal(fitted(np.repeat(grey, 3, axis=2), None, hr, DEPTHS["uint8"]), grey)


@pytest.mark.parametrize(
    ("sr", "hr", "words"),
    [
        (noise("uint8")[:23], noise("uint8"), "is 20 x 23 pixels, not 20 x 24"),
        (noise("uint8", 1), noise("uint8"), "has 1 channel, not 3"),
        (noise("uint8"), noise("uint8", 1), "has 3 channels, not 1"),
        (noise("float32", 3, 255.0), noise("uint8"), "floats have black at 0 and white at 1 where HR is uint8"),
        (np.full((24, 20, 3), np.nan, np.float32), noise("float32"), "not finite"),
    ],
)
def test_what_cannot_be_compared_is_told_with_what_was_expected(sr: np.ndarray, hr: np.ndarray, words: str) -> None:
    with pytest.raises(ImageError, match=words):
        fitted(sr, None, hr, Values.of(hr))


def test_a_split_is_written_as_a_methods_own_sr_is(tmp_path: Path) -> None:
    items = [Item(name, noise("uint8")[:22]) for name in ("a", "b")]  # cut to 20 x 20 at x4
    given = {item.id: noise("uint8")[:20] for item in items}
    for name, sr in given.items():
        write_image(tmp_path / f"{name}.png", sr)
    files, out = {name: tmp_path / f"{name}.png" for name in given}, tmp_path / "images"
    out.mkdir()
    images = take_split(files, items, RGB, out)
    assert images == {"a": "a.png", "b": "b.png"}
    assert all(np.array_equal(read_image(out / images[name]), sr) for name, sr in given.items())
    with pytest.raises(ImageError, match="no SR of image 'b'"):
        take_split({"a": files["a"]}, items, RGB, out)
    write_image(files["b"], noise("uint8"))
    with pytest.raises(ImageError, match="the SR of image 'b': is 20 x 24 pixels, not 20 x 20"):
        take_split(files, items, RGB, out)


def test_facts_are_those_of_the_file_now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path = tmp_path / "a.png"
    for shape in ((8, 6, 3), (10, 6, 1)):
        write_image(path, np.full(shape, 7, np.uint8))
        facts = given_facts(path, Formats())
        assert (facts.height, facts.width, facts.channels, facts.depth, facts.grey) == (*shape, "uint8", True)
        assert (facts.low, facts.high) == (7, 7)


def test_images_are_asked_for_by_id_and_by_the_name_they_had() -> None:
    items = [Item("image-0001", noise("uint8"), name="P1/a.png"), Item("b", noise("uint8"))]
    first, second = asked_of(items, "set", RGB)
    assert (first.dataset, first.protocol, first.scale) == ("set", "x4-rgb", 4)
    assert [(one.image, one.name) for one in (first, second)] == [("image-0001", "P1/a.png"), ("b", None)]


@pytest.mark.parametrize("depth", ["uint8", "uint16", "float32"])
def test_of_lr_without_hr_the_size_follows_from_the_scale_and_the_depth_is_that_of_lr(
    tmp_path: Path, depth: str
) -> None:
    lr = noise(depth, 1)
    item, sr = Item("a", None, lone_lr=lr), noise("uint8", 1).repeat(4, 0).repeat(4, 1)
    write_image(tmp_path / "sr.png", sr)
    (tmp_path / "out").mkdir()
    images = take_split({"a": tmp_path / "sr.png"}, [item], RGB, tmp_path / "out")
    made = read_image(tmp_path / "out" / images["a"])
    assert made.shape == (96, 80, 1) and made.dtype == lr.dtype
    write_image(tmp_path / "small.png", sr[:-1])
    with pytest.raises(ImageError, match="'a'"):
        take_split({"a": tmp_path / "small.png"}, [item], RGB, tmp_path / "out")
