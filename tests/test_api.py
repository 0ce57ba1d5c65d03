"""What a store gives: the rows of today's matrix, and a report where there is something to report."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import srbench
from srbench import api, cli
from srbench.matrix import read_matrix
from srbench.pictures import write_image
from srbench.runner.planning.plan import make_plan
from srbench.store.files import StoreError
from srbench.store.records import MetricResult, Record, Store


def write_matrix(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    for number, name in enumerate(("train/a", "test/im0", "test/im1")):
        picture = folder / "data" / f"{name}.png"
        picture.parent.mkdir(parents=True, exist_ok=True)
        write_image(picture, np.random.default_rng(number).integers(0, 256, (32, 32, 3), np.uint8))
    content = {
        "name": "small",
        "datasets": [{"use": "folder", "path": "data", "name": "data"}],
        "protocols": ["x2-y"],
        "methods": ["bicubic", "lanczos"],
        "metrics": ["psnr"],
    }
    path = folder / "matrix.yaml"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def fill(path: Path, store: Store, started: str, value: float) -> None:
    """Records as a run would leave them, of the cells that have none."""
    store.create()
    store.remember_matrix(path)
    for planned in make_plan(read_matrix(path), store).cells:
        if planned.record is not None:
            continue
        images = {f"im{number}": f"im{number}.png" for number in range(2)}
        key = planned.keys["psnr"]
        record = Record(
            key=planned.cell.key,
            schema=2,
            status="ok",
            point=planned.cell.point(),
            ingredients=planned.cell.ingredients,
            metrics={key: MetricResult(key=key, name="psnr", value=value, n=2)},
            images=images,
            started=started,
        )
        folder = store.clear("cells", record.key)
        rows = [(image, key, value) for image in images]
        pd.DataFrame(rows, columns=["image", "metric", "value"]).to_parquet(folder / "scores.parquet")
        record.files = store.hashes("cells", record.key, ["scores.parquet"])
        store.write("cells", record)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_matrix(tmp_path / "work")


@pytest.fixture
def store(path: Path, tmp_path: Path) -> Store:
    place = Store(tmp_path / "store")
    fill(path, place, "2026-01-01T00:00:00+00:00", 20.0)
    return place


def states(store: Store, everything: bool = False) -> dict[tuple[str, float], str]:
    frames = srbench.load(store.root, everything=everything)
    told = {(row.method, row.value): row.state for row in frames.cells.itertuples()}
    of_images = {(row.method, row.value): row.state for row in frames.images.itertuples()}
    assert told == of_images
    return told


def test_rows_of_a_store_are_those_of_todays_matrix_unless_all_are_asked_for(path: Path, store: Store) -> None:
    assert states(store) == {("bicubic", 20.0): "done", ("lanczos", 20.0): "done"}
    (path.parent / "data" / "test" / "im1.png").unlink()
    assert states(store) == {}
    fill(path, store, "2026-01-02T00:00:00+00:00", 21.0)
    now = {("bicubic", 21.0): "done", ("lanczos", 21.0): "done"}
    assert states(store) == now
    assert states(store, everything=True) == now | {("bicubic", 20.0): "stale", ("lanczos", 20.0): "stale"}
    path.write_text(json.dumps(json.loads(path.read_text()) | {"methods": ["bicubic"]}))
    assert states(store) == {("bicubic", 21.0): "done"}
    assert states(store, everything=True)["lanczos", 21.0] == "not asked for"


def test_every_row_says_which_record_it_is_of_and_when_that_was_made(store: Store) -> None:
    frames = srbench.load(store.root)
    keys = {record.key for record in store.records("cells")}
    for frame in (frames.cells, frames.images):
        assert set(frame["key"]) == keys
        assert set(frame["started"]) == {"2026-01-01T00:00:00+00:00"}


@pytest.mark.parametrize("gone", ["data", "matrix.yaml"])
def test_without_the_dataset_or_the_matrix_everything_is_there_and_its_state_unknown(
    path: Path, store: Store, gone: str
) -> None:
    place = path.parent / gone
    if place.is_dir():
        shutil.rmtree(place)
    else:
        place.unlink()
    assert states(store) == {("bicubic", 20.0): "unknown", ("lanczos", 20.0): "unknown"}


def test_a_damaged_table_is_named_where_all_rows_are_asked_for(store: Store) -> None:
    table = next(store.root.glob("cells/*/*/scores.parquet"))
    table.write_bytes(b"")
    with pytest.raises(StoreError, match=str(table)):
        srbench.load(store.root)


def call(monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> int:
    monkeypatch.setattr(sys, "argv", ["srbench", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


def test_a_report_says_where_it_looked_when_there_is_nothing(
    path: Path, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert call(monkeypatch, "report", path) == 2
    assert f"the store results/small (in {tmp_path / 'elsewhere'}) is not there" in capsys.readouterr().err
    (tmp_path / "empty" / "cells").mkdir(parents=True)
    assert call(monkeypatch, "report", path, "--store", tmp_path / "empty") == 2
    assert "holds nothing of this matrix" in capsys.readouterr().err
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_report_exits_with_1_and_names_what_is_damaged(
    path: Path, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("report", path, "--store", store.root, "--out", tmp_path / "out")
    assert call(monkeypatch, *arguments) == 0
    said = capsys.readouterr()
    assert said.out == f"page: {tmp_path / 'out' / 'index.html'}\n"
    assert said.err == "note: names of picture files are shown on the pages (of data)\n"
    next(store.root.glob("cells/*/*/scores.parquet")).write_bytes(b"")
    assert call(monkeypatch, *arguments) == 1
    assert "not shown: data/x2-y/" in capsys.readouterr().err


def test_two_matrices_of_one_name_in_one_store_are_told(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    other = write_matrix(tmp_path / "other")
    assert api.shared_with(read_matrix(path), None) is None
    fill(path, Store(Path("results/small")), "2026-01-01T00:00:00+00:00", 20.0)
    assert api.shared_with(read_matrix(path), None) is None
    assert api.shared_with(read_matrix(other), None) == path
    assert api.shared_with(read_matrix(other), "results/small") is None


def test_a_run_whose_pages_have_no_place_does_not_begin(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.tex").write_text("mine")
    store = tmp_path / "store"
    assert call(monkeypatch, "run", path, "--store", store, "--out", tmp_path / "home") == 2
    assert "holds files that are no board" in capsys.readouterr().err
    assert not store.exists()
    assert [file.name for file in (tmp_path / "home").iterdir()] == ["thesis.tex"]
