"""What a job's own process leaves, whatever the method, the dataset or the metric does in it."""

from __future__ import annotations

import errno
import json
import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from bench_in_process import InProcess, Nearest, perform, picture, work

import srbench
from srbench.commands.sources import Picture
from srbench.commands.upscale import Declared, load_method, upscale_file
from srbench.contract.entry import Entry
from srbench.contract.executor import Limits
from srbench.contract.fit import PICTURES_GB, Budget, FitContext, Interrupted
from srbench.errors import SrbenchError, machine_fault
from srbench.matrix import read_matrix
from srbench.pictures import Values, read_image, write_image
from srbench.registry.configured import Use
from srbench.registry.registry import Plugin, Registered, registry
from srbench.runner.account import Account
from srbench.runner.job.channel import Made, Message
from srbench.runner.job.tasks import Evaluation, ExtractorTraining, Job, Training
from srbench.runner.planning.plan import make_plan
from srbench.runner.planning.planned import PlannedCell
from srbench.runner.planning.survey import Surveyor
from srbench.runner.work import upscaling, worker
from srbench.runner.work.energy import EnergyMeter
from srbench.runner.work.witness import Outdated
from srbench.store.record import SCORES, Record, Status
from srbench.store.records import Store
from srbench.training.loop.engine import Unresumable
from srbench.training.loop.group import Group

TOLD = {"values_low", "values_high", "values_bits"}
"""The facts by which a model remembers what the values of its training meant."""


@pytest.fixture
def planned(tmp_path: Path) -> PlannedCell:
    """SRCNN on two small pictures."""
    random = np.random.default_rng(0)
    for split in ("train", "test"):
        (tmp_path / split).mkdir()
        write_image(tmp_path / split / "a.png", random.integers(0, 256, (64, 64, 3), np.uint8))
    matrix = tmp_path / "matrix.yaml"
    content: dict[str, Any] = {
        "name": "small",
        "datasets": [{"use": "folder", "path": str(tmp_path)}],
        "protocols": ["x2-y"],
        "methods": [{"srcnn": {"preset": "small"}}],
        "metrics": ["psnr"],
        "train": {"on": ["same"], "budget": {"steps": 4}},
    }
    matrix.write_text(json.dumps(content))
    (cell,) = make_plan(read_matrix(matrix), Store(tmp_path / "store")).cells
    return cell


def do(task: Training | Evaluation, store: Store, stop: bool = False) -> Record | None:
    """The job, in this process."""
    perform(Job(task, store.root, store.root), stop=lambda: stop)
    return store.read(task.shelf, task.key)


