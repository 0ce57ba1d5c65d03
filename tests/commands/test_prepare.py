"""What is prepared is what srbench itself trains and tests on: read back by `pairs`, it is the same to the last bit."""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import numpy as np
import pytest
from bench_in_process import InProcess, picture
from hypothesis import given, settings
from hypothesis import strategies as st
from srbench_images.pairs import Pairs

from srbench.commands.own_files import LIST
from srbench.commands.prepare import Prepared, prepare
from srbench.contract.dataset import Dataset, DatasetError, Item
from srbench.contract.degradations import Bicubic, GaussianBlur
from srbench.contract.entry import Entry
from srbench.contract.protocol import Protocol
from srbench.errors import SrbenchError
from srbench.matrix import Matrix, read_matrix
from srbench.pictures import DEPTHS, Image, Values, read_image, with_gaps, write_image
from srbench.registry.configured import Use
from srbench.registry.registry import Plugin, Registered
from srbench.store.files import StoreError, sha256_of, stamp

PROTOCOL = Protocol("x2", 2, "rgb")


class Fixed(Dataset):
    """Items that a test gives."""

    splits: ClassVar[Mapping[str, Sequence[Item]]] = {}

    def train(self) -> Sequence[Item]:
        return self.splits.get("train", ())

    def test(self) -> Sequence[Item]:
        return self.splits.get("test", ())


def use(name: str = "own", **splits: Sequence[Item]) -> Use:
    kind = type("Own", (Fixed,), {"splits": splits})
    return Use(name, Registered("dataset", Entry(name, kind), Plugin("own", "srbench-own", "1", __name__)), {})


def matrix(*datasets: Use, protocols: Sequence[Protocol] = (PROTOCOL,), **changes: Any) -> Matrix:
    return replace(Matrix(Path("m.yaml"), "m", "Mine", datasets, tuple(protocols), (), ()), **changes)


def prepared(asked: Matrix, folder: Path) -> list[Prepared]:
    return list(prepare(asked, folder))


def noise(seed: int, shape: tuple[int, ...] = (16, 18, 3), depth: str = "uint8", values: Values | None = None) -> Image:
    low, high = (values or DEPTHS[depth]).low, (values or DEPTHS[depth]).high
    drawn = low + (high - low) * np.random.default_rng(seed).random(shape)
    return drawn.clip(low, high).astype(depth)


def files(folder: Path) -> dict[str, str]:
    """The sha256 of every file, the list of them apart, which grows when one is written again."""
    found = (path for path in folder.rglob("*") if path.is_file() and path.name != LIST)
    return {path.relative_to(folder).as_posix(): sha256_of(path) for path in found}


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "items.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def seen(item: Item, protocol: Protocol) -> tuple[Image, Values, Image]:
    """What SR is compared with, NaN where it is not, its values, and what methods are given: all that a score is of."""
    hr, values, known = item.read_measured()
    reference, of_reference = protocol.reference(hr, values)
    return with_gaps(reference, known), of_reference, protocol.lr(hr, values, item.id, protocol.shipped_lr(item))


VALUES = {
    "uint8": [None, Values(16, 235)],
    "uint16": [None, Values(0, 4095), Values(1000, 5000)],
    "int16": [Values(-1000, 3000, unit="HU")],
    "float32": [None, Values(-1000, 3000.5), Values(0.1, 0.7), Values(0, 4000, "asinh", 12.5, 50, "adu")],
}
TEXTS = st.none() | st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=8)


