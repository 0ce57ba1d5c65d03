"""What is scored, what is not and why, and what is told of it: with metrics of the test's own."""

from __future__ import annotations

import errno
import os
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch

import srbench
from srbench.contract.entry import Entry
from srbench.contract.fit import Interrupted
from srbench.contract.protocol import Protocol
from srbench.pictures import write_image
from srbench.registry.configured import Use
from srbench.registry.registry import Plugin, Registered
from srbench.runner.job.channel import Lacking, Measuring, Message, Part, Scored
from srbench.runner.job.tasks import Evaluation, ExtractorTraining, Job, Scoring
from srbench.runner.work import scorer
from srbench.runner.work.attempt import Attempt
from srbench.runner.work.scorer import score_cell
from srbench.runner.work.witness import Witness
from srbench.runner.work.work import Work
from srbench.store.cell import Cell
from srbench.store.record import MetricResult, Record
from srbench.store.records import CEILING_IMAGES, IMAGES, TRAINING_IMAGES, Store
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


class Mute(srbench.ImageMetric):
    """Does not say what is better."""

    def score(self, sr: torch.Tensor, hr: torch.Tensor) -> float:
        return float(sr.mean())


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


class Against(srbench.SetMetric):
    """Compares with the training split."""

    higher_is_better = True
    seen: ClassVar[list[tuple[str, str]]] = []

    def __init__(self) -> None:
        self.reference = "train"

    def update_unpaired(self, image: Any, source: Any, item: srbench.Item) -> None:
        self.seen.append((source, item.id))

    def update_item(self, sr: Any, hr: Any, item: srbench.Item) -> None:
        self.seen.append(("pair", item.id))

    def compute(self) -> float:
        return 1.0


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
        self.record = Record(key=self.task.key, schema=1, status="ok", images=images, training_images=images)
        self.told: list[Message] = []
        self.steps: list[str] = []
        self.troubles: dict[Part, Lacking] = {}

    def score(self, *asked: Scoring) -> dict[str, MetricResult]:
        """Score the cell; the results by name, without those of the ceiling."""
        task = replace(self.task, metrics=asked)
        job = Job(task, self.store.root, self.store.root)

        def progress(done: float, image: str) -> None:
            self.steps.append(image)

        attempt = Attempt.begin(job)
        work = Work(job, task, attempt, self.store, Witness(), self.told.append, progress, self.troubles)
        needy = any(scoring.training_sr for scoring in asked)
        compared = any(scoring.reference == "train" for scoring in asked)
        score_cell(work, self.record, self.items, self.items[:1] if needy else [], self.items[1:] if compared else [])
        return {one.result.name: one.result for one in self.scored() if not one.ceiling}

    def scored(self) -> list[Scored]:
        return [message for message in self.told if isinstance(message, Scored)]


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    Sees.made, Bound.seen, Against.seen = [], [], []
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
    begun, scored = scene.told
    assert isinstance(scored, Scored) and scored.images == {"dark": 0.0, "bright": pytest.approx(0.4)}
    assert scored.whole is None and not scored.ceiling
    facts = {"packages": {"lpips": "0.1"}, "unit": "grey", "lowest": 0.0, "highest": 1.0}
    assert begun == Measuring(MetricResult(key="key-mean", name="mean", status="failed", **facts)), (
        "if it dies meanwhile"
    )
    assert scene.steps == ["dark", "bright"]


def test_each_metric_is_told_of_when_it_begins_and_as_soon_as_it_is_there(scene: Scene) -> None:
    scene.score(scoring(Mean), scoring(Raises))
    assert [(type(message), message.result.key) for message in scene.told] == [
        (kind, key) for key in ("key-mean", "key-raises") for kind in (Measuring, Scored)
    ]