def test_energy_is_that_of_a_whole_training_or_absent(
    planned: PlannedCell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Meter(EnergyMeter):
        def cost(self, step: str) -> dict[str, float | None]:
            return {f"{step}_energy_cpu_j": 7.0}

    monkeypatch.setattr(worker, "EnergyMeter", Meter)
    assert planned.training is not None
    whole = do(planned.training, Store(tmp_path / "whole"))
    assert whole is not None and whole.cost["train_energy_cpu_j"] == 7.0
    parts = Store(tmp_path / "parts")
    assert do(planned.training, parts, stop=True) is None
    rest = do(planned.training, parts)
    assert rest is not None and rest.status == "ok" and rest.cost["train_steps"] == 4
    assert "train_energy_cpu_j" not in rest.cost


def test_whoever_makes_images_loads_no_metric(tmp_path: Path) -> None:
    bench = InProcess(tmp_path)
    planned = bench.plan()
    nowhere = Registered("metric", Entry("gone", "no.such.module:Gone"), Plugin("gone", "gone", "1", "no.such.module"))
    scoring = replace(planned.metrics[0], metric=Use("gone", nowhere, {}))
    record = bench.do(replace(planned.evaluation(), metrics=(scoring,)))
    assert record.status == "ok" and set(record.images) == {"a", "b"}
    ((name, reason),) = ((one.name, one.reason) for one in record.metrics.values())
    assert name == "gone" and "no.such.module" in reason


def test_code_that_was_imported_for_all_jobs_and_is_another_by_now_makes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = InProcess(tmp_path)
    monkeypatch.setattr(worker, "changed", lambda: "/plugin/scores.py")
    record = bench.do(bench.plan().evaluation())
    assert (record.status, record.reason) == ("killed", "/plugin/scores.py changed after this was planned; run again")


def test_a_damaged_model_says_which_file_it_is_and_what_to_do(planned: PlannedCell, tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    assert planned.training is not None
    do(planned.training, store)
    folder = store.folder("models", planned.training.key)
    (folder / "weights.safetensors").write_bytes(b"damaged")
    record = do(planned.evaluation(), store)
    assert record is not None and record.status == "killed"
    assert f"weights.safetensors is not the file that was written ({folder}); run again" in record.reason


def test_scores_of_a_metric_that_nobody_asks_for_any_more_do_no_harm(planned: PlannedCell, tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    assert planned.training is not None
    do(planned.training, store)
    folder = store.folder("cells", planned.cell.key)
    folder.mkdir(parents=True)
    # Written by an attempt that was killed before its record was.
    left = {"image": ["a"], "metric": ["given-up"], "value": [1.0]}
    pq.write_table(pa.table(left), folder / SCORES)
    record = do(planned.evaluation(), store)
    assert record is not None and record.status == "ok", record
    key = planned.keys["psnr"]
    assert record.metrics[key].status == "ok"
    assert pq.read_table(folder / SCORES)["metric"].to_pylist() == [key]


def test_a_record_says_which_image_is_of_which_picture_and_what_the_model_saw_of_these(tmp_path: Path) -> None:
    matrix = tmp_path / "matrix.yaml"
    content: dict[str, Any] = {
        "name": "walls",
        "datasets": ["textures"],
        "protocols": ["x4-y"],
        "methods": ["nearest", {"srcnn": {"preset": "small"}}],
        "metrics": ["psnr"],
        "train": {"on": ["same"], "budget": {"steps": 1}},
    }
    matrix.write_text(json.dumps(content))
    store = Store(tmp_path / "store")
    for cell in make_plan(read_matrix(matrix), store).cells:
        if cell.training is not None:
            do(cell.training, store)
        record = do(cell.evaluation(), store)
        assert record is not None and record.status == "ok", record
        assert record.groups == record.labels == {name: name.split("-")[0] for name in record.images}
        assert record.seen_groups == ([] if cell.training is None else ["brick", "grass", "gravel"])
        scores = pq.read_table(store.folder("cells", cell.cell.key) / SCORES).to_pandas()
        of_pictures = scores.groupby(scores["image"].str.split("-").str[0])["value"].mean()
        assert record.metrics[cell.keys["psnr"]].value == pytest.approx(of_pictures.mean(), abs=1e-12)
        assert (record.metrics[cell.keys["psnr"]].n, record.metrics[cell.keys["psnr"]].groups) == (12, 3)


@pytest.fixture
def twelve_bits(tmp_path: Path) -> PlannedCell:
    """SRCNN on two small pictures of 12 bits in files of 16."""
    random = np.random.default_rng(0)
    for split in ("train", "test"):
        (tmp_path / split).mkdir()
        write_image(tmp_path / split / "a.png", random.integers(0, 4096, (48, 48, 1), np.uint16))
    matrix = tmp_path / "matrix.yaml"
    content: dict[str, Any] = {
        "name": "small",
        "datasets": [{"use": "folder", "path": str(tmp_path), "peak": 4095}],
        "protocols": ["x2-y"],
        "methods": [{"srcnn": {"preset": "small"}}],
        "metrics": ["psnr"],
        "train": {"on": ["same"], "budget": {"steps": 4}},
    }
    matrix.write_text(json.dumps(content))
    (cell,) = make_plan(read_matrix(matrix), Store(tmp_path / "store")).cells
    return cell


def test_a_model_upscales_with_the_values_that_it_learned_with(twelve_bits: PlannedCell, tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    training = twelve_bits.training
    assert training is not None
    trained = do(training, store)
    assert trained is not None and {name: trained.facts[name] for name in TOLD} == {
        "values_low": 0,
        "values_high": 4095,
        "values_bits": 16,
    }
    record = do(twelve_bits.evaluation(), store)
    assert record is not None and record.status == "ok"
    sr = read_image(store.folder("cells", record.key) / "images" / "a.png")
    hr = read_image(tmp_path / "test" / "a.png")
    write_image(tmp_path / "lr.png", twelve_bits.protocol.lr(hr, Values(0, 4095), "image"))
    loaded = load_method("srcnn", str(store.folder("models", training.key)))
    made = upscale_file(loaded, Picture(tmp_path / "lr.png", tmp_path / "own"))
    assert np.array_equal(read_image(made.path), sr)
    # What is given wins, and another depth has values of its own.
    given = replace(loaded, declared=Declared(Values(0, 65535)))
    other = upscale_file(given, Picture(tmp_path / "lr.png", tmp_path / "other"))
    assert not np.array_equal(read_image(other.path), sr)
    write_image(tmp_path / "grey.png", np.full((8, 8, 1), 200, np.uint8))
    upscale_file(loaded, Picture(tmp_path / "grey.png", tmp_path / "eight"))
    write_image(tmp_path / "bright.png", np.full((8, 8, 1), 5000, np.uint16))
    with pytest.raises(SrbenchError, match="outside the black and white of the model's training, 0 to 4095"):
        upscale_file(loaded, Picture(tmp_path / "bright.png", tmp_path / "bright"))


def test_a_model_that_learned_with_the_usual_values_declares_none(planned: PlannedCell, tmp_path: Path) -> None:
    assert planned.training is not None
    trained = do(planned.training, Store(tmp_path / "store"))
    assert trained is not None and not trained.facts.keys() & TOLD


@pytest.mark.parametrize(("factor", "share", "warned"), [(255, 0.9, True), (1, 0, False)])
def test_sr_that_is_clamped_is_counted_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, factor: float, share: float, warned: bool
) -> None:
    write_image(tmp_path / "a.png", np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8))
    (tmp_path / "matrix.yaml").write_text(
        json.dumps(
            {
                "name": "small",
                "datasets": [{"use": "folder", "path": str(tmp_path)}],
                "protocols": ["x2-rgb"],
                "methods": ["nearest"],
                "metrics": ["psnr"],
            }
        )
    )
    kind = registry().get("method", "nearest").load()
    upscaled = kind.upscale
    monkeypatch.setattr(kind, "upscale", lambda self, lr, scale: upscaled(self, lr, scale) * factor)
    (cell,) = make_plan(read_matrix(tmp_path / "matrix.yaml"), Store(tmp_path / "store")).cells
    record = do(cell.evaluation(), Store(tmp_path / "store"))
    assert record is not None and record.status == "ok"
    assert record.facts["clamped"] >= share
    assert any("does nearest return values in [0, 1]?" in warning for warning in record.warnings) == warned
    if warned:
        assert f"{100 * record.facts['clamped']:.3g} % of the SR values lie outside 0 to 1" in record.warnings[-1]
    else:
        assert record.facts["clamped"] == 0


# --- whatever a plugin does: with methods of the test's own ----------------------------------------------------------


class Fits(Nearest):
    """Notes what it was trained with, in a file; goes wrong, or is asked to stop, where a test says so."""

    learns = True
    fault: Exception | None = None
    given: FitContext

    def fit(self, train: Any, context: FitContext) -> None:
        Fits.given = context
        assert [item.id for item in train.items] == ["c", "d"]
        if context.stop():
            (context.folder / "half").touch()
            raise Interrupted
        if self.fault is not None:
            print("on the way")
            raise self.fault
        self.history = [{"step": 1, "seconds": 2.0}, {"step": 2, "seconds": 7.5}]
        self.facts = {"best": np.float32(0.5)}
        self.notes.extend(["Said twice.", "Said twice."])
        context.progress(0.5, "half")

    def save(self, folder: Path) -> None:
        (folder / "deep").mkdir(exist_ok=True)
        (folder / "deep" / "weights").write_text("learned")

    def load(self, folder: Path) -> None:
        assert (folder / "deep" / "weights").read_text() == "learned"


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> InProcess:
    monkeypatch.setattr(Fits, "fault", None)
    monkeypatch.setattr("srbench.runner.work.upscaler.measure_latency", lambda *_: None)
    train = {"on": ["same"], "budget": {"steps": 4}, "precision": "bf16", "compile": True, "micro_batches": 2}
    bench = InProcess(tmp_path, train=train, seeds=[3])
    bench.method = Fits
    return bench


def training_of(bench: InProcess) -> Training:
    training = bench.plan().training
    assert training is not None
    return training


def test_a_training_is_given_all_that_the_matrix_says_of_it_and_leaves_what_it_saved(bench: InProcess) -> None:
    training = training_of(bench)
    folder = bench.store.folder("models", training.key)
    folder.mkdir(parents=True)
    (folder / "left").touch()
    record, done = work(bench, training)
    assert record is not None and record.status == "ok", record
    given = Fits.given
    assert (given.seed, given.budget, given.device) == (3, Budget("steps", 4), "cpu")
    assert (given.precision, given.compile, given.micro_batches, given.model) == ("bf16", True, 2, folder)
    assert record.files.keys() == {"deep/weights"}, "neither what was there before nor the log"
    assert (record.cost["train_seconds"], record.cost["train_steps"], record.cost["parameters"]) == (7.5, 2, 0)
    assert "train_peak_memory_gb" in record.cost and record.cost["macs"] is None
    assert (record.facts, record.notes) == ({"best": 0.5}, ["Said twice."])
    assert done == [0.5] and not (folder / worker.CHECKPOINT).exists()


@pytest.mark.parametrize(
    ("limits", "pictures_gb"),
    [
        (Limits(), PICTURES_GB),
        (Limits(memory_gb=100), PICTURES_GB),
        (Limits(memory_gb=4), 1),
        (Limits(memory_gb=4, pictures_gb=3), 3),
    ],
)
def test_pictures_take_what_they_may_of_memory_or_a_quarter_of_the_limit(
    bench: InProcess, limits: Limits, pictures_gb: float
) -> None:
    record, _ = work(bench, training_of(bench), limits=limits)
    assert record is not None and record.status == "ok", record
    assert Fits.given.pictures_gb == pictures_gb


def test_a_training_that_goes_on_is_given_the_checkpoint_of_the_earlier_one_and_costs_both(
    bench: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Fits, "goes_on", True)
    bench.content["train"]["budget"] = {"steps": 4, "from": {"steps": 1}}
    training = training_of(bench)
    assert training.earlier is not None
    record, _ = work(bench, training)
    assert record is not None and record.status == "killed"
    assert record.reason.startswith("the earlier training is gone from ")
    earlier = Record(key=training.earlier.key, schema=2, status="ok", cost={"train_seconds": 3.0, "train_steps": 1})
    bench.store.write("models", earlier)
    record, _ = work(bench, training)
    assert record is not None and record.status == "ok", record
    assert Fits.given.earlier == bench.store.last_checkpoint(training.earlier.key)
    assert Fits.given.budget == Budget("steps", 4, Budget("steps", 1))
    assert (record.cost["train_seconds"], record.cost["train_steps"]) == (7.5, 2), "with those of before"
    assert (record.cost["going_on_seconds"], record.cost["going_on_steps"]) == (4.5, 1)


def test_a_training_that_is_asked_to_stop_leaves_its_checkpoint_and_no_record(bench: InProcess) -> None:
    training = training_of(bench)
    record, _ = work(bench, training, stop=True)
    folder = bench.store.folder("models", training.key)
    assert record is None and (folder / worker.CHECKPOINT / "half").exists()
    record, _ = work(bench, training)
    assert record is not None and record.status == "ok" and not (folder / worker.CHECKPOINT).exists()


def test_a_training_that_saw_something_else_leaves_no_checkpoint_either(
    bench: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = training_of(bench)
    fit = Fits.fit

    def exchanged(self: Fits, train: Any, context: FitContext) -> None:
        picture(bench.data / "train/c.png", 9)
        with suppress(Outdated):
            train.items[0].read_hr()
        fit(self, train, context)

    monkeypatch.setattr(Fits, "fit", exchanged)
    record, _ = work(bench, training, stop=True)
    assert record is None
    assert not (bench.store.folder("models", training.key) / worker.CHECKPOINT).exists()
    picture(bench.data / "train/c.png", 2)
    record, _ = work(bench, training)
    assert record is not None and record.status == "killed" and "c.png changed after this was planned" in record.reason


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (ValueError("no luck"), "failed"),
        (MemoryError("no room"), "out_of_memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), "out_of_memory"),
        (Outdated("changed"), "killed"),
        (Unresumable("set aside"), "killed"),
    ],
)
def test_a_fault_becomes_a_record(
    bench: InProcess, monkeypatch: pytest.MonkeyPatch, fault: Exception, status: Status
) -> None:
    monkeypatch.setattr(Fits, "fault", fault)
    training = training_of(bench)
    record, _ = work(bench, training)
    assert record is not None and record.status == status
    assert str(fault) in record.reason and record.environment["threads"] == 1
    assert record.cost.keys() == {"peak_memory_gb"} and record.seconds > 0
    assert (bench.store.folder("models", training.key) / worker.CHECKPOINT).exists(), "a retry may go on from it"


@pytest.mark.parametrize(
    ("spreads", "words"),
    [
        (False, "cannot be trained on several devices (cpu, cpu): it does not learn in srbench's training loop"),
        (True, "was to be trained on 2 devices, and did not learn in srbench's training loop"),
    ],
)
def test_a_method_that_learns_by_itself_is_told_that_several_devices_are_not_for_it(
    bench: InProcess, monkeypatch: pytest.MonkeyPatch, spreads: bool, words: str
) -> None:
    monkeypatch.setattr(Fits, "spreads", spreads)
    monkeypatch.setattr(Group, "shared", False)
    training = training_of(bench)
    perform(Job(training, bench.store.root, bench.root, devices=("cpu", "cpu")))
    record = bench.store.read("models", training.key)
    assert record is not None and record.status == "failed" and words in record.reason


FULL = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.50 GiB. GPU 0 has a total capacity of 8 GiB.")


def test_a_full_gpu_is_an_ending_of_its_own_that_says_what_to_do_and_is_not_repeated(
    bench: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Fits, "fault", FULL)
    told: list[Message] = []
    job = Job(training_of(bench), bench.store.root, bench.root)
    account = Account(job, bench.store)
    worker.make(job, account.attempt, None, told.append, lambda done, message: None, lambda: False)
    (made,) = told
    assert isinstance(made, Made) and made.record.status == "out_of_memory" and not made.again
    reason = made.record.reason
    assert reason.startswith("the GPU's memory was full when 2.50 GiB more were asked for.")
    assert "`micro_batches` under `train`" in reason and "batch_size" in reason


def test_a_gpu_that_is_full_while_upscaling_is_one_for_tiles(bench: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Nearest, lr: Any, scale: int) -> Any:
        raise FULL

    bench.method = type("Full", (Nearest,), {"upscale": full})
    record = bench.run()
    assert record.status == "out_of_memory" and "`memory_gb` under `limits`" in record.reason


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EMFILE, errno.ESTALE])
@pytest.mark.parametrize("how", ["itself", "inside another", "quoted"])
def test_a_fault_of_the_machine_says_nothing_about_the_method_and_is_worth_another_try(
    bench: InProcess, monkeypatch: pytest.MonkeyPatch, number: int, how: str
) -> None:
    fault: Exception = OSError(number, os.strerror(number), "/data/x")
    if how == "inside another":
        fault, fault.__cause__ = ValueError("cannot be read"), fault
    elif how == "quoted":
        fault = RuntimeError(f"unable to write: {os.strerror(number)}")
    monkeypatch.setattr(Fits, "fault", fault)
    told: list[Message] = []
    job = Job(training_of(bench), bench.store.root, bench.root)
    account = Account(job, bench.store)
    worker.make(job, account.attempt, None, told.append, lambda done, message: None, lambda: False)
    (made,) = told
    assert isinstance(made, Made) and made.again and made.record.status == "killed"
    assert made.record.reason == machine_fault(fault) and "Error" not in made.record.reason