@st.composite
def cases(draw: st.DrawFn) -> tuple[dict[str, list[Item]], Protocol]:
    scale = draw(st.sampled_from([1, 2, 3, 4]))
    degradation = draw(st.sampled_from([Bicubic(), Bicubic("repeat"), GaussianBlur(1.25)]))
    channel = draw(st.sampled_from(["y", "rgb", "gray", "y8"]))
    protocol = Protocol("p", scale, channel, border=draw(st.sampled_from([0, 2])), degradation=degradation)
    splits: dict[str, list[Item]] = {}
    for split, count in (("test", 2), ("train", draw(st.integers(0, 2)))):
        for number in range(count):
            depth = draw(st.sampled_from(sorted(VALUES)))
            values = draw(st.sampled_from(VALUES[depth]))
            height, width, channels = draw(st.integers(9, 17)), draw(st.integers(9, 17)), draw(st.sampled_from([1, 3]))
            seed = draw(st.integers(0, 99))
            small = (height // scale, width // scale, channels)
            lr = {(degradation.shipped_as, scale): noise(seed + 1, small, depth, values)}
            hr = noise(seed, (height, width, channels), depth, values)
            if depth == "float32" and not (channel == "y8" and channels == 3) and draw(st.booleans()):
                hr[2:5, 3:6] = np.nan  # not measured there
            group = draw(TEXTS)
            masked = np.random.default_rng(seed).integers(0, 3, (height, width, 1), np.uint8)
            item = Item(
                f"{split}-{number}.x{scale}",
                hr,
                lr if draw(st.booleans()) else {},
                label=draw(TEXTS),
                mask=masked if draw(st.booleans()) else None,
                group=group,
                region=None if group is None or draw(st.booleans()) else (4, number, height, width),
                values=values,
            )
            splits.setdefault(split, []).append(item)
    return splits, protocol


@settings(max_examples=25)
@given(cases())
def test_pairs_gives_back_what_was_prepared(case: tuple[dict[str, list[Item]], Protocol]) -> None:
    splits, protocol = case
    with tempfile.TemporaryDirectory() as folder:
        (done,) = prepared(matrix(use(**splits), protocols=[protocol]), Path(folder))
        assert (done.trouble, done.images) == ("", {split: len(items) for split, items in splits.items()})
        back = Pairs(Path(folder) / done.place, degradation=protocol.degradation.shipped_as)
        back.prepare(Path("nowhere"))
        assert back.remarks() == []
        for split, read in (("train", back.train()), ("test", back.test())):
            before = {item.id: item for item in splits.get(split, ())}
            assert [item.id for item in read] == sorted(before)
            for item in read:
                known = before[item.id]
                assert protocol.shipped_lr(item) is not None
                for mine, theirs in zip(seen(item, protocol), seen(known, protocol), strict=True):
                    if isinstance(mine, Values):
                        assert mine == theirs
                    else:
                        assert mine.dtype == theirs.dtype
                        np.testing.assert_array_equal(mine, theirs)
                height, width, _ = seen(known, protocol)[0].shape
                assert (item.label, item.group) == (known.label, known.group)
                assert item.region == (known.region and (*known.region[:2], height, width))
                masks = item.read_mask(), known.read_mask()
                assert (masks[0] is None) == (masks[1] is None)
                if masks[0] is not None and masks[1] is not None:
                    np.testing.assert_array_equal(masks[0], masks[1][:height, :width])


def test_eight_bits_cannot_tell_what_was_not_measured(tmp_path: Path) -> None:
    hr = noise(1, depth="float32")
    hr[0, 0] = np.nan
    (refused,) = prepared(matrix(use(test=[Item("m31", hr)]), protocols=[Protocol("x2-y8", 2, "y8")]), tmp_path)
    assert refused.trouble.startswith("image 'm31': was not measured everywhere") and not refused.images


def test_scores_are_the_same_as_before(tmp_path: Path) -> None:
    bench = InProcess(tmp_path, protocols=["x3-y8"], metrics=["psnr", "ssim"])  # 32 is no multiple of 3
    scores = bench.run().metrics
    prepared(read_matrix(bench.matrix), tmp_path / "to")
    bench.content["datasets"] = [{"use": "pairs", "as": "data", "path": str(tmp_path / "to" / "data" / "x3-y8")}]
    again = bench.run()
    assert again.status == "ok"
    assert [(one.name, one.value, one.n) for one in again.metrics.values()] == [
        (one.name, one.value, one.n) for one in scores.values()
    ]


def test_basicsr_reads_it(tmp_path: Path, basicsr: ModuleType) -> None:
    from basicsr.data.paired_image_dataset import PairedImageDataset

    bench = InProcess(tmp_path, protocols=["x2-rgb"])
    (done,) = prepared(read_matrix(bench.matrix), tmp_path / "to")
    split = tmp_path / "to" / done.place / "train"
    options = {"dataroot_gt": str(split / "HR"), "dataroot_lq": str(split / "LR"), "filename_tmpl": "{}"}
    read = PairedImageDataset({**options, "io_backend": {"type": "disk"}, "phase": "val", "scale": 2})
    protocol = Protocol("x2-rgb", 2)
    for index, name in enumerate(("c", "d")):
        hr, _, lr = seen(Item(name, bench.data / "train" / f"{name}.png"), protocol)
        for mine, theirs in ((lr, read[index]["lq"]), (hr, read[index]["gt"])):
            np.testing.assert_array_equal(np.rint(theirs.numpy().transpose(1, 2, 0) * 255), mine)


def test_the_table_says_what_there_is(tmp_path: Path) -> None:
    shipped = Item("b", noise(1), {("bicubic", 2): noise(2, (8, 9, 3))}, label="cat, black", group="P1")
    grey = noise(3, (17, 9, 1), "float32", Values(-1, 3))
    made = Item("a", grey, mask=np.ones((17, 9, 1), np.uint8), group="P2", region=(5, 6, 17, 9), values=Values(-1, 3))
    prepared(matrix(use(test=[shipped], train=[made])), tmp_path)
    assert rows(tmp_path / "own" / "x2") == [
        {
            "id": "a",
            "split": "train",
            "label": "",
            "group": "P2",
            "region": "5 6 16 8",
            "hr_height": "16",
            "hr_width": "8",
            "lr_height": "8",
            "lr_width": "4",
            "low": "-1",
            "high": "3",
            "curve": "linear",
            "knee": "1.0",
            "pivot": "0.0",
            "unit": "",
            "hr": "train/HR/a.tiff",
            "lr": "train/LR/a.tiff",
            "mask": "train/mask/a.png",
            "lr_from": "made",
        },
        {
            "id": "b",
            "split": "test",
            "label": "cat, black",
            "group": "P1",
            "region": "",
            "hr_height": "16",
            "hr_width": "18",
            "lr_height": "8",
            "lr_width": "9",
            "low": "0.0",
            "high": "255.0",
            "curve": "linear",
            "knee": "1.0",
            "pivot": "0.0",
            "unit": "",
            "hr": "test/HR/b.png",
            "lr": "test/LR/b.png",
            "mask": "",
            "lr_from": "shipped",
        },
    ]
    assert read_image(tmp_path / "own" / "x2" / "train" / "mask" / "a.png").shape == (16, 8, 1)


def test_the_readme_says_what_it_is_and_how_to_go_on(tmp_path: Path) -> None:
    blurred = Protocol("blurred", 2, "y", border=2, degradation=GaussianBlur(1.6))
    twelve = Values(0, 4095)
    prepared(matrix(use(test=[Item("a", noise(1, (16, 18, 3), "uint16", twelve), values=twelve)])), tmp_path / "one")
    one = (tmp_path / "one" / "own" / "x2" / "README.txt").read_text()
    assert "for the matrix m\n(Mine)." in one
    assert "x2: x2, bicubic LR, RGB, 0 px border, native depth\n" in one
    assert "1 to test\n" in one
    assert "1 made from HR, 0 as they came" in one
    assert "Black is 0 and white 4095: a data range of 4095." in one
    assert "  - pairs: {path: own/x2, name: own}\n" in one
    both = [Item("a", noise(1)), Item("b", noise(2, depth="float32"))]
    prepared(matrix(use(test=both), protocols=[blurred]), tmp_path / "two")
    two = (tmp_path / "two" / "own" / "blurred" / "README.txt").read_text()
    assert "Black and white are not the same for all images" in two
    (line,) = [line for line in two.splitlines() if line.startswith("  - pairs")]
    again = tmp_path / "two" / "matrix.yaml"
    again.write_text(f"name: m\nprotocols: [x2-y]\nmethods: [bicubic]\nmetrics: [psnr]\ndatasets:\n{line}\n")
    (dataset,) = read_matrix(again).datasets
    assert dataset.name == "own"
    assert list(dataset.create().test()[0].lr) == [("gaussian-blur(sigma=1.6)", 2)]


def test_a_dataset_that_is_only_trained_on_is_written_too(tmp_path: Path) -> None:
    tested, trained = use("a", test=[Item("t", noise(1))]), use("b", train=[Item("l", noise(2))], test=[])
    done = prepared(matrix(tested, train_on=("same", trained, tested)), tmp_path)
    assert [(one.place, one.images) for one in done] == [("a/x2", {"test": 1}), ("b/x2", {"train": 1})]
    back = Pairs(tmp_path / "b" / "x2")
    assert [item.id for item in back.train()] == ["l"]
    assert back.test() == []


def test_a_training_image_may_be_too_small_to_be_scored(tmp_path: Path) -> None:
    protocol = Protocol("p", 2, border=4)
    tested, small = Item("a", noise(1)), Item("s", noise(2, (5, 6, 1)))
    (done,) = prepared(matrix(use(test=[tested], train=[small]), protocols=[protocol]), tmp_path)
    assert done.images == {"train": 1, "test": 1}
    (failed,) = prepared(matrix(use(test=[small]), protocols=[protocol]), tmp_path / "other")
    assert "too few" in failed.trouble


def test_one_name_for_two_datasets_is_refused(tmp_path: Path) -> None:
    asked = matrix(use("a", test=[Item("t", noise(1))]), train_on=(use("a", train=[Item("l", noise(2))]),))
    with pytest.raises(SrbenchError, match="'a' names a dataset that is tested on and another one"):
        prepared(asked, tmp_path)
    assert files(tmp_path) == {}


def test_images_from_noise_have_no_pairs(tmp_path: Path) -> None:
    with pytest.raises(SrbenchError, match="the task generation has no pairs"):
        prepared(matrix(use(test=[Item("a", noise(1))]), task="generation"), tmp_path)


class Broken(Fixed):
    def test(self) -> Sequence[Item]:
        raise ZeroDivisionError("no luck")


def test_what_cannot_be_used_is_told_whole_and_the_others_go_on(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.png").write_bytes(b"\x89PNG\r\n\x1a\nrubbish")
    damaged = use("damaged", test=[Item(name, tmp_path / f"{name}.png") for name in ("a", "b")])
    broken = replace(use("broken"), registered=replace(use().registered, entry=Entry("broken", Broken)))
    good = use("good", test=[Item("a", noise(1))])
    troubles = [one.trouble for one in prepared(matrix(damaged, broken, use("empty"), good), tmp_path / "to")]
    assert str(tmp_path / "a.png") in troubles[0]
    assert "b.png" in troubles[0]
    assert troubles[1:] == ["ZeroDivisionError: no luck", "empty has no train and no test split", ""]
    assert {path.name for path in (tmp_path / "to").iterdir()} == {LIST, "good"}


def folder_of(tmp_path: Path, *names: str) -> Matrix:
    """A matrix with a folder of pictures, one a name."""
    for number, name in enumerate(names):
        picture(tmp_path / "data" / "test" / f"{name}.png", number)
    content = {"name": "m", "protocols": ["x2-rgb"], "methods": ["bicubic"], "metrics": ["psnr"]}
    content["datasets"] = [{"use": "folder", "as": "data", "path": "data"}]
    (tmp_path / "matrix.yaml").write_text(json.dumps(content))
    return read_matrix(tmp_path)


def test_what_plan_would_ask_is_asked(tmp_path: Path) -> None:
    asked = folder_of(tmp_path, "a")
    write_image(tmp_path / "data" / "test" / "b.png", noise(1, (16, 16, 1), "uint16", Values(0, 4095)))
    (tmp_path / "data" / "test" / "c.psd").touch()
    (done,) = prepared(asked, tmp_path / "to")
    left_out, white = done.warnings
    assert left_out == "left out: 1 file (.psd)"
    assert white.startswith("test split: no value is above 4095")


def interrupted(asked: Matrix, folder: Path, after: int) -> None:
    def progress(_: str, done: int, total: int) -> None:
        if done == after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(prepare(asked, folder, progress))


def test_an_interrupted_one_goes_on_where_it_was(tmp_path: Path) -> None:
    asked, to = folder_of(tmp_path, "a", "b", "c"), tmp_path / "to"
    interrupted(asked, to, 2)
    with pytest.raises(DatasetError, match="was not prepared to its end"):
        Pairs(to / "data" / "x2-rgb").prepare(tmp_path)
    before = {path: stamp(path) for path in to.rglob("*.png")}
    assert len(before) == 4
    (done,) = prepared(asked, to)
    assert done.written == 2 + len(("items.csv", "README.txt"))
    assert {path: stamp(path) for path in before} == before
    prepared(asked, tmp_path / "at once")
    assert files(to) == files(tmp_path / "at once")
    (again,) = prepared(asked, to)
    assert again.written == 0
    assert len(Pairs(to / "data" / "x2-rgb").test()) == 3


def test_only_what_changed_is_written_again(tmp_path: Path) -> None:
    asked, to = folder_of(tmp_path, "a", "b", "c"), tmp_path / "to"
    prepared(asked, to)
    kept = to / "data" / "x2-rgb" / "test" / "HR" / "a.png"
    before = stamp(kept)
    picture(tmp_path / "data" / "test" / "b.png", 77)
    (tmp_path / "data" / "test" / "c.png").unlink()
    interrupted(asked, to, 2)
    with pytest.raises(DatasetError, match="was not prepared to its end"):
        Pairs(to / "data" / "x2-rgb").prepare(tmp_path)
    prepared(asked, to)
    assert stamp(kept) == before
    assert [item.id for item in Pairs(to / "data" / "x2-rgb").test()] == ["a", "b"]
    np.testing.assert_array_equal(read_image(kept.with_name("b.png")), read_image(tmp_path / "data" / "test" / "b.png"))


def test_what_a_matrix_no_longer_names_stays(tmp_path: Path) -> None:
    one, two = use("one", test=[Item("a", noise(1))]), use("two", test=[Item("b", noise(2))])
    prepared(matrix(one, two), tmp_path)
    before = files(tmp_path)
    prepared(matrix(two), tmp_path)
    assert files(tmp_path) == before


def test_strangers_folders_and_changed_files_are_refused(tmp_path: Path) -> None:
    asked = folder_of(tmp_path, "a")
    with pytest.raises(StoreError, match="choose a new or an empty folder"):
        prepared(asked, tmp_path / "data")
    prepared(asked, tmp_path / "to")
    with pytest.raises(StoreError, match=r"holds something else .*the matrix m gives"):
        prepared(replace(asked, name="other"), tmp_path / "to")
    changed = tmp_path / "to" / "data" / "x2-rgb" / "test" / "HR" / "a.png"
    write_image(changed, noise(9))
    before = files(tmp_path)
    with pytest.raises(StoreError, match="is in the way"):
        prepared(asked, tmp_path / "to")
    assert before.items() <= files(tmp_path).items()


def test_no_name_of_a_coded_image_is_in_the_folder(tmp_path: Path) -> None:
    asked = folder_of(tmp_path, "mueller_1", "mueller_2", "schmidt_1")
    (dataset,) = asked.datasets
    coded = replace(dataset, params={**dataset.params, "ids": "coded", "group": "^[a-z]+"})
    (done,) = prepared(replace(asked, datasets=(coded,)), tmp_path / "to")
    assert done.images == {"test": 3}
    assert (tmp_path / "to" / done.place / "test" / "HR" / "image-0003.png").is_file()
    assert {row["group"] for row in rows(tmp_path / "to" / done.place)} == {"group-001", "group-002"}
    found = {path: path.read_bytes() if path.is_file() else b"" for path in (tmp_path / "to").rglob("*")}
    for name in ("mueller", "schmidt"):
        assert not [path for path, data in found.items() if name in str(path) or name.encode() in data]
