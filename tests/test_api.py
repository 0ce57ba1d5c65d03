"""srbench from Python: the rows of a store, which cells are chosen, where jobs run, whose a store is."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from bench_in_process import emptied
from rig import Bench

import srbench
from srbench import api
from srbench.errors import SrbenchError
from srbench.matrix import read_matrix
from srbench.pictures import write_image
from srbench.runner.planning.plan import make_plan
from srbench.store.files import StoreError
from srbench.store.record import MetricResult, Record
from srbench.store.records import Store


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
        folder = emptied(store, "cells", record.key)
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


@pytest.mark.parametrize(
    ("where", "chosen"),
    [
        ({}, ["bicubic", "lanczos"]),
        ({"method": ["lanczos"]}, ["lanczos"]),
        ({"method": ["lanczos", "bicubic"], "dataset": ["data"], "seed": ["None"]}, ["bicubic", "lanczos"]),
    ],
)
def test_cells_are_chosen_by_their_coordinates(
    path: Path, store: Store, where: dict[str, list[str]], chosen: list[str]
) -> None:
    plan = make_plan(read_matrix(path), store)
    assert [planned.cell.method for planned in api.select(plan, where)] == chosen


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ({"metod": ["bicubic"]}, r"unknown coordinate\. Did you mean 'method'\?"),
        ({"method": ["bicubc"]}, r"--where method=bicubc: no such cell\. Did you mean 'bicubic'\?"),
        ({"method": ["bicubic"], "protocol": ["x4-y"]}, "no such cell"),
    ],
)
def test_a_choice_that_is_none_is_an_error(path: Path, store: Store, where: dict[str, list[str]], words: str) -> None:
    with pytest.raises(SrbenchError, match=words):
        api.select(make_plan(read_matrix(path), store), where)


def test_single_cells_are_chosen_and_left_out_by_label_or_key(path: Path, store: Store) -> None:
    plan = make_plan(read_matrix(path), store)
    bicubic, lanczos = plan.cells

    def methods(**chosen: list[str]) -> list[str]:
        return [planned.cell.method for planned in api.select(plan, {}, **chosen)]

    assert methods(only=[lanczos.cell.label]) == methods(skip=[bicubic.cell.key[:12]]) == ["lanczos"]
    assert methods(only=[lanczos.cell.key, bicubic.cell.label]) == ["bicubic", "lanczos"]
    assert methods(only=[lanczos.cell.label], skip=[lanczos.cell.label]) == []
    for wrong in ("", bicubic.cell.label[:-1], f"x{bicubic.cell.key}"):
        with pytest.raises(SrbenchError, match=r"--skip .*: no such cell\. "):
            methods(skip=[wrong])
    with pytest.raises(SrbenchError, match=f"--only .*: no such cell. Did you mean '{bicubic.cell.label}'"):
        methods(only=[bicubic.cell.label[:-1]])


def test_a_finished_matrix_runs_nothing_and_tells_what_did_not_go_well(path: Path, store: Store) -> None:
    assert srbench.run(path, store=store.root).failed == []
    record = store.find("cells", "data/x2-y/bicubic")
    record.status, record.reason = "failed", "no luck"
    store.write("cells", record)
    result = srbench.run(path, store=store.root)
    assert [planned.cell.method for planned in result.failed] == ["bicubic"]
    assert (result.store.root, len(result.plan.cells)) == (store.root, 2)


QUEUE = """

class Queue(srbench.Executor):
    def __init__(self, jobs: int = 1) -> None:
        self.jobs = jobs

    def places(self):
        return self.jobs

    submit = fate = close = None


@srbench.hookimpl
def srbench_executors():
    return [srbench.Entry("queue", Queue)]
"""


def test_jobs_run_where_the_caller_says_then_the_matrix(toys: Bench) -> None:
    toys.plugin.write_text(toys.plugin.read_text() + QUEUE)

    def places(named: str | None, jobs: int | None, **matrix: object) -> int:
        return api.executor_of(read_matrix(toys.matrix(**matrix)), named, jobs).places()

    in_file = {"executor": {"queue": {"jobs": 2}}}
    assert places(None, None, **in_file) == 2
    assert places(None, 3, **in_file) == 3
    assert places("queue", None, **in_file) == 2
    assert places("local", None, **in_file) == 1, "what the file says is of the executor that it names"
    assert places("queue", 4) == 4
    with pytest.raises(SrbenchError, match="executor 'queue': jobs: expected"):
        places("queue", "many")  # type: ignore[arg-type]
    with pytest.raises(SrbenchError, match="Did you mean 'queue'"):
        places("queu", None)
