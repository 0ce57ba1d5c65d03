"""Samples on sheets: the first of each class, beside as many real images, each file as it is named."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from srbench.leaderboard.generation.samples import GeneratorSamples, SampleGallery, write_samples
from srbench.leaderboard.generation.sheets import GAP, zoom
from srbench.leaderboard.results.results import Damaged
from srbench.pictures import Image, read_with_alpha

from ..genboard import CLASSES, MEANS, SIZE, Squares, make_generation_board


def written(root: Path, **given: Any) -> tuple[list[SampleGallery], Path]:
    board = make_generation_board(root, **{"seeds": 1, "samples": 20, "generators": ("maker", "copier"), **given})
    out = root / "out"
    return write_samples(board.results, board.store, out), out


def of(galleries: list[SampleGallery], generator: str) -> GeneratorSamples:
    return next(one for gallery in galleries for one in gallery.shown if one.generator == generator)


def tiles(path: Path) -> list[Image]:
    """The opaque pictures of a sheet."""
    colours, alpha = read_with_alpha(path)
    if alpha is None:
        return [colours]
    step = SIZE + GAP
    places = itertools.product(range(0, colours.shape[0], step), range(0, colours.shape[1], step))
    cut = [(slice(top, top + SIZE), slice(left, left + SIZE)) for top, left in places]
    return [colours[place] for place in cut if (alpha[place] == 255).all()]


def test_each_class_has_its_sheet_beside_real_images_of_that_class(tmp_path: Path) -> None:
    galleries, out = written(tmp_path)
    shown = of(galleries, "maker")
    assert [sheets.label for sheets in shown.sheets] == sorted(CLASSES)
    assert shown.remark == "All 20 samples of seed 0."
    for sheets in shown.sheets:
        assert sheets.generated.count == 10
        assert sheets.real is not None and sheets.real.count == 10
        real = tiles(out / sheets.real.href)
        own = [item.read_hr()[0] for item in Squares("colour").test() if item.label == sheets.label]
        assert len(real) == 10 and all(any(np.array_equal(one, hr) for hr in own) for one in real)
        colours, _ = read_with_alpha(out / sheets.generated.href)
        assert (sheets.generated.height, sheets.generated.width) == tuple(
            zoom(SIZE) * side for side in colours.shape[:2]
        )


def test_fewer_pictures_leave_what_is_known_of_memory(tmp_path: Path) -> None:
    (gallery,), _ = written(tmp_path)
    whole = of([gallery], "copier")
    for fewer, sheets, remark in (
        (gallery.few(), whole.sheets[:1], "The first 10 samples."),
        (gallery.without_pictures(), (), "None of its samples are here."),
    ):
        shown = of([fewer], "copier")
        assert (shown.sheets, shown.remark) == (sheets, remark)
        assert shown.memory is not None and whole.memory is not None
        assert shown.memory.suspect == whole.memory.suspect
        assert [near.words for near in shown.memory.by] == [near.words for near in whole.memory.by]
        assert not shown.memory.random and "published without" in shown.memory.trouble
        assert len(fewer.files) == sum(1 + (one.real is not None) for one in sheets) * len(fewer.shown) - bool(sheets)


def test_samples_of_a_cell_that_is_not_there_are_refused(tmp_path: Path) -> None:
    board = make_generation_board(tmp_path, seeds=1, samples=20, generators=("maker",))
    (gallery,) = write_samples(board.results, board.store, tmp_path / "out")
    gallery.check(board.results)
    other = msgspec.structs.replace(gallery.shown[0], key="other")
    with pytest.raises(ValueError, match="of which it has no such cell"):
        msgspec.structs.replace(gallery, shown=(other,)).check(board.results)
    with pytest.raises(ValueError, match="of which it has no such cell"):
        msgspec.structs.replace(gallery, dataset="other").check(board.results)


def test_of_many_samples_whole_rows_are_shown_and_the_remark_counts_them(tmp_path: Path) -> None:
    galleries, out = written(tmp_path, samples=70, labelled=False)
    shown = of(galleries, "maker")
    (sheets,) = shown.sheets
    assert (sheets.label, sheets.generated.count, len(tiles(out / sheets.generated.href))) == ("", 64, 64)
    assert shown.remark.startswith("64 of 70 samples, the first ones of seed 0")


def test_a_copy_is_shown_beside_the_training_image_that_it_copies(tmp_path: Path) -> None:
    galleries, out = written(tmp_path)
    memory = of(galleries, "copier").memory
    assert memory is not None and memory.trouble == ""
    assert "pixels" in memory.suspect
    learned = [item.read_hr()[0] for item in Squares("colour").train()]
    for pair in memory.by[0].nearest:
        sample, nearest = tiles(out / pair.sheet.href)
        assert any(np.array_equal(nearest, way) for hr in learned for way in (hr, hr[:, ::-1]))
        error = np.sqrt(np.square(sample / 255.0 - nearest / 255.0).mean())
        assert float(pair.words.split(",")[0]) == pytest.approx(error, abs=6e-4)
    # In the order of their distances, which are the smallest there are.
    far = [float(pair.words.split(",")[0]) for pair in memory.by[0].nearest]
    assert far == sorted(far)


def test_without_real_images_in_the_store_samples_stand_alone_and_the_reason_is_there(tmp_path: Path) -> None:
    galleries, _ = written(tmp_path, datasets=("absent",))
    (gallery,) = galleries
    assert gallery.trouble == "the store does not hold the test images"
    shown = of(galleries, "maker")
    assert all(sheets.real is None for sheets in shown.sheets)
    assert shown.memory is not None and "the store does not hold the training image" in shown.memory.trouble
    assert shown.memory.random == () and [near.measure for near in shown.memory.by] == ["pixels", "features"]


def test_without_pictures_in_the_store_there_is_nothing_to_show(tmp_path: Path) -> None:
    board = make_generation_board(tmp_path, seeds=1, samples=4)
    for folder in (board.store / "cells").glob("*/*/images"):
        shutil.rmtree(folder)
    (gallery,) = write_samples(board.results, board.store, tmp_path / "out")
    assert gallery.shown == ()


def test_distances_that_are_damaged_name_the_cell(tmp_path: Path) -> None:
    board = make_generation_board(tmp_path, seeds=1, samples=4)
    next(board.store.glob("cells/*/*/nearest.parquet")).write_bytes(b"PAR1 no more")
    with pytest.raises(Damaged, match=r"nearest\.parquet: cannot be read"):
        write_samples(board.results, board.store, tmp_path / "out")


def test_only_generators_that_did_well_and_only_their_first_seed_are_shown(tmp_path: Path) -> None:
    board = make_generation_board(tmp_path, ("colour", "grey"), seeds=2, samples=4)
    galleries = write_samples(board.results, board.store, tmp_path / "out")
    assert [gallery.name for gallery in galleries] == ["colour, 16px", "grey, 16px"]
    for gallery in galleries:
        assert [one.generator for one in gallery.shown] == list(MEANS)
        assert all("of seed 0" in one.remark for one in gallery.shown)
