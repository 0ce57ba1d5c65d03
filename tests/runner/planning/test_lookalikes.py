"""Images that show the same: told with both names, but not inside a group; found once, and then remembered."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from srbench.pictures.thumbnail import thumbnail
from srbench.runner.planning.lookalikes import (
    Look,
    Twins,
    repeated,
    seen_before,
    told_of_repeated,
    told_of_seen,
)


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


def told_seen(tested: list[Look], learned: list[Look]) -> list[str]:
    return list(told_of_seen(seen_before(tested, learned), len(tested), "five", "t91"))


def told_twice(found: list[Look]) -> list[str]:
    return list(told_of_repeated(repeated(found)))


def test_a_test_image_that_was_learned_from_is_told_with_both_names() -> None:
    learned = [look("a", picture(5)), look("b", picture(0)[:, ::-1])]
    assert told_seen(looks(3), learned) == [
        "1 of 3 test images of five looks like a training image of t91, so probably seen in training: "
        "im0 (like b, mirrored)"
    ]
    assert told_seen(looks(3), learned[:1]) == []


def test_of_many_the_first_are_named_and_the_others_counted() -> None:
    (said,) = told_seen(looks(7), looks(7, "t"))
    assert said == (
        "7 of 7 test images of five look like training images of t91, so probably seen in training: im0 (like t0), "
        "im1 (like t1), im2 (like t2), im3 (like t3), im4 (like t4) and 2 more (`srbench plan --alike` lists all)"
    )
    assert len(seen_before(looks(7), looks(7, "t"))) == 7


def test_an_image_that_a_split_has_twice_is_told() -> None:
    twice = [*looks(2), look("again", np.rot90(picture(1)).copy())]
    assert told_twice(twice) == ["im1 and again (turned) look alike, and count as two"]
    assert told_twice([*twice, look("once more", picture(0))]) == [
        "im0 and once more, im1 and again (turned) look alike, and count as two each"
    ]
    assert told_twice(looks(9)) == told_twice([]) == []


def test_images_of_one_group_are_passed_over() -> None:
    pair = [look("a", picture(0), "patient 1"), look("b", picture(0), "patient 1")]
    assert repeated(pair) == seen_before(pair[:1], pair[1:]) == ()
    for group in (None, "patient 2"):
        apart = [pair[0], pair[1]._replace(group=group)]
        assert repeated(apart) == seen_before(apart[:1], apart[1:]) == (Twins("a", "b"),)


def test_what_was_found_is_remembered_until_a_picture_changes(cache: Path) -> None:
    some = looks(4)
    assert told_twice(some) == []
    (kept,) = (path for path in cache.rglob("*") if path.is_file())
    kept.write_bytes(b'[[0, 2, "mirrored"]]')
    assert told_twice(some) == ["im0 and im2 (mirrored) look alike, and count as two"]
    assert told_twice(looks(5)) == []


@pytest.mark.parametrize("damaged", [b"\xff", b"{}", b'[[0, 4, ""]]', b'[["a", 1, ""]]'])
def test_a_damaged_memory_is_made_anew(cache: Path, damaged: bytes) -> None:
    some = [*looks(3), look("again", picture(1))]
    said = told_twice(some)
    (kept,) = (path for path in cache.rglob("*") if path.is_file())
    kept.write_bytes(damaged)
    assert told_twice(some) == said == ["im1 and again look alike, and count as two"]