def test_code_that_changed_since_the_plan_ends_the_job(bench: InProcess) -> None:
    training = training_of(bench)
    record, _ = work(bench, training, sources={"srbench-own": {"srbench-own": "0" * 64}})
    assert record is not None and (record.status, record.cost.get("train_steps")) == ("killed", None)
    assert record.reason == "the code of the plugin own changed after this was planned; run again"


def test_a_cell_tells_its_share_of_all_that_is_to_be_done(bench: InProcess) -> None:
    work(bench, training_of(bench))
    record, done = work(bench, bench.plan().evaluation())
    assert record is not None and record.status == "ok"
    assert done == [0.5, 1.0, 0.5, 1.0], "two pictures are upscaled, and then two are scored"
    bench.content["metrics"] = ["psnr", "rmse"]
    record, done = work(bench, bench.plan().evaluation())
    assert record is not None and len(record.metrics) == 2 and done == [0.5, 1.0], "nothing is upscaled again"


@pytest.mark.parametrize("error", [RuntimeError("no luck"), Outdated("a.png changed")])
def test_whatever_goes_wrong_a_cell_that_has_its_sr_keeps_it(
    bench: InProcess, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def scoring(*_: Any) -> None:
        raise error

    work(bench, training_of(bench))
    before, _ = work(bench, bench.plan().evaluation())
    bench.content["metrics"] = ["psnr", "rmse"]
    monkeypatch.setattr(upscaling, "score_cell", scoring)
    after, _ = work(bench, bench.plan().evaluation())
    assert before is not None and after is not None and after.status == "ok"
    assert (after.images, after.started, after.seconds) == (before.images, before.started, before.seconds)
    psnr, rmse = after.metrics.values()
    assert psnr == next(iter(before.metrics.values()))
    assert (rmse.name, rmse.status, rmse.again) == ("rmse", "failed", isinstance(error, Outdated))
    assert str(error) in rmse.reason


def test_scoring_that_is_asked_to_stop_tells_no_more_and_goes_on_with_what_is_left(
    bench: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    work(bench, training_of(bench))
    bench.content["metrics"] = ["psnr", "rmse"]
    task = bench.plan().evaluation()
    done: list[float] = []
    perform(Job(task, bench.store.root, bench.root), done.append, lambda: len(done) == 2 + 3)
    assert done == [0.5, 1.0, 0.25, 0.5, 0.75], "asked at the first image of the second metric"
    record = bench.store.read("cells", task.key)
    assert record is not None and [result.name for result in record.metrics.values()] == ["psnr"]
    again, done = work(bench, replace(task, metrics=bench.plan().metrics))
    assert again is not None and [result.name for result in again.metrics.values()] == ["psnr", "rmse"]
    assert done == [0.5, 1.0] and again.metrics[task.metrics[0].key] == record.metrics[task.metrics[0].key]


def test_upscaling_that_was_asked_to_stop_goes_on_with_the_images_that_are_left(bench: InProcess) -> None:
    work(bench, training_of(bench))
    task = bench.plan().evaluation()
    record, done = work(bench, task, stop=True)
    assert record is None and done == [0.5]
    images = bench.store.folder("cells", task.key) / "images"
    (first,) = images.iterdir()
    before = first.stat().st_mtime_ns
    record, _ = work(bench, task)
    assert record is not None and record.status == "ok" and set(record.images.values()) == {"a.png", "b.png"}
    assert first.stat().st_mtime_ns == before and record.metrics[task.metrics[0].key].n == 2


class Learns(srbench.Extractor):
    """Counts what it is shown."""

    learns = True
    budget = Budget("epochs", 5)
    dim = 1

    def fit(self, train: Any, test: Any, context: FitContext) -> dict[str, float]:
        assert (context.seed, context.budget, context.device) == (0, Budget("epochs", 5), "cpu")
        return {"train": len(train), "test": len(test)}

    def extract(self, images: torch.Tensor) -> torch.Tensor:
        raise AssertionError("nobody asks")

    def save(self, folder: Path) -> None:
        (folder / "learned").touch()


def test_an_extractor_is_trained_under_its_own_budget_and_says_what_it_found(bench: InProcess) -> None:
    dataset = bench.plan().dataset
    items = {split: list(getattr(dataset.create(), split)()) for split in ("train", "test")}
    ingredients = {split: {"fingerprint": Surveyor().fingerprint(found)} for split, found in items.items()}
    plugin = Plugin("own", "own", "1", "bench_in_process")
    use = Use("own", Registered("extractor", Entry("own", Learns), plugin), {})
    record, _ = work(bench, ExtractorTraining("key", ingredients, use, dataset))
    assert record is not None and record.status == "ok", record
    assert (record.facts, record.files.keys()) == ({"train": 2.0, "test": 2.0}, {"learned"})
    assert record.cost.keys() == {"train_seconds", "train_peak_memory_gb"}
    assert record.point == {"dataset": "data", "extractor": "own"}
