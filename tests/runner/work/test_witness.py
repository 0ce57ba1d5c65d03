"""What a worker reads is what was planned: nothing that is exchanged meanwhile leaves a number under the wrong key."""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bench_in_process import InProcess, Nearest, perform, picture
from skimage.metrics import peak_signal_noise_ratio

import srbench
from srbench.contract.dataset import Item
from srbench.contract.protocol import Protocol
from srbench.pictures import read_image
from srbench.runner.planning.splits import Splits
from srbench.runner.planning.survey import Surveyor
from srbench.runner.work.witness import Outdated, Witness
from srbench.store.files import sha256, stamp


@pytest.fixture(autouse=True)
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The memory of files is this test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def bench(tmp_path: Path) -> InProcess:
    return InProcess(tmp_path)


def test_a_picture_exchanged_before_planning_is_another_key(bench: InProcess) -> None:
    before = bench.plan().cell.key
    picture(bench.data / "test/a.png", 9)
    assert bench.plan().cell.key != before


@pytest.mark.parametrize("name", ["test/a.png", "test/b.png"])
def test_a_picture_exchanged_between_plan_and_job_leaves_no_number(bench: InProcess, name: str) -> None:
    planned = bench.plan()
    picture(bench.data / name, 9)
    record = bench.do(planned.evaluation())
    assert (record.status, record.metrics) == ("killed", {})
    assert "the split 'test' of data changed after this was planned; run again" in record.reason
    assert bench.run().status == "ok"


def test_a_picture_that_is_gone_since_the_plan_ends_the_job_alike(bench: InProcess) -> None:
    planned = bench.plan()
    (bench.data / "test/a.png").write_bytes(b"no picture")
    record = bench.do(planned.evaluation())
    assert record.status == "killed" and "a.png" in record.reason and "run again" in record.reason


def test_a_picture_exchanged_during_upscaling_and_put_back_leaves_no_number(bench: InProcess) -> None:
    last, kept = bench.data / "test/b.png", bench.root / "kept.png"
    shutil.copy2(last, kept)

    class Swaps(Nearest):
        def upscale(self, lr: Any, scale: int) -> Any:
            picture(last, 9)
            return super().upscale(lr, scale)

        @property
        def notes(self) -> list[str]:  # asked for when the test split is upscaled
            shutil.copy2(kept, last)
            return []

        def parameters_count(self) -> int:
            shutil.copy2(kept, last)
            return 0

    bench.method = Swaps
    planned = bench.plan()
    record = bench.do(planned.evaluation())
    assert record.status == "killed"
    assert f"{last} changed after this was planned; run again" in record.reason
    shutil.copy2(kept, last)
    assert bench.plan().cell.key == planned.cell.key and bench.plan().state == "retry"


def test_a_change_that_a_metric_or_method_swallows_is_told_all_the_same(bench: InProcess) -> None:
    item = Item("a", bench.data / "test/a.png")
    use = bench.plan().dataset
    seen = Surveyor().survey([item, Item("b", bench.data / "test/b.png")], Protocol("x2-rgb", 2))
    assert seen.pictures
    witness = Witness()
    (first, _) = witness.items(use, "test", bench.root, bench.plan().evaluation().reads)
    picture(bench.data / "test/a.png", 9)
    with pytest.raises(Outdated, match=r"a\.png changed after this was planned"):
        first.read_hr()
    with pytest.raises(Outdated, match=r"a\.png changed after this was planned"):
        witness.confirm()


def test_a_picture_exchanged_afterwards_makes_its_cell_stale(bench: InProcess) -> None:
    bench.run()
    assert bench.plan().state == "done"
    picture(bench.data / "test/a.png", 9)
    assert bench.plan().state == "stale"


def test_a_mask_or_lr_that_is_exchanged_is_noticed_when_it_is_read(bench: InProcess, tmp_path: Path) -> None:
    hr, lr, mask = (tmp_path / f"{name}.png" for name in ("hr", "lr", "mask"))
    picture(hr, 0)
    picture(mask, 1, channels=1)
    small = read_image(hr)[::2, ::2]
    srbench.pictures.write_image(lr, small)

    class Own(srbench.Dataset):
        def test(self) -> list[Item]:
            return [Item("a", hr, lr={("bicubic", 2): lr}, mask=mask)]

    use = bench.plan().dataset
    use = type(use)("own", type(use.registered)("dataset", srbench.Entry("own", Own), use.registered.plugin), {})
    protocol = Protocol("x2-rgb", 2)
    splits = Splits()
    from srbench.runner.job.tasks import SeenSplit

    reads = [
        SeenSplit("test", protocol, splits.survey(use, "test", protocol).fingerprint),
        SeenSplit("test", None, splits.fingerprint(use, "test")),
    ]
    witness = Witness()
    (item,) = witness.items(use, "test", tmp_path, reads)
    assert np.array_equal(item.read_hr()[0], read_image(hr))
    srbench.pictures.write_image(lr, 255 - small)
    picture(mask, 2, channels=1)
    for read in (lambda: item.read_lr("bicubic", 2), item.read_mask):
        with pytest.raises(Outdated):
            read()


def test_a_training_picture_exchanged_before_its_job_teaches_nothing(tmp_path: Path) -> None:
    train = {"on": ["same"], "budget": {"steps": 2}}
    bench = InProcess(tmp_path, methods=[{"srcnn": {"preset": "small"}}], train=train)
    planned = bench.plan()
    picture(bench.data / "train/c.png", 9)
    assert planned.training is not None
    record = bench.do(planned.training)
    assert record.status == "killed"
    assert "the split 'train' of data changed after this was planned" in record.reason


