"""MedMNIST from arrays of the published shapes: splits, labels, pixels, and what is wrong said in words."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from srbench_images.medmnist import MedMnist

from srbench.contract.dataset import DatasetError, DatasetMissing
from srbench.registry.parameters import ParameterError, resolve
from srbench.testing import check_datasets
from srbench.weights.datasets import fetch_dataset

MADE = TemporaryDirectory()
"""The data root: named before there are fixtures, for the kit."""
SPLITS = {"train": 7, "val": 3, "test": 5}
Arrays = dict[str, np.ndarray]


def arrays(side: int, channels: int, labels: int = 1) -> Arrays:
    random = np.random.default_rng(0)
    shape = (side, side, 3) if channels == 3 else (side, side)
    made = {f"{split}_images": random.integers(0, 256, (n, *shape), np.uint8) for split, n in SPLITS.items()}
    return made | {f"{split}_labels": random.integers(0, 2, (n, labels), np.uint8) for split, n in SPLITS.items()}


def put(folder: Path, made: Arrays) -> None:
    folder.mkdir(parents=True)
    for name, array in made.items():
        np.save(folder / f"{name}.npy", array)


@pytest.fixture(scope="module", autouse=True)
def root() -> Path:
    folder = Path(MADE.name)
    put(folder / "medmnist" / "pathmnist", arrays(28, 3))
    put(folder / "medmnist" / "octmnist_64", arrays(64, 1))
    put(folder / "medmnist" / "chestmnist", arrays(28, 1, 14))
    return folder


test_datasets = check_datasets(
    ("medmnist", {"flag": "pathmnist"}),
    ("medmnist", {"flag": "octmnist", "size": 64}),
    ("medmnist", {"flag": "chestmnist"}),
    root=Path(MADE.name),
)


def test_images_and_labels_are_those_of_the_arrays(root: Path) -> None:
    made, dataset = arrays(28, 3), MedMnist("pathmnist")
    dataset.prepare(root)
    for split, items in (("train", dataset.train()), ("test", dataset.test())):
        assert len(items) == SPLITS[split]
        for number, item in enumerate(items):
            assert np.array_equal(item.read_hr()[0], made[f"{split}_images"][number])
            assert item.label == ("adipose", "background")[int(made[f"{split}_labels"][number, 0])]


def test_grey_images_have_one_channel_and_several_labels_are_none(root: Path) -> None:
    oct_, chest = MedMnist("octmnist", 64), MedMnist("chestmnist")
    for dataset, side in ((oct_, 64), (chest, 28)):
        dataset.prepare(root)
        assert {item.read_hr()[0].shape for item in dataset.test()} == {(side, side, 1)}
    assert {item.label for item in chest.test()} == {None}
    assert {item.label for item in oct_.test()} == {"neovascularization", "macular edema"}


def test_an_absent_one_says_the_command(tmp_path: Path) -> None:
    with pytest.raises(DatasetMissing, match=r"`srbench fetch dermamnist_224` makes it"):
        MedMnist("dermamnist", 224).prepare(tmp_path)
    with pytest.raises(DatasetMissing, match="prepare"):
        MedMnist("dermamnist").test()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda made: made | {"test_images": made["test_images"][:-1]},
        lambda made: made | {"train_images": made["train_images"].astype(np.float32)},
        lambda made: made | {"train_images": made["train_images"][..., 0]},
        lambda made: made | {"test_labels": made["test_labels"] + 9},
        lambda made: made | {"test_labels": made["test_labels"][:, 0]},
        lambda made: made | {"test_labels": made["test_labels"] + 0.5},
    ],
)
def test_other_arrays_are_refused(spoil: Callable[[Arrays], Arrays], tmp_path: Path) -> None:
    put(tmp_path / "medmnist" / "pathmnist", spoil(arrays(28, 3)))
    with pytest.raises(DatasetError, match=r"which are not those of pathmnist; remove the folder, and `srbench fetch"):
        MedMnist("pathmnist").prepare(tmp_path)


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", None])
def test_a_damaged_array_is_refused(content: bytes | None, tmp_path: Path) -> None:
    folder = tmp_path / "medmnist" / "pathmnist"
    put(folder, arrays(28, 3))
    path = folder / "test_images.npy"
    path.write_bytes(path.read_bytes()[:-1] if content is None else content)
    with pytest.raises(DatasetError, match=r"test_images\.npy: cannot be read"):
        MedMnist("pathmnist").prepare(tmp_path)


def test_pickled_objects_are_not_read(tmp_path: Path) -> None:
    put(tmp_path / "medmnist" / "pathmnist", arrays(28, 3) | {"train_labels": np.array([{}] * 7, object)})
    with pytest.raises(DatasetError, match="cannot be read"):
        MedMnist("pathmnist").prepare(tmp_path)


def test_a_wrong_name_is_told_with_the_right_one() -> None:
    with pytest.raises(ParameterError, match=r"Did you mean 'bloodmnist'"):
        resolve(MedMnist, {"flag": "blodmnist"})
    assert resolve(MedMnist, {"flag": "bloodmnist", "size": 128}) == {"flag": "bloodmnist", "size": 128}
    with pytest.raises(ParameterError, match="size"):
        resolve(MedMnist, {"flag": "bloodmnist", "size": 32})


def test_every_flag_and_size_is_published_under_its_own_name() -> None:
    names = [one.name for one in MedMnist.published]
    assert len(set(names)) == 48 and {"pathmnist", "organsmnist_224"} < set(names)
    assert len({one.archives[0].checksum for one in MedMnist.published}) == 48
    for one in MedMnist.published:
        assert one.archives[0].file == f"{one.name}.npz"
        assert (one.licence == "CC BY-NC 4.0") == one.name.startswith("dermamnist")


def test_an_npz_as_numpy_writes_it_is_fetched_and_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SRBENCH_DATA", str(tmp_path / "root"))
    (tmp_path / "served").mkdir()
    npz = tmp_path / "served" / "bloodmnist.npz"
    np.savez_compressed(npz, **arrays(28, 3))  # type: ignore[arg-type]
    (published,) = [one for one in MedMnist.published if one.name == "bloodmnist"]
    with HTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(npz.parent))) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        archive = replace(
            published.archives[0],
            url=f"http://127.0.0.1:{server.server_port}/bloodmnist.npz?download=1",
            checksum=hashlib.md5(npz.read_bytes()).hexdigest(),
        )
        fetch_dataset(replace(published, archives=(archive,)))
        server.shutdown()
    dataset = MedMnist("bloodmnist")
    dataset.prepare(tmp_path / "root")
    assert len(dataset.train()) == 7
