"""What is shown: each scene as every method made it, HR and nearest, under ids that only the board can resolve."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from srbench.errors import SrbenchError
from srbench.leaderboard.judging.study import Study, nearest, study_of
from srbench.leaderboard.pages.document import read_records

from ..toyboard import HOSTILE


@pytest.fixture(scope="module")
def study(pages: Path) -> Study:
    document = read_records(pages / "records.jsonl")
    return study_of(document.results, document.galleries, pages)


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)))


def test_every_picture_of_a_scene_has_one_size_and_is_that_of_the_board(study: Study, pages: Path) -> None:
    assert study.methods == 5 and study.catches
    files = {path.read_bytes() for path in (pages / "pictures").rglob("*.png")}
    for scene in study.scenes:
        assert scene.hr is not None and scene.nearest is not None
        assert {pixels(one.png).shape[:2] for one in scene.shown} == {(scene.height, scene.width)}
        assert all(one.png in files for one in scene.shown if one is not scene.nearest)
        assert len({(one.picture.dataset, one.picture.protocol, one.picture.image) for one in scene.shown}) == 1


def test_a_method_has_the_same_place_in_every_scene(study: Study) -> None:
    for place in range(study.methods):
        names = {scene.methods[place].picture.name for scene in study.scenes if scene.methods[place]}
        assert len(names) == 1


def test_ids_are_apart_say_nothing_and_depend_on_the_pixels(study: Study) -> None:
    shown = [one for scene in study.scenes for one in scene.shown]
    assert len(study.key) == len(shown)
    assert {study.key[one.id] for one in shown} == {one.picture for one in shown}
    assert all(len(one.id) == 24 and int(one.id, 16) >= 0 for one in shown)
    other = type(shown[0])(shown[0].picture, shown[0].png + b" ")
    assert other.id != shown[0].id


def test_some_cells_alone_make_another_study(study: Study, pages: Path) -> None:
    document = read_records(pages / "records.jsonl")
    chosen = {cell.key for cell in document.results.board.cells if cell.method in ("bicubic", HOSTILE)}
    shown = next(cell.key for cell in document.results.board.cells if cell.method == "bicubic")
    fewer = study_of(document.results, document.galleries, pages, chosen)
    assert fewer.methods == 2 and fewer.hash != study.hash
    assert set(fewer.key) < set(study.key)
    with pytest.raises(SrbenchError, match="of 1 method there are pictures"):
        study_of(document.results, document.galleries, pages, {shown})
    with pytest.raises(SrbenchError, match="of 0 methods"):
        study_of(document.results, (), pages)
    bare = document.with_pictures("none")
    with pytest.raises(SrbenchError, match="of 0 methods"):
        study_of(bare.results, bare.galleries, pages)


def test_nearest_repeats_the_pixels_of_lr() -> None:
    lr = np.arange(12, dtype=np.uint8).reshape(3, 4) * 20
    buffer = io.BytesIO()
    Image.fromarray(lr).save(buffer, "PNG")
    assert (pixels(nearest(buffer.getvalue(), 8, 6, 2)) == np.kron(lr, np.ones((2, 2)))).all()
    wide = pixels(nearest(buffer.getvalue(), 6, 3, Fraction(3, 2)))
    assert wide.shape == (3, 6) and set(np.unique(wide)) <= set(np.unique(lr))