@pytest.mark.parametrize("moment", ["before", "during", "during, and put back"])
def test_a_file_that_a_method_reads_is_the_planned_one_all_the_time(bench: InProcess, moment: str) -> None:
    table = bench.root / "table.txt"
    table.write_text("one")

    class Reads(Nearest):
        files = (table,)

        def upscale(self, lr: Any, scale: int) -> Any:
            if moment != "before":
                table.write_text("two")
            if moment == "during, and put back":
                table.write_text("one")
            return super().upscale(lr, scale)

    bench.method = Reads
    planned = bench.plan()
    if moment == "before":
        table.write_text("two")
    record = bench.do(planned.evaluation())
    assert record.status == "killed" and not record.metrics
    assert f"{table} changed after this was planned; run again" in record.reason


def test_numbers_of_a_job_that_nothing_disturbed_are_those_of_its_pictures(bench: InProcess) -> None:
    bench.method = Nearest
    record = bench.run()
    assert record.status == "ok"
    folder = bench.store.folder("cells", record.key)
    values = []
    for name in ("a", "b"):
        hr, sr = (read_image(path / f"{name}.png")[2:-2, 2:-2] for path in (bench.data / "test", folder / "images"))
        values.append(peak_signal_noise_ratio(hr, sr, data_range=255))
    (result,) = record.metrics.values()
    assert result.value == pytest.approx(np.mean(values))


def test_a_picture_with_the_same_size_and_time_in_the_place_of_another_is_looked_at(tmp_path: Path) -> None:
    """As `cp -p`, rsync and archives leave it."""
    old, new = tmp_path / "a.bmp", tmp_path / "new.bmp"
    for path, seed in ((old, 0), (new, 1)):
        image = np.random.default_rng(seed).integers(0, 256, (16, 16, 3), np.uint8)
        srbench.pictures.write_image(path.with_suffix(".png"), image)
        from PIL import Image

        Image.fromarray(image).save(path)
    protocol = Protocol("x2-rgb", 2)
    before = Surveyor().survey([Item("a", old)], protocol).fingerprint
    assert Surveyor().survey([Item("a", old)], protocol).fingerprint == before
    times = old.stat()
    assert times.st_size == new.stat().st_size
    shutil.copyfile(new, old)
    os.utime(old, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert Surveyor().survey([Item("a", old)], protocol).fingerprint != before


def test_a_file_is_hashed_again_when_it_may_be_another(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"one")
    before, times = sha256(path), path.stat()
    path.write_bytes(b"two")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert sha256(path) != before
    replaced = stamp(path)
    (tmp_path / "b").write_bytes(b"two")
    (tmp_path / "b").replace(path)
    assert stamp(path) != replaced


def test_verify_reads_what_is_remembered_again(bench: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    from srbench.runner.planning import survey

    bench.plan()
    read: list[Path] = []
    true = survey.read_picture
    monkeypatch.setattr(survey, "read_picture", lambda path: read.append(path) or true(path))
    bench.plan()
    assert not read
    bench.plan(verify=True)
    assert {path.name for path in read} == {"a.png", "b.png"}


def test_files_among_parameters_are_watched_wherever_they_stand(bench: InProcess, tmp_path: Path) -> None:
    from dataclasses import replace

    from srbench.runner.planning.provenance import files_of

    one, two = tmp_path / "one.pth", tmp_path / "two.py"
    one.write_bytes(b"1")
    two.write_bytes(b"2")
    params = {"weights": one, "files": {"script": two, "absent": tmp_path / "absent"}, "folder": tmp_path, "width": 3}
    use = replace(bench.plan().method, params=params)
    assert {file.path: file.sha256 for file in files_of(use, Nearest())} == {
        path: hashlib.sha256(path.read_bytes()).hexdigest() for path in (one, two)
    }


def test_what_was_learned_from_an_exchanged_picture_is_not_gone_on_with(tmp_path: Path) -> None:
    from srbench.runner.job.tasks import Job, SeenFile

    train = {"on": ["same"], "budget": {"steps": 50}}
    bench = InProcess(tmp_path, methods=[{"srcnn": {"preset": "small"}}], train=train)
    table = tmp_path / "table.txt"
    table.write_text("one")
    training = bench.plan().training
    assert training is not None
    training = replace(training, files=(SeenFile(table, None),))
    folder = bench.store.folder("models", training.key)
    for changes in (False, True):
        if changes:
            assert any((folder / "checkpoint").iterdir())

        def stop(changes: bool = changes) -> bool:
            if changes:
                table.write_text("two")
            return True

        perform(Job(training, bench.store.root, bench.root), stop=stop)
        assert bench.store.read("models", training.key) is None
    assert not (folder / "checkpoint").exists()


def test_lr_without_hr_is_watched_like_hr(bench: InProcess) -> None:
    bench.content["datasets"] = [{"use": "folder", "as": "data", "path": str(bench.data / "test"), "lr_alone": True}]
    bench.content["metrics"] = ["lr-consistency"]
    planned = bench.plan()
    picture(bench.data / "test/a.png", 9)
    record = bench.do(planned.evaluation())
    assert record.status == "killed" and "changed after this was planned" in record.reason
