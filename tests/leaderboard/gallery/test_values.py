"""Values of pictures: packed without loss, read back, and nothing but these."""

from __future__ import annotations

import json
import zlib
from base64 import b64decode
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from srbench.leaderboard.gallery.values import LARGEST, Pixels, as_shown, read_script, script
from srbench.pictures import DEPTHS, Values, write_image

SHAPES = st.tuples(st.integers(1, 9), st.integers(1, 9), st.sampled_from([1, 3]))
PICTURES: st.SearchStrategy[npt.NDArray[Any]] = st.sampled_from(sorted(DEPTHS)).flatmap(
    lambda depth: arrays.arrays(np.dtype(depth), SHAPES)
)
NOISE = np.random.default_rng(0)


def pixels(**changes: Any) -> Pixels:
    return msgspec.structs.replace(Pixels.of(np.zeros((2, 3, 1), np.uint8), DEPTHS["uint8"]), **changes)


@given(PICTURES)
def test_any_picture_is_read_from_its_script_as_it_was_bit_by_bit(picture: npt.NDArray[Any]) -> None:
    values = Values(-2.5, 1e7, "asinh", 3, 1, unit="adu", window=(0, 80))
    (read,) = read_script(script("pictures/a/b/values.js", [Pixels.of(picture, values)]))
    again = read.image()
    assert (again.dtype, again.shape, again.tobytes()) == (picture.dtype, picture.shape, picture.tobytes())
    assert read.values == values


def test_pixels_are_the_sums_of_the_differences_that_are_told() -> None:
    """As the format is described, step by step and without the module's own arithmetic."""
    picture = NOISE.integers(0, 65536, (3, 4, 3), np.uint16)
    told = json.loads(script("p/values.js", [Pixels.of(picture, DEPTHS["uint16"])]).split(b", ", 1)[1][:-3])[0]
    low, high = np.frombuffer(zlib.decompress(b64decode(told["data"])), np.uint8).reshape(2, 3, 3, 4).astype(int)
    steps = (low + 256 * high).transpose(1, 2, 0)  # (H, W, C)
    for y, x, c in np.ndindex(picture.shape):
        assert steps[: y + 1, : x + 1, : c + 1].sum() % 65536 == picture[y, x, c]
    assert (told["width"], told["height"], told["channels"], told["dtype"]) == (4, 3, 3, "uint16")
    assert (told["values"]["low"], told["values"]["high"]) == (0, 65535)


def test_smooth_pictures_take_a_fraction_of_their_pixels() -> None:
    y, x = np.mgrid[:LARGEST, :LARGEST]
    smooth = np.stack([x / 2 + y / 4, x / 2, y / 2], -1).astype(np.uint8)
    assert len(Pixels.of(smooth, DEPTHS["uint8"]).data) < smooth.size / 20


def test_a_script_is_one_call_whatever_a_unit_says() -> None:
    hostile = '"); alert(1); ("</script><img src=x>\u2028 /home/jane/unit'
    written = script("p/values.js", [Pixels.of(np.zeros((1, 1, 1), np.uint8), Values(0, 1, unit=hostile))])
    assert b"<" not in written and b"jane" not in written
    arguments = written.decode().removeprefix("srbench.given(").removesuffix(");\n")
    place, layers = json.loads(f"[{arguments}]")
    assert place == "p/values.js"
    assert layers[0]["values"]["unit"].startswith('"); alert(1); ("</script><img src=x>')


@pytest.mark.parametrize(
    "content",
    [
        b"alert(1)",
        b'srbench.given("p", []); alert(1);\n',
        b'srbench.given("p", [1]);\n',
        b'srbench.given("p", alert(1), []);\n',
        b"",
    ],
)
def test_any_other_script_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_script(content)


@pytest.mark.parametrize(
    "changes",
    [
        {"width": LARGEST + 1},
        {"height": 0},
        {"channels": 4},
        {"dtype": "float64"},
        {"dtype": "uint16"},
        {"data": b"no"},
        {"data": zlib.compress(bytes(10**8))},
        {"data": zlib.compress(bytes(6))[:-1]},
        {"width": 2},
    ],
)
def test_pixels_of_no_picture_or_of_another_are_refused(changes: dict[str, Any]) -> None:
    told = msgspec.to_builtins(pixels()) | {"data": pixels().data}
    with pytest.raises(ValueError, match=r"picture|unpacked"):
        Pixels(**(told | {"values": DEPTHS["uint8"]} | changes))


def test_values_that_were_not_kept_are_those_shown_and_say_so(tmp_path: Path) -> None:
    picture = NOISE.integers(0, 256, (5, 7, 3), np.uint8)
    write_image(tmp_path / "a.png", picture)
    (layer,) = as_shown([tmp_path / "a.png"])
    assert np.array_equal(layer.image(), picture)
    assert layer.values.unit == "of 255, as shown"
