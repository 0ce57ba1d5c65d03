"""The splits of a cell on the disk, and what its record says of making them: with methods of the test's own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from bench_in_process import Nearest, emptied

import srbench
from srbench.contract.entry import Entry
from srbench.contract.executor import Limits
from srbench.contract.fit import Interrupted
from srbench.contract.protocol import Protocol
from srbench.pictures import read_image
from srbench.registry.configured import Use
from srbench.registry.registry import Plugin, Registered
from srbench.runner.job.channel import Doing, Lacking, Made, Message
from srbench.runner.job.tasks import Evaluation, Job
from srbench.runner.work import upscaler as module
from srbench.runner.work.attempt import Attempt
from srbench.runner.work.energy import EnergyMeter
from srbench.runner.work.upscaler import Upscaler
from srbench.runner.work.witness import Witness
from srbench.runner.work.work import Work
from srbench.store.cell import Cell
from srbench.store.record import Record
from srbench.store.records import CEILING_IMAGES, IMAGES, RECORD, TRAINING_IMAGES, Store


class Grey(Nearest):
    """Repeats pixels, times what its training learned; its ceiling is HR, halved."""

    learns = True
    ceiling = "HR, halved"
    made: list[Grey]
    factor = 1.0

    def __init__(self) -> None:
        Grey.made.append(self)
        self.upscaled = 0
        self.notes.append("A toy.")

    def upscale(self, lr: Any, scale: int) -> Any:
        self.upscaled += 1
        return super().upscale(lr, scale) * self.factor

    def reconstruct(self, hr: Any) -> Any:
        assert self.upscaled == 0, "it has seen no LR"
        return hr / 2

    def load(self, folder: Path) -> None:
        self.factor = float((folder / "factor").read_text())

    def parameters_count(self) -> int:
        return 7


class Random(Grey):
    """Draws."""

    samples = True

    def upscale(self, lr: Any, scale: int) -> Any:
        return super().upscale(lr, scale) * torch.rand(())


class Raises(Grey):
    """Fails at whatever it is asked."""

    def upscale(self, lr: Any, scale: int) -> Any:
        raise RuntimeError("no luck")

    def reconstruct(self, hr: Any) -> Any:
        raise RuntimeError("no luck")


def items(*names: str) -> list[srbench.Item]:
    return [
        srbench.Item(name, np.full((16, 16, 3), 100 + 10 * place, np.uint8), group=name[0])
        for place, name in enumerate(names)
    ]


TEST, TRAIN = items("a1", "a2", "b1"), items("t1", "t2")


class Scene:
    def __init__(self, root: Path, kind: type[srbench.Method] = Grey, factor: float | None = None) -> None:
        use = Use("m", Registered("method", Entry("m", kind), Plugin("own", "own", "1", "bench_in_process")), {})
        protocol = Protocol("x2", 2)
        cell = Cell("d", "x2", "m", None, 3, {})
        self.task = Evaluation(cell, use, use, protocol, (), seen_groups=("b",), ceiling="HR, halved")
        self.store = Store(root)
        if factor is not None:
            self.task = replace(self.task, model="model")
            folder = self.store.folder("models", "model")
            folder.mkdir(parents=True)
            (folder / "factor").write_text(str(factor))
            files = self.store.hashes("models", "model", ["factor"])
            cost = {"train_seconds": 5.0, "macs": 9.0}
            self.store.write(
                "models", Record(key="model", schema=1, status="ok", files=files, cost=cost, facts={"best": 2.0})
            )
        self.job = Job(self.task, root, root)
        self.folder = emptied(self.store, "cells", self.task.key)
        self.steps: list[str] = []
        self.told: list[Message] = []
        self.begin()

    def begin(self) -> None:
        """Another attempt."""
        attempt = Attempt.begin(self.job)
        work = Work(self.job, self.task, attempt, self.store, Witness(), self.told.append, lambda done, image: None)
        self.upscaler = Upscaler(work, self.steps.append)

    def test_split(self) -> Record:
        return self.upscaler.test_split(TEST)

    def made(self) -> Record:
        """What was told of last."""
        assert isinstance(self.told[-1], Made)
        return self.told[-1].record

    def sr(self, folder: str, name: str) -> np.ndarray:
        return np.asarray(read_image(self.folder / folder / f"{name}.png"))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    Grey.made = []
    monkeypatch.setattr(module, "measure_latency", lambda *_: None)


def test_sr_of_the_test_split_is_on_the_disk_and_in_the_record(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    record = scene.test_split()
    assert record.images == {item.id: f"{item.id}.png" for item in TEST}
    for item in TEST:
        assert np.array_equal(scene.sr(IMAGES, item.id), item.read_hr()[0])
    assert not scene.store.damage("cells", record) and len(record.files) == 3
    assert record.groups == {"a1": "a", "a2": "a", "b1": "b"} and record.seen_groups == ["b"]
    assert (record.lr, record.notes, record.warnings, record.facts) == ("made", ["A toy."], [], {"clamped": 0.0})
    assert scene.steps == ["a1", "a2", "b1"]
    assert record.cost["parameters"] == 7 and record.cost["macs"] is None and "latency_ms" not in record.cost
    assert record.cost["upscale_seconds"] is not None and record.cost["peak_memory_gb"] is not None
    assert scene.told == [Doing("test"), Made(record)]
    assert not (scene.folder / RECORD).exists(), "the record is the keeper's to write"


def test_what_training_cost_and_found_is_the_cells_too_and_its_multiply_adds_are_not_counted_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def count(*_: Any) -> None:
        raise AssertionError("counted where the model was trained")

    monkeypatch.setattr(module, "count_multiply_adds", count)
    record = Scene(tmp_path, factor=0.5).test_split()
    assert (record.cost["train_seconds"], record.cost["macs"]) == (5.0, 9.0)
    assert record.facts == {"best": 2.0, "clamped": 0.0} and record.model == "model"


def test_latency_is_measured_on_the_largest_corner_and_is_part_of_the_cost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[Any, ...]] = []

    class Latency:
        def cost(self) -> dict[str, float | None]:
            return {"latency_ms": 4.0}

    monkeypatch.setattr(module, "measure_latency", lambda *given: asked.append(given) or Latency())
    scene = Scene(tmp_path)
    scene.job = replace(scene.job, limits=Limits(memory_gb=2))
    scene.begin()
    assert scene.test_split().cost["latency_ms"] == 4.0
    ((method, lr, scale, memory),) = asked
    assert isinstance(method, Grey) and tuple(lr.shape) == (3, 8, 8) and (scale, memory) == (2, 1e9)


def test_a_trained_method_upscales_with_its_model(tmp_path: Path) -> None:
    scene = Scene(tmp_path, factor=0.5)
    scene.test_split()
    assert np.array_equal(scene.sr(IMAGES, "a1"), TEST[0].read_hr()[0] // 2)
    assert len(Grey.made) == 1, "loaded once"


def test_a_warning_is_left_where_much_of_sr_was_clamped(tmp_path: Path) -> None:
    record = Scene(tmp_path, factor=255).test_split()
    assert record.facts["clamped"] == 1
    (warning,) = record.warnings
    assert warning.startswith("100 % of the SR values lie outside 0 to 1") and "does m return values" in warning


def test_images_that_nobody_noted_are_gone(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    for name in (IMAGES, TRAINING_IMAGES):
        (scene.folder / name).mkdir()
        (scene.folder / name / "left.png").touch()
    record = scene.test_split()
    scene.upscaler.training_split(TRAIN, "seen", record)
    assert not list(scene.folder.rglob("left.png"))


@pytest.mark.parametrize("order", [TEST, TEST[::-1]])
def test_a_method_that_samples_starts_each_image_from_the_seed_of_the_cell(
    tmp_path: Path, order: list[srbench.Item]
) -> None:
    scene = Scene(tmp_path, Random)
    scene.upscaler.test_split(order)
    torch.manual_seed(3)
    drawn = float(torch.rand(()))
    for item in TEST:
        assert np.abs(scene.sr(IMAGES, item.id) - drawn * item.read_hr()[0]).max() <= 0.5001


def test_sr_of_the_training_split_is_made_once_for_each_that_is_asked_for(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    record = scene.test_split()
    counts = []
    for fingerprint in ("seen", "seen", "another"):
        before = Grey.made[0].upscaled
        scene.told.clear()
        record = scene.upscaler.training_split(TRAIN, fingerprint, record)
        assert scene.told == [Doing("train"), Made(record)] and record.training_split == fingerprint
        assert record.training_images == {"t1": "t1.png", "t2": "t2.png"}
        counts.append(Grey.made[0].upscaled - before)
    assert counts[0] == counts[2] >= 2 and counts[1] == 0
    assert len(record.files) == 5 and not scene.store.damage("cells", record)
    record = scene.upscaler.training_split(TRAIN[:1], "fewer", record)
    assert len(record.files) == 4 and not scene.store.damage("cells", record)


def test_a_training_split_that_cannot_be_upscaled_costs_only_what_needs_it(tmp_path: Path) -> None:
    record = Record(key="k", schema=1, status="ok", training_split="before")
    scene = Scene(tmp_path, Raises)
    assert scene.upscaler.training_split(TRAIN, "seen", record) == record
    assert scene.told == [Doing("train"), Lacking("RuntimeError: no luck")]
    assert record.training_split == "before" and record.training_images == {}


def test_samples_come_to_the_record_and_more_are_added_to_them(tmp_path: Path) -> None:
    scene = Scene(tmp_path, Random)
    record = scene.test_split()
    for count in (2, 3):
        record = scene.upscaler.samples(TEST, count, record)
        names = {f"images_samples/{item.id}.00{place}.png" for item in TEST for place in range(1, count + 1)}
        assert record.samples == count and {name for name in record.files if "samples" in name} == names
        assert scene.made() == record and not scene.store.damage("cells", record)
    assert Doing("samples") in scene.told and len(record.images) == 3


def test_samples_that_cannot_be_drawn_cost_only_what_needs_them(tmp_path: Path) -> None:
    scene = Scene(tmp_path, Raises)
    record = Record(key=scene.task.key, schema=1, status="ok")
    assert scene.upscaler.samples(TEST, 2, record) == record
    assert scene.told == [Doing("samples"), Lacking("RuntimeError: no luck")]


def test_a_ceiling_is_made_by_a_method_that_was_loaded_for_it_alone(tmp_path: Path) -> None:
    scene = Scene(tmp_path, factor=1.0)
    record = scene.test_split()
    scene.upscaler.ceiling(TEST, record)
    assert scene.told[-2] == Doing("ceiling", "HR, halved")
    made = scene.made()
    assert len(Grey.made) == 2
    assert np.array_equal(scene.sr(CEILING_IMAGES, "a1"), TEST[0].read_hr()[0] // 2)
    assert made.ceiling_images.keys() == {"a1", "a2", "b1"} and not scene.store.damage("cells", made)
    assert made.notes == ["A toy."], "nothing went wrong"


def test_a_ceiling_that_cannot_be_made_costs_nothing_else(tmp_path: Path) -> None:
    record = Scene(tmp_path).test_split()
    later = Scene(tmp_path, Raises)
    later.upscaler.ceiling(TEST, record)
    assert later.told == [Doing("ceiling", "HR, halved"), Lacking("RuntimeError: no luck")]


def test_all_of_it_ends_between_two_images_where_it_is_asked_to(tmp_path: Path) -> None:
    record = Scene(tmp_path).test_split()
    scene = Scene(tmp_path)

    def stop(image: str) -> None:
        scene.steps.append(image)
        raise Interrupted

    scene.upscaler._progress = stop
    scene.upscaler._method  # noqa: B018
    for part in (
        lambda: scene.test_split(),
        lambda: scene.upscaler.training_split(TRAIN, "seen", record),
        lambda: scene.upscaler.ceiling(TEST, record),
    ):
        with pytest.raises(Interrupted):
            part()
    assert scene.told == [Doing("test"), Doing("train"), Doing("ceiling", "HR, halved")]
    assert scene.steps == ["a1", "t1", "a1"]


@pytest.mark.parametrize("kind", [Grey, Random])
def test_sr_that_was_cut_off_goes_on_and_its_record_is_the_same(
    tmp_path: Path, kind: type[srbench.Method], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Meter(EnergyMeter):
        def cost(self, step: str) -> dict[str, float | None]:
            return {f"{step}_energy_cpu_j": 7.0}

    monkeypatch.setattr(module, "EnergyMeter", Meter)
    whole, parts = Scene(tmp_path / "whole", kind), Scene(tmp_path / "parts", kind)
    expected = whole.test_split()

    def cut(image: str) -> None:
        if image == "a2":
            raise Interrupted

    parts.upscaler._progress = cut
    with pytest.raises(Interrupted):
        parts.test_split()
    written = {path.name: path.stat().st_mtime_ns for path in (parts.folder / IMAGES).iterdir()}
    assert written.keys() == {"a1.png", "a2.png"}
    parts.begin()
    record = parts.test_split()
    assert {name: (parts.folder / IMAGES / name).stat().st_mtime_ns for name in written} == written
    assert expected.cost.pop("upscale_energy_cpu_j") == 7.0, "what an attempt took that was cut off is not known"
    assert record.cost.keys() == expected.cost.keys()
    for one in (record, expected):
        one.cost, one.started, one.seconds, one.environment = {}, "", 0.0, {}
    assert record == expected
