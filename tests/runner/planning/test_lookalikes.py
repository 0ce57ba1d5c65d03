"""Images that show the same: told with both names, but not inside a group; found once, and then remembered."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from srbench.pictures.thumbnail import thumbnail
from srbench.runner.planning.lookalikes import Look, repeated, seen_before


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "srbench" / "lookalikes"


def picture(seed: int) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (32, 40, 1), np.uint8)


def look(name: str, image: npt.NDArray[np.uint8], group: str | None = None) -> Look:
    return Look(name, group, thumbnail(image))


def looks(count: int, first: str = "im") -> list[Look]:
    return [look(f"{first}{seed}", picture(seed)) for seed in range(count)]


def test_a_test_image_that_was_learned_from_is_told_with_both_names() -> None:
    learned = [look("a", picture(5)), look("b", picture(0)[:, ::-1])]
    assert list(seen_before(looks(3), learned, "five", "t91")) == [
        "1 of 3 test images of five looks like a training image of t91, so probably seen in training: "
        "im0 (like b, mirrored)"
    ]
    assert list(seen_before(looks(3), learned[:1], "five", "t91")) == []


def test_of_many_the_first_are_named_and_the_others_counted() -> None:
    (said,) = seen_before(looks(7), looks(7, "t"), "five", "t91")
    assert said == (
        "7 of 7 test images of five look like training images of t91, so probably seen in training: im0 (like t0), "
        "im1 (like t1), im2 (like t2), im3 (like t3), im4 (like t4) and 2 more"
    )


def test_an_image_that_a_split_has_twice_is_told() -> None:
    twice = [*looks(2), look("again", np.rot90(picture(1)).copy())]
    assert list(repeated(twice)) == ["im1 and again (turned) look alike, and count as two"]
    assert list(repeated([*twice, look("once more", picture(0))])) == [
        "im0 and once more, im1 and again (turned) look alike, and count as two each"
    ]
    assert list(repeated(looks(9))) == list(repeated([])) == []


def test_images_of_one_group_are_passed_over() -> None:
    pair = [look("a", picture(0), "patient 1"), look("b", picture(0), "patient 1")]
    assert list(repeated(pair)) == list(seen_before(pair[:1], pair[1:], "d", "d")) == []
    for group in (None, "patient 2"):
        apart = [pair[0], pair[1]._replace(group=group)]
        assert len(list(repeated(apart))) == len(list(seen_before(apart[:1], apart[1:], "d", "d"))) == 1


def test_what_was_found_is_remembered_until_a_picture_changes(cache: Path) -> None:
    some = looks(4)
    assert list(repeated(some)) == []
    (kept,) = (path for path in cache.rglob("*") if path.is_file())
    kept.write_bytes(b'[[0, 2, "mirrored"]]')
    assert list(repeated(some)) == ["im0 and im2 (mirrored) look alike, and count as two"]
    assert list(repeated(looks(5))) == []


@pytest.mark.parametrize("damaged", [b"\xff", b"{}", b'[[0, 4, ""]]', b'[["a", 1, ""]]'])
def test_a_damaged_memory_is_made_anew(cache: Path, damaged: bytes) -> None:
    some = [*looks(3), look("again", picture(1))]
    said = list(repeated(some))
    (kept,) = (path for path in cache.rglob("*") if path.is_file())
    kept.write_bytes(damaged)
    assert list(repeated(some)) == said == ["im1 and again look alike, and count as two"]
