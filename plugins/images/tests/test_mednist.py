"""MedNIST from folders of the published shape: labels, and a split that is the same everywhere."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from PIL import Image
from srbench_images.mednist import MedNist

from srbench.contract.dataset import DatasetMissing
from srbench.testing import check_datasets

MADE = TemporaryDirectory()
"""The data root: named before there are fixtures, for the kit."""
KINDS = {"AbdomenCT": 20, "BreastMRI": 15, "CXR": 20, "ChestCT": 20, "Hand": 30, "HeadCT": 20}


@pytest.fixture(scope="module", autouse=True)
def root() -> Path:
    root, random = Path(MADE.name), np.random.default_rng(0)
    for kind, count in KINDS.items():
        folder = root / "mednist" / kind
        folder.mkdir(parents=True)
        for number in range(count):
            pixels = random.integers(0, 256, (64, 64), np.uint8)
            Image.fromarray(pixels).save(folder / f"{number:06d}.jpeg", quality=90)
    return root


test_datasets = check_datasets("mednist", ("mednist", {"kind": "Hand"}), root=Path(MADE.name))


def prepared(root: Path, dataset: MedNist) -> MedNist:
    dataset.prepare(root)
    return dataset


def test_a_tenth_of_each_kind_is_tested_on_and_the_rest_trained_on(root: Path) -> None:
    dataset = prepared(root, MedNist())
    tested, trained = (Counter(item.label for item in split) for split in (dataset.test(), dataset.train()))
    assert tested == {kind: count // 10 for kind, count in KINDS.items()}
    assert trained == {kind: count - count // 10 for kind, count in KINDS.items()}


def test_the_draw_is_that_of_the_lowest_hashes(root: Path) -> None:
    ids = sorted((f"Hand-{n:06d}" for n in range(30)), key=lambda one: hashlib.sha256(one.encode()).hexdigest())
    assert {item.id for item in prepared(root, MedNist("Hand")).test()} == set(ids[:3])


def test_one_kind_is_split_as_in_the_whole(root: Path) -> None:
    whole = [item.id for item in prepared(root, MedNist()).test() if item.label == "Hand"]
    assert [item.id for item in prepared(root, MedNist("Hand")).test()] == whole


def test_images_are_grey_and_of_64_pixels(root: Path) -> None:
    assert {item.read_hr()[0].shape for item in prepared(root, MedNist()).test()} == {(64, 64, 1)}


def test_an_absent_one_says_the_command(tmp_path: Path) -> None:
    with pytest.raises(DatasetMissing, match="`srbench fetch mednist` makes it"):
        MedNist().prepare(tmp_path)
    (tmp_path / "mednist").mkdir()
    with pytest.raises(DatasetMissing, match="AbdomenCT"):
        MedNist().prepare(tmp_path)


def test_what_is_published_is_all_of_it() -> None:
    (published,) = MedNist.published
    (archive,) = published.archives
    assert sum(one.count for one in archive.members) == 58_954
    assert [one.folder for one in archive.members] == list(KINDS)