def test_scoring_ends_between_two_images_where_it_is_asked_to(scene: Scene) -> None:
    def stop(self: list[str], image: str) -> None:
        raise Interrupted

    class Stops(list[str]):
        append = stop

    scene.steps = Stops()
    with pytest.raises(Interrupted):
        scene.score(scoring(Mean))
    assert scene.scored() == []


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (Raises, "image 'dark': ZeroDivisionError: no pixels"),
        (Unmade, "ValueError: depth 3 is odd"),
        (Mute, "Mute does not say `higher_is_better`, True or False, of its scores"),
    ],
)
def test_a_metric_that_fails_fails_alone(scene: Scene, kind: type, reason: str) -> None:
    results = scene.score(scoring(kind), scoring(Mean))
    failed = results[kind.__name__.lower()]
    assert (failed.status, failed.reason, failed.value, failed.again) == ("failed", reason, None, False)
    assert results["mean"].status == "ok"
    assert {one.result.key: set(one.images) for one in scene.scored() if one.images} == {"key-mean": {"dark", "bright"}}


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
@pytest.mark.parametrize("when", ["made", "asked"])
def test_a_fault_of_the_machine_is_none_of_the_metric_and_is_tried_again(
    scene: Scene, number: int, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Mean, *_: Any) -> None:
        raise OSError(number, os.strerror(number), "/tmp/x")

    monkeypatch.setattr(Unmade, "__init__" if when == "made" else "score", full)
    if when == "asked":
        monkeypatch.setattr(Unmade, "__init__", lambda self: None)
    results = scene.score(scoring(Unmade), scoring(Mean))
    assert results["unmade"].status == "failed" and results["unmade"].again
    assert results["unmade"].reason.endswith({errno.ENOSPC: "full: /tmp/x"}.get(number, "(input/output error): /tmp/x"))
    assert results["mean"].status == "ok"


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


@pytest.mark.parametrize("again", [False, True])
def test_metrics_of_the_training_split_see_it_first_and_fail_alone_without_it(scene: Scene, again: bool) -> None:
    needy = scoring(Count, training_sr="fingerprint")
    assert scene.score(needy)["count"].value == 102.0
    assert scene.scored()[0].whole == 102.0 and scene.scored()[0].images == {}
    assert scene.steps == ["dark", "dark", "bright"]
    scene.troubles["train"] = Lacking("upscaling the training split: no luck", again=again)
    results = scene.score(needy, scoring(Mean))
    assert (results["count"].status, results["count"].reason) == ("failed", "upscaling the training split: no luck")
    assert results["count"].again == again and results["mean"].status == "ok"


@pytest.mark.parametrize("again", [False, True])
def test_metrics_of_samples_fail_alone_without_them(scene: Scene, again: bool) -> None:
    scene.record.ceiling_images = scene.record.images
    needy = scoring(Count, samples=2)
    scene.score(needy)
    assert [one.ceiling for one in scene.scored()] == [False], "a ceiling has no samples"
    scene.troubles["samples"] = Lacking("drawing samples: no luck", again=again)
    results = scene.score(needy, scoring(Mean))
    assert (results["count"].status, results["count"].reason) == ("failed", "drawing samples: no luck")
    assert results["count"].again == again and results["mean"].status == "ok"


def test_a_metric_that_compares_with_the_training_split_sees_its_hr_first_and_the_others_do_not(scene: Scene) -> None:
    scene.record.ceiling_images = scene.record.images
    results = scene.score(scoring(Against, reference="train", notes=("seen by some",)), scoring(Mean))
    assert results["against"].value == 1.0 and results["mean"].value == pytest.approx(0.2)
    assert results["against"].notes == ["seen by some"]
    assert scene.steps[:6] == ["bright", "dark", "bright"] * 2, "of the method's ceiling, too"
    assert Against.seen == [("training", "bright"), ("pair", "dark"), ("pair", "bright")] * 2


def test_a_ceiling_is_scored_beside_the_cell_and_not_by_metrics_of_the_training_split(scene: Scene) -> None:
    scene.record.ceiling_images = scene.record.images
    scene.score(scoring(Mean), scoring(Count, training_sr="fingerprint"))
    assert [(one.result.key, one.ceiling) for one in scene.scored()] == [
        ("key-mean", False),
        ("key-mean", True),
        ("key-count", False),
    ], "so that a metric that ends its process takes no other's with it"
    assert [one.result.value for one in scene.scored()] == [pytest.approx(0.2), pytest.approx(0.4), 102.0]
    assert [message.ceiling for message in scene.told if isinstance(message, Measuring)] == [False, True, False]


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
