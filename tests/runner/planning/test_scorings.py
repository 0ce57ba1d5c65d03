"""What a metric's key is made of: itself, what it runs on and reads, and that it could not be computed."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import srbench
from srbench.contract.fit import Budget
from srbench.contract.protocol import Protocol
from srbench.pictures import write_image
from srbench.registry.configured import Use
from srbench.registry.registry import Kind, Plugin, Registered
from srbench.runner.job.tasks import Scoring
from srbench.runner.planning.scorings import scorings
from srbench.runner.planning.splits import Splits
from srbench.store.files import sha256

X2 = Protocol("x2-rgb", 2, "rgb", border=2)
PLUGIN = Plugin("toy", "srbench-toy", "1", "srbench.registry.builtin")
vars(PLUGIN)["sources"] = {"srbench-toy": "0" * 64}


class Pictures(srbench.Dataset):
    """Pictures of noise, with labels and masks where they are wanted."""

    def __init__(self, seed: int = 0, labels: int = 4, masks: bool = True, lone: int = 0) -> None:
        self.seed, self.labels, self.masks, self.lone = seed, labels, masks, lone

    def _items(self, split: str) -> list[srbench.Item]:
        random = np.random.default_rng([self.seed, len(split)])
        made = []
        for place in range(4):
            picture = random.integers(0, 256, (12, 12, 3), np.uint8)
            mask = (picture[..., :1] > 128).astype(np.uint8) if self.masks else None
            label = "ab"[place % 2] if place < self.labels else None
            own = (None, picture) if place < self.lone else (picture, None)
            made.append(srbench.Item(f"{split}{place}", own[0], label=label, mask=mask, lone_lr=own[1]))
        return made

    def train(self) -> list[srbench.Item]:
        return self._items("train")

    def test(self) -> list[srbench.Item]:
        return self._items("test")


class Plain(srbench.ImageMetric):
    higher_is_better = True

    def __init__(self, power: int = 2) -> None:
        self.power = power

    def score(self, sr: Any, hr: Any) -> float:
        return 0.0


class OfLabels(srbench.SetMetric):
    higher_is_better = True
    needs = frozenset({"labels"})

    def compute(self) -> float:
        return 0.0


class OfMasks(OfLabels):
    needs = frozenset({"masks"})


class OfTraining(OfLabels):
    needs = frozenset({"training_sr"})


class OfSamples(OfLabels):
    needs = frozenset({"samples"})

    def __init__(self, samples: int = 5) -> None:
        self.samples = samples


class Crooked(Plain):
    def __init__(self, power: int = 2) -> None:
        raise ValueError("not today")


class Trunk(srbench.Extractor):
    dim = 1

    def extract(self, images: Any) -> Any:
        return images


class Learned(Trunk):
    learns = True
    wants = "labels"

    def __init__(self, epochs: int = 1) -> None:
        self.budget = Budget("epochs", epochs)


class Refuses(srbench.Method):
    def supports(self, problem: Any) -> srbench.Skip:
        return srbench.Skip("only x8")

    def upscale(self, lr: Any, scale: int) -> Any:
        return lr


class Draws(Refuses):
    samples = True


class Nearest(Refuses):
    def supports(self, problem: Any) -> None:
        return None


def use(kind: Kind, target: type, extractor: Use | None = None, /, **params: Any) -> Use:
    return Use(target.__name__, Registered(kind, srbench.Entry(target.__name__, target), PLUGIN), params, {}, extractor)


@pytest.fixture(autouse=True)
def cache(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def scoring(metric: Use, method: type = Nearest, protocol: Protocol = X2, **dataset: Any) -> Scoring:
    (found,) = scorings([metric], use("dataset", Pictures, **dataset), protocol, use("method", method), Splits())
    return found


def test_a_metric_of_pairs_depends_on_itself_alone() -> None:
    plain = scoring(use("metric", Plain))
    assert (plain.skip, plain.reads, plain.training, plain.extractor_key) == ("", (), None, "")
    assert scoring(use("metric", Plain), seed=1).key == plain.key  # the pictures are in the cell's key
    assert scoring(use("metric", Plain), Refuses).key == plain.key
    assert scoring(use("metric", Plain, power=3)).key != plain.key


def test_labels_must_be_there_of_every_image() -> None:
    assert scoring(use("metric", OfLabels)).skip == ""
    assert scoring(use("metric", OfLabels), labels=0).skip == "needs labels; Pictures has none"
    assert scoring(use("metric", OfLabels), labels=3).skip == "needs labels; 1 of 4 test images of Pictures have none"


def test_a_region_of_an_image_metric_needs_masks_and_is_part_of_its_key() -> None:
    plain, lesion = scoring(use("metric", Plain)), scoring(use("metric", Plain, power=2, region="mask"))
    assert scoring(use("metric", Plain, power=2)).key != lesion.key != plain.key
    assert lesion.key != scoring(use("metric", Plain, power=2, region=1)).key
    assert lesion.key != scoring(use("metric", Plain, power=2, region="mask"), seed=1).key, "the masks are others"
    assert [(seen.split, seen.protocol) for seen in lesion.reads] == [("test", None)]
    skipped = scoring(use("metric", Plain, power=2, region="mask"), masks=False)
    assert skipped.skip == "needs masks; Pictures has none"


def test_masks_are_read_so_what_they_hold_is_in_the_key() -> None:
    one, other = (scoring(use("metric", OfMasks), seed=seed) for seed in (0, 1))
    assert one.key != other.key
    assert [(seen.split, seen.protocol) for seen in one.reads] == [("test", None)]
    assert scoring(use("metric", OfMasks), masks=False).skip == "needs masks; Pictures has none"


def test_sr_of_the_training_split_makes_that_split_part_of_the_key() -> None:
    found = scoring(use("metric", OfTraining))
    (seen,) = found.reads
    assert (seen.split, seen.protocol, seen.fingerprint) == ("train", X2, found.training_sr)
    assert scoring(use("metric", OfTraining), seed=1).key != found.key
    assert scoring(use("metric", OfTraining), Refuses).skip == "Refuses cannot upscale the training split: only x8"


class Given(srbench.Submission):
    """SR in a folder, by the ids of images, or (`same`) by the last letter of these."""

    def __init__(self, path: Path, same: bool = False) -> None:
        self.path, self.same = path, same

    def find(self, asked: Sequence[srbench.Asked]) -> srbench.Given:
        files = {
            one.image: self.path / f"{one.image.lstrip('tesrain') if self.same else one.image}.png" for one in asked
        }
        missing = {image: path.name for image, path in files.items() if not path.is_file()}
        return srbench.Given({image: files[image] for image in files.keys() - missing.keys()}, missing)


def test_sr_of_the_training_split_that_was_made_elsewhere_is_in_the_key_and_its_faults_are_told(tmp_path: Path) -> None:
    def found(folder: Path = tmp_path, metric: type = OfTraining, same: bool = False) -> Scoring:
        method = use("method", Given, path=folder, same=same)
        return scorings([use("metric", metric)], use("dataset", Pictures), X2, method, Splits())[0]

    for name in ("train0", "train1", "train2", "train3", *(f"test{place}" for place in range(4)), *"0123"):
        write_image(tmp_path / f"{name}.png", np.full((12, 12, 3), len(name), np.uint8))
    whole = found()
    assert whole.skip == "" and {file.path.stem for file in whole.files} == {f"train{place}" for place in range(4)}
    assert {file.sha256 for file in whole.files} == {sha256(tmp_path / "train0.png")}
    (seen,) = whole.reads
    assert whole.training_sr not in ("", seen.fingerprint), "other SR of the same split is not the same SR"
    moved = tmp_path / "moved"
    shutil.copytree(tmp_path, moved)
    assert (found(moved).key, found(moved).training_sr) == (whole.key, whole.training_sr)
    write_image(moved / "train1.png", np.full((12, 12, 3), 200, np.uint8))
    assert found(moved).key != whole.key and found(moved).training_sr != whole.training_sr
    assert found(moved, Plain).key == found(metric=Plain).key, "metrics of the test split alone do not mind"
    (moved / "train1.png").unlink()
    write_image(moved / "train2.png", np.full((12, 8, 3), 0, np.uint8))
    assert found(moved).skip == (
        "Given: of the SR of Pictures, that of train1 is missing (train1.png was looked for); "
        "that of train2 is 8 x 12 pixels, not 12 x 12"
    )
    assert found(same=True).skip == (
        "Given: of Pictures, the SR of a test image is that of a training image, too: train0, train1, train2, train3"
    )


def test_samples_are_counted_and_skipped_where_the_method_draws_none() -> None:
    found = scoring(use("metric", OfSamples, samples=7), Draws)
    assert (found.skip, found.samples) == ("", 7) and found.key != scoring(use("metric", OfSamples), Draws).key
    refused = scoring(use("metric", OfSamples), Nearest)
    assert (refused.skip, refused.samples) == ("needs samples; Nearest draws none, its SR is always the same", 0)


def test_a_metric_may_compare_with_hr_of_the_training_split_and_then_says_what_it_shares_with_the_test_split() -> None:
    class OfReference(OfLabels):
        def __init__(self, reference: srbench.Reference = "test") -> None:
            self.reference = reference

    class Grouped(Pictures):
        def _items(self, split: str) -> list[srbench.Item]:
            whole = ((0, 0, 12, 12), (0, 12, 12, 12))[split == "test"]
            return [replace(item, group="p", region=whole) for item in super()._items(split)[:1]]

    own, found = (scoring(use("metric", OfReference, reference=reference)) for reference in ("test", "train"))
    assert (own.reference, own.reads, own.notes) == ("test", (), ())
    assert (found.reference, [(seen.split, seen.protocol) for seen in found.reads]) == ("train", [("train", None)])
    assert found.notes[0].startswith("compared with the training split of Pictures") and len(found.notes) == 1
    other = scoring(use("metric", OfReference, reference="train"), seed=1)
    assert other.key != found.key != own.key, "what it is compared with is in its key"
    metric, method = use("metric", OfReference, reference="train"), use("method", Nearest)
    (grouped,) = scorings([metric], use("dataset", Grouped), X2, method, Splits())
    assert grouped.notes[1] == "1 of the 1 tested groups of Grouped have other images in that training split"


def test_a_metric_that_cannot_be_computed_has_another_key_until_it_can() -> None:
    fine, skipped = scoring(use("metric", OfLabels)), scoring(use("metric", OfLabels), labels=0)
    assert fine.key != skipped.key
    assert (skipped.reads, skipped.files, skipped.training) == ((), (), None)


def test_a_plugin_s_own_fault_stays_with_its_metric() -> None:
    metrics = [use("metric", Crooked), use("metric", Plain)]
    broken, fine = scorings(metrics, use("dataset", Pictures), X2, use("method", Nearest), Splits())
    assert broken.skip == "ValueError: not today"
    assert (fine.skip, fine.key) == ("", scoring(use("metric", Plain)).key)


def test_the_extractor_is_part_of_the_key_and_trained_first_where_it_learns() -> None:
    on_trunk = scoring(use("metric", Plain, use("extractor", Trunk)))
    assert on_trunk.training is None and on_trunk.extractor_key
    assert on_trunk.key != scoring(use("metric", Plain)).key
    learned = scoring(use("metric", Plain, use("extractor", Learned, epochs=1)))
    assert learned.training is not None and learned.training.key == learned.extractor_key
    assert set(learned.training.ingredients) >= {"train", "test", "seed", "extractor"}
    longer = scoring(use("metric", Plain, use("extractor", Learned, epochs=2)))
    others = scoring(use("metric", Plain, use("extractor", Learned, epochs=1)), seed=1)
    assert len({learned.extractor_key, longer.extractor_key, others.extractor_key}) == 3
    assert len({learned.key, longer.key, others.key}) == 3
    bare = scoring(use("metric", Plain, use("extractor", Learned, epochs=1)), labels=0)
    assert bare.skip == "needs labels; Pictures has none"


def test_metrics_that_run_on_one_extractor_share_its_training() -> None:
    extractor = use("extractor", Learned, epochs=1)
    metrics = [use("metric", Plain, extractor), use("metric", Plain, extractor, power=3)]
    one, other = scorings(metrics, use("dataset", Pictures), X2, use("method", Nearest), Splits())
    assert one.key != other.key
    assert one.training is not None and other.training is not None and one.training.key == other.training.key


def test_an_extractor_that_learns_on_another_dataset_serves_all_that_are_tested() -> None:
    def on(dataset: Use | None) -> Use:
        return use("metric", Plain, replace(use("extractor", Learned, epochs=1), on=dataset))

    other = use("dataset", Pictures, seed=5)
    one, another = (scoring(on(other), labels=0, seed=seed) for seed in (1, 2))
    assert (one.skip, one.notes) == ("", ())  # the tested datasets need no labels
    assert one.training is not None and another.training is not None
    assert one.training.key == another.training.key and one.key == another.key
    assert one.training.dataset is other and one.training.label == "training extractor Learned on Pictures"
    own = scoring(on(None), seed=5)
    assert own.training is not None and own.training.key == one.training.key, "what is learned from decides"
    bare = scoring(on(use("dataset", Pictures, labels=0)))
    assert bare.skip == "needs labels; Pictures has none"


def test_what_is_tested_needs_no_training_split_for_an_extractor_that_learns_on_another_dataset() -> None:
    class TestedAlone(Pictures):
        def train(self) -> list[srbench.Item]:
            return []

    other, without_hr = use("dataset", Pictures, seed=5), use("dataset", Pictures, lone=4)
    for learned_on, skip in ((other, ""), (without_hr, "needs HR; Pictures has none")):
        metric = use("metric", Plain, replace(use("extractor", Learned, epochs=1), on=learned_on))
        (found,) = scorings([metric], use("dataset", TestedAlone), X2, use("method", Nearest), Splits())
        assert found.skip.startswith(skip) and bool(found.skip) == bool(skip)


def test_tested_images_that_an_extractor_learned_from_are_told() -> None:
    class Backwards(Pictures):
        def _items(self, split: str) -> list[srbench.Item]:
            return super()._items({"train": "test", "test": "train"}[split])

    metric = use("metric", Plain, replace(use("extractor", Learned), on=use("dataset", Backwards)))
    found = scoring(metric)
    assert found.skip == ""
    assert found.notes == (
        "4 of the 4 test images of Pictures are among those that the extractor Learned learned from",
    )


def test_a_generator_of_no_class_gives_nothing_to_metrics_of_classes() -> None:
    class Maker(srbench.Generator):
        def sample(self, count: int, context: Any) -> Any:
            raise AssertionError("planning makes nothing")

    class Labelled(Maker):
        labelled = True

    squares = Protocol("12px", 1, task="generation", size=12)
    found = scoring(use("metric", OfLabels), Maker, squares)
    assert found.skip == "needs labels; Maker makes images of no class"
    fine = scoring(use("metric", OfLabels), Labelled, squares)
    assert fine.skip == "" and [seen.split for seen in fine.reads] == ["train"]


class OfLr(Plain):
    sees = "lr"


class Alone(srbench.NoReferenceMetric):
    higher_is_better = True

    def judge(self, sr: Any) -> float:
        return 0.0


def test_without_hr_what_compares_with_it_is_skipped_and_what_does_not_is_not() -> None:
    for metric in (Plain, OfTraining):
        assert scoring(use("metric", metric), lone=4).skip == "needs HR; Pictures has none"
    assert scoring(use("metric", Plain), lone=1).skip == "needs HR; 1 of 4 test images of Pictures have none"
    for metric in (OfLr, Alone):
        found, whole = scoring(use("metric", metric), lone=4), scoring(use("metric", metric))
        assert (found.skip, found.key) == ("", whole.key)


def test_an_extractor_does_not_learn_from_lr_alone() -> None:
    learned = scoring(use("metric", Alone, use("extractor", Learned, epochs=1)), lone=4)
    assert learned.skip.startswith("needs HR; Pictures has none")
