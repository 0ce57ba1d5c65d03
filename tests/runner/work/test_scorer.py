"""What is scored, what is not and why, what is kept, and what stands in the record: with metrics of the test's own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch

import srbench
from srbench.contract.entry import Entry
from srbench.contract.protocol import Protocol
from srbench.evaluate.score import TrainingSplit
from srbench.pictures import write_image
from srbench.registry.configured import Use
from srbench.registry.registry import Plugin, Registered
from srbench.runner.job.tasks import Evaluation, ExtractorTraining, Scoring
from srbench.runner.work import scorer
from srbench.runner.work.scorer import score_ceiling, score_cell, with_sound_sr
from srbench.store.cell import Cell
from srbench.store.records import CEILING_IMAGES, IMAGES, SCORES, TRAINING_IMAGES, MetricResult, Record, Store
from srbench.weights.lookup import WeightsMissing

PLUGIN = Plugin("own", "srbench-own", "1", "own")


class Mean(srbench.ImageMetric):
    """The mean of SR."""

    higher_is_better = True
    unit = "grey"
    range = (0.0, 1.0)

    def score(self, sr: torch.Tensor, hr: torch.Tensor) -> float | srbench.Skip:
        assert self.device == "cpu" and self.protocol.name == "x1"
        return float(sr.mean())


class Raises(Mean):
    def score(self, sr: torch.Tensor, hr: torch.Tensor) -> float:
        raise ZeroDivisionError("no pixels")


class Unmade(Mean):
    def __init__(self) -> None:
        raise ValueError("depth 3 is odd")


class Count(srbench.SetMetric):
    """How many pictures there are of either split."""

    higher_is_better = True
    needs = frozenset({"training_sr"})

    def __init__(self) -> None:
        self.test, self.train = 0, 0

    def update(self, sr: torch.Tensor, hr: torch.Tensor) -> None:
        self.test += 1

    def update_training(self, sr: torch.Tensor, hr: torch.Tensor, item: srbench.Item) -> None:
        self.train += 1

    def compute(self) -> float:
        return self.test + 100.0 * self.train


class Sees(srbench.Extractor):
    """What a file of its training says; notes each that is made."""

    learns = True
    dim = 1
    made: list[Sees]

    def __init__(self) -> None:
        Sees.made.append(self)

    def extract(self, images: torch.Tensor) -> torch.Tensor:
        return images.mean(dim=(1, 2, 3))[:, None]

    def load(self, folder: Path) -> None:
        self.learned = (folder / "learned").read_text()


class Bound(Mean):
    """Runs on an extractor."""

    seen: list[srbench.Extractor]

    def bind(self, extractor: srbench.Extractor) -> None:
        Bound.seen.append(extractor)


class NeedsWeights(Mean):
    weights = ("published",)


class SeesWeights(Sees):
    weights = ("published",)


def use(kind: type, extractor: Use | None = None) -> Use:
    name = kind.__name__.lower()
    of = "extractor" if issubclass(kind, srbench.Extractor) else "metric"
    return Use(name, Registered(of, Entry(name, kind), PLUGIN), {}, {}, extractor)


def scoring(kind: type, **changes: Any) -> Scoring:
    return Scoring(use(kind, changes.pop("extractor", None)), f"key-{kind.__name__.lower()}", **changes)


def learned() -> Scoring:
    training = ExtractorTraining("trained", {}, use(Sees), replace(use(Sees), name="skin"))
    return scoring(Bound, extractor=use(Sees), extractor_key="extractor", training=training)


class Scene:
    """A cell with SR of two pictures, the second of them bright, and of one of the training split."""

    def __init__(self, root: Path) -> None:
        self.store = Store(root)
        self.task = Evaluation(Cell("d", "x1", "m", None, None, {}), use(Mean), use(Mean), Protocol("x1", 1), ())
        self.folder = self.store.folder("cells", self.task.key)
        self.items = [srbench.Item(name, np.zeros((8, 8, 3), np.uint8)) for name in ("dark", "bright")]
        for part in (IMAGES, TRAINING_IMAGES, CEILING_IMAGES):
            (self.folder / part).mkdir(parents=True)
            for item, value in zip(self.items, (0, 102 if part == IMAGES else 204), strict=True):
                write_image(self.folder / part / f"{item.id}.png", np.full((8, 8, 3), value, np.uint8))
        images = {item.id: f"{item.id}.png" for item in self.items}
        files = self.store.hashes("cells", self.task.key, [f"{IMAGES}/{name}" for name in images.values()])
        self.record = Record(
            key=self.task.key, schema=1, status="ok", images=images, ceiling_images=images, files=files
        )
        self.training = TrainingSplit(self.items[:1], self.folder / TRAINING_IMAGES, images)
        self.steps: list[str] = []

    def score(self, *asked: Scoring, training: TrainingSplit | str | None = None) -> dict[str, MetricResult]:
        task = replace(self.task, metrics=asked)
        score_cell(task, self.store, "cpu", self.record, self.items, training, self.steps.append)
        return {result.name: result for result in self.record.metrics.values()}

    def rows(self) -> list[tuple[str | None, str, float]]:
        table = pq.read_table(self.folder / SCORES).to_pylist()
        return [(row["image"], row["metric"], row["value"]) for row in table]


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    Sees.made, Bound.seen = [], []
    return Scene(tmp_path)


def trained(store: Store, what: str = "much", **fields: Any) -> None:
    folder = store.folder("extractors", "trained")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "learned").write_text(what)
    whole = {"schema": 1, "status": "ok", "files": store.hashes("extractors", "trained", ["learned"]), **fields}
    store.write("extractors", Record(key="trained", **whole))


def test_each_image_is_scored_and_the_mean_is_in_the_record_with_the_facts_of_its_metric(scene: Scene) -> None:
    result = scene.score(scoring(Mean, packages={"lpips": "0.1"}))["mean"]
    assert (result.key, result.status, result.value, result.n) == ("key-mean", "ok", pytest.approx(0.2), 2)
    assert (result.unit, result.higher_is_better, result.lowest, result.highest) == ("grey", True, 0.0, 1.0)
    assert result.packages == {"lpips": "0.1"} and result.notes == []
    assert scene.rows() == [("dark", "key-mean", 0.0), ("bright", "key-mean", pytest.approx(0.4))]
    assert scene.steps == ["dark", "bright"]
    assert not scene.store.damage("cells", scene.record), "the record knows the file of scores"


@pytest.mark.parametrize(
    ("kind", "reason"),
    [(Raises, "image 'dark': ZeroDivisionError: no pixels"), (Unmade, "ValueError: depth 3 is odd")],
)
def test_a_metric_that_fails_fails_alone(scene: Scene, kind: type, reason: str) -> None:
    results = scene.score(scoring(kind), scoring(Mean))
    failed = results[kind.__name__.lower()]
    assert (failed.status, failed.reason, failed.value, failed.again) == ("failed", reason, None, False)
    assert results["mean"].status == "ok"
    assert {metric for _, metric, _ in scene.rows()} == {"key-mean"}


def test_a_metric_that_was_skipped_by_the_plan_is_never_made(scene: Scene) -> None:
    result = scene.score(scoring(Unmade, skip="needs labels"))["unmade"]
    assert (result.status, result.reason) == ("skipped", "needs labels")


@pytest.mark.parametrize("fault", [WeightsMissing("srbench fetch published"), OSError("sha256 differs")])
def test_weights_that_are_missing_skip_what_needs_them_and_damaged_ones_fail_it(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    def weights(name: str) -> Path:
        raise fault

    monkeypatch.setattr(scorer, "weights_path", weights)
    on_weights = scoring(Bound, extractor=use(SeesWeights), extractor_key="extractor")
    results = scene.score(scoring(NeedsWeights), on_weights, scoring(Mean))
    for name in ("needsweights", "bound"):
        assert results[name].status == ("skipped" if isinstance(fault, WeightsMissing) else "failed")
        assert str(fault) in results[name].reason
    assert results["mean"].status == "ok"


def test_results_of_before_stay_with_their_rows_and_those_of_now_come_last(scene: Scene) -> None:
    scene.score(scoring(Mean))
    first = scene.record.metrics["key-mean"]
    scene.score(scoring(Count), training=scene.training)
    assert list(scene.record.metrics) == ["key-mean", "key-count"]
    assert scene.record.metrics["key-mean"] == first
    assert [row[:2] for row in scene.rows()] == [("dark", "key-mean"), ("bright", "key-mean"), (None, "key-count")]
    scene.score(scoring(Mean))
    assert list(scene.record.metrics) == ["key-count", "key-mean"]
    assert len(scene.rows()) == 3, "no row twice"


def test_a_metric_that_failed_this_time_has_no_rows_of_last_time(scene: Scene) -> None:
    scene.score(scoring(Mean))
    scene.score(replace(scoring(Raises), key="key-mean"))
    assert scene.record.metrics["key-mean"].status == "failed" and scene.rows() == []


def test_metrics_of_the_training_split_see_it_first_and_fail_alone_without_it(scene: Scene) -> None:
    needy = scoring(Count, training_sr="fingerprint")
    assert scene.score(needy, training=scene.training)["count"].value == 102.0
    assert scene.steps == ["dark", "dark", "bright"]
    results = scene.score(needy, scoring(Mean), training="upscaling the training split: no luck")
    assert (results["count"].status, results["count"].reason) == ("failed", "upscaling the training split: no luck")
    assert results["mean"].status == "ok"


def test_a_ceiling_is_scored_beside_the_cell_and_not_by_metrics_of_the_training_split(scene: Scene) -> None:
    scene.score(scoring(Mean))
    task = replace(scene.task, metrics=(scoring(Mean), scoring(Count, training_sr="fingerprint")))
    score_ceiling(task, scene.store, "cpu", scene.record, scene.items, scene.steps.append)
    assert list(scene.record.ceiling) == ["key-mean"]
    assert scene.record.ceiling["key-mean"].value == pytest.approx(0.4)
    assert scene.record.metrics["key-mean"].value == pytest.approx(0.2)


def test_an_extractor_is_made_and_loaded_once_for_all_metrics_that_run_on_it(scene: Scene) -> None:
    trained(scene.store, facts={"top_1_accuracy": 0.93217})
    one = learned()
    results = scene.score(one, replace(one, key="another", metric=replace(one.metric, name="other")))
    (extractor,) = Sees.made
    assert Bound.seen == [extractor, extractor]
    assert extractor.learned == "much" and extractor.device == "cpu" and extractor.key
    said = (
        "extractor sees was trained on the training split of skin and checked on the test split: top 1 accuracy 0.932"
    )
    assert results["bound"].notes == results["other"].notes == [said]


def test_the_key_of_an_extractor_changes_with_what_it_learned(scene: Scene) -> None:
    trained(scene.store)
    scene.score(learned())
    scene.score(learned())
    trained(scene.store, "more")
    scene.score(learned())
    first, second, third = (extractor.key for extractor in Sees.made)
    assert first == second != third


@pytest.mark.parametrize(
    ("fields", "reason", "again"),
    [
        (None, "was not done", True),
        ({"status": "failed", "reason": "cannot learn"}, "cannot learn", False),
        ({"status": "killed", "reason": "SIGKILL"}, "SIGKILL", True),
        ({"files": {"learned": "0"}}, "damaged: learned is not the file that was written", True),
    ],
)
def test_without_its_extractor_a_metric_fails_and_is_tried_again_where_that_may_help(
    scene: Scene, fields: dict[str, Any] | None, reason: str, again: bool
) -> None:
    if fields is not None:
        trained(scene.store, **fields)
    results = scene.score(learned(), scoring(Mean))
    assert results["bound"].status == "failed" and results["bound"].again == again
    assert results["bound"].reason.startswith("training extractor sees on skin: ") and reason in results["bound"].reason
    assert results["mean"].status == "ok" and Bound.seen == []


def test_sr_is_sound_where_every_file_is_the_one_that_was_written(scene: Scene) -> None:
    assert with_sound_sr(scene.store, scene.task.key) is None, "no record"
    scene.score(scoring(Mean))
    scene.store.write("cells", scene.record)
    assert with_sound_sr(scene.store, scene.task.key) == scene.record
    (scene.folder / IMAGES / "dark.png").write_bytes(b"another")
    assert with_sound_sr(scene.store, scene.task.key) is None


@pytest.mark.parametrize("status", ["failed", "killed", "skipped"])
def test_a_cell_that_did_not_end_well_has_no_sound_sr(scene: Scene, status: Any) -> None:
    scene.record.status = status
    scene.store.write("cells", scene.record)
    assert with_sound_sr(scene.store, scene.task.key) is None


def test_results_go_with_their_damaged_scores_and_those_without_scores_stay(scene: Scene) -> None:
    scene.score(scoring(Mean), scoring(Raises))
    scene.store.write("cells", scene.record)
    (scene.folder / SCORES).write_bytes(b"another")
    record = with_sound_sr(scene.store, scene.task.key)
    assert record is not None and list(record.metrics) == ["key-raises"]
    assert not (scene.folder / SCORES).exists()
