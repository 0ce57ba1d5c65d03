"""What is probably wrong with data is told by plan and run, and stands in records and on pages; names stay here."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from msgspec import to_builtins
from rig import Bench

from srbench.cli import cli
from srbench.matrix import read_matrix
from srbench.pictures import write_image
from srbench.runner.planning.plan import make_plan
from srbench.store.image_names import ImageName, read_names, write_names
from srbench.store.records import Store

ASKED = "cam, test split: no value is above 4095 (the highest is 4095), but white is 65535: did you mean `peak: 4095`?"
LEFT_OUT = "cam: left out: 1 file: does not begin as DICOM files do (DICM behind 128 bytes); leave it out"


def twelve_bit(folder: Path) -> None:
    folder.mkdir(parents=True)
    image = np.random.default_rng(0).integers(0, 4096, (24, 36, 1), np.uint16)
    image[0, 0] = 4095
    write_image(folder / "mueller.png", image)
    (folder / "mueller.dcm").write_bytes(b"?")


def matrix(folder: Path, **changes: Any) -> Path:
    content = {
        "name": "small",
        "datasets": [{"folder": {"path": str(folder / "pictures"), "name": "cam", **changes}}],
        "protocols": ["x2-y", "x3-y"],
        "methods": ["bicubic", "lanczos"],
        "metrics": ["psnr"],
    }
    path = folder / "matrix.yaml"
    path.write_text(json.dumps(content))
    return path


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cache that a bench in this folder has, where names of images are noted."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_plan_tells_each_warning_once_whatever_the_number_of_cells(tmp_path: Path) -> None:
    twelve_bit(tmp_path / "pictures")
    arguments = ["plan", str(matrix(tmp_path)), "--store", str(tmp_path / "store")]
    printed = CliRunner().invoke(cli, arguments).stdout
    assert [line for line in printed.splitlines() if line.startswith("warning: ")] == [
        f"warning: {LEFT_OUT}",
        f"warning: {ASKED}",
    ]
    rows = json.loads(CliRunner().invoke(cli, [*arguments, "--json"]).stdout)
    assert [row["warnings"] for row in rows] == [[LEFT_OUT, ASKED]] * 4


def test_a_declared_peak_leaves_nothing_to_be_told(tmp_path: Path) -> None:
    twelve_bit(tmp_path / "pictures")
    (tmp_path / "pictures" / "mueller.dcm").unlink()
    plan = make_plan(read_matrix(matrix(tmp_path, peak=4095)), Store(tmp_path / "store"))
    assert plan.warnings == []
    assert plan.names == frozenset()


def test_a_run_tells_warnings_and_publishes_them_but_no_names(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    twelve_bit(tmp_path / "pictures")
    file = matrix(tmp_path, ids="coded")
    file.write_text(f"{file.read_text()}\n# of mueller\n")
    done = bench.srbench("run", "matrix.yaml", "--where", "protocol=x2-y", "--out", "pages")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count(ASKED) == done.stderr.count(LEFT_OUT) == 1
    store = Store(tmp_path / "results" / "small")
    records = list(store.records("cells"))
    assert [record.warnings for record in records] == [[LEFT_OUT, ASKED]] * 2
    assert [record.images for record in records] == [{"image-0001": "image-0001.png"}] * 2
    page, _ = sorted((tmp_path / "pages").glob("cells/*x2-y*.html"))
    assert "did you mean" in page.read_text()
    for record in records:
        assert "mueller" not in json.dumps(to_builtins(record))
    for published in (tmp_path / "pages").rglob("*"):
        assert "mueller" not in published.name
        assert not published.is_file() or b"mueller" not in published.read_bytes()
    assert read_names(store) == [ImageName("cam", "test", "image-0001", "mueller.png")]
    assert "mueller.png" in bench.srbench("show", "cam/x2-y/bicubic").stdout


def test_plan_tells_which_file_a_coded_image_is(tmp_path: Path) -> None:
    twelve_bit(tmp_path / "pictures")
    write_image(tmp_path / "pictures" / "schmidt.png", np.full((2, 2, 1), 9, np.uint16))
    arguments = ["plan", str(matrix(tmp_path, ids="coded")), "--store", str(tmp_path / "store")]
    printed = CliRunner().invoke(cli, arguments).stdout
    (line,) = [line for line in printed.splitlines() if "schmidt" in line]
    assert line.startswith("cam, test split: image-000")
    assert line.endswith(" is schmidt.png")
    assert "mueller" not in printed


def test_names_of_other_datasets_stay_and_those_of_this_one_are_replaced(tmp_path: Path) -> None:
    store = Store(tmp_path)
    other, old, new = (
        ImageName("b", "test", "image-1", 'with "quotes", a comma'),
        ImageName("a", "test", "image-1", "old"),
        ImageName("a", "test", "image-1", "\u043d\u043e\u0432"),
    )
    write_names(store, {other, old})
    write_names(store, {new})
    assert read_names(store) == [new, other]
    assert [path.parent.name for path in tmp_path.rglob("*.csv")] == ["names"]


def test_no_file_of_names_where_every_image_is_called_by_its_id(tmp_path: Path) -> None:
    write_names(Store(tmp_path), set())
    assert not list(tmp_path.iterdir())


def test_a_name_that_is_no_text_crashes_neither_a_run_nor_its_pages(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    folder = tmp_path / "pictures"
    folder.mkdir()
    noise = np.random.default_rng(0).integers(0, 256, (2, 24, 36, 3), np.uint8)
    for image, name in zip(noise, (b"M\xfcnchen.png", b"plain.png"), strict=True):
        write_image(folder / "new.png", image)
        (folder / "new.png").rename(folder / os.fsdecode(name))
    matrix(tmp_path)
    done = bench.srbench("run", "matrix.yaml", "--where", "protocol=x2-y", "--out", "pages")
    assert done.returncode == 0, done.stderr
    store = Store(tmp_path / "results" / "small")
    (name,) = read_names(store)
    assert name.name == "M\\udcfcnchen.png"
    assert all(set(record.images) == {name.id, "plain"} for record in store.records("cells"))
    upscaled = bench.srbench("upscale", "bicubic", "pictures", "--out", "sr", "--scale", "2")
    assert upscaled.returncode == 0, upscaled.stderr
    assert len(list((tmp_path / "sr").iterdir())) == 2
