"""CAS and NAS: what is learned from what, what stands beside it, and what is learned only once."""

from __future__ import annotations

import re
import threading
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from srbench_cas.classifiers import Classifier, ClassifierError, HogSvm, NetworkClassifier, Predicted, classifier
from srbench_cas.floor import bicubic
from srbench_cas.labelled import Gathering, Labelled
from srbench_cas.metrics import Cas, Nas
from srbench_cas.predictions import predictions

import srbench
from srbench.contract.dataset import Item
from srbench.contract.fit import Budget
from srbench.contract.method import Method
from srbench.contract.metric import Source
from srbench.contract.protocol import Protocol
from srbench.errors import ParameterError
from srbench.pictures import to_image, to_tensor
from srbench.registry.registry import registry
from srbench.testing import check_metrics

test_conformance = check_metrics(
    ("cas", {"classifier": "hog-svm", "seeds": 1}), ("nas", {"classifier": "hog-svm", "seeds": 1})
)

PROTOCOL = Protocol("x4-rgb", 4, "rgb", border=4)
SIDE = 64


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "srbench" / "predictions"


def _picture(label: str, seed: int) -> np.ndarray:
    """Stripes along the rows, along the columns, or checks; fine enough to blur, not to vanish, at x4."""
    random = np.random.default_rng((seed, len(label)))
    wave = np.sin(2 * np.pi * (np.arange(SIDE) + random.integers(16)) / 16)
    rows, columns = wave[:, None], wave[None, :]
    pattern = {"rows": rows + 0 * columns, "columns": 0 * rows + columns, "checks": rows * columns}[label]
    noisy = 127 + 90 * pattern[..., None] + random.normal(0, 8, (SIDE, SIDE, 1))
    return np.clip(noisy, 0, 255).astype(np.uint8)


def _items(split: int, each: int = 6, labels: tuple[str, ...] = ("rows", "columns", "checks")) -> list[Item]:
    return [
        Item(f"{label}-{index}", _picture(label, 100 * split + index), label=label)
        for label in labels
        for index in range(each)
    ]


def _hr(item: Item) -> torch.Tensor:
    return to_tensor(*item.read_hr(), torch.float64)


def _noise(item: Item) -> torch.Tensor:
    return torch.rand(
        1, SIDE, SIDE, dtype=torch.float64, generator=torch.Generator().manual_seed(zlib.crc32(item.id.encode()))
    )


def _value(metric: Cas) -> float | srbench.Skip:
    answer = metric.compute()
    return answer if isinstance(answer, srbench.Skip) else answer[0]


def _details(metric: Cas) -> srbench.Details:
    answer = metric.compute()
    assert not isinstance(answer, srbench.Skip)
    return answer[1]


def _count(metric: Cas, true: str, predicted: str) -> float:
    confusion = _details(metric).confusion
    assert confusion is not None
    return confusion.counts[confusion.classes.index(true)][confusion.classes.index(predicted)]


def _scored(
    metric: Cas, train: list[Item], test: list[Item], sr: Callable[[Item], torch.Tensor] = _hr
) -> float | srbench.Skip:
    """Score a method whose SR of an item is `sr(item)`; by default HR itself."""
    metric.protocol = PROTOCOL
    for item in train:
        metric.update_training(sr(item), _hr(item), item)
    for item in test:
        metric.update_item(sr(item), _hr(item), item)
    return _value(metric)


def _gathered(classifier: Classifier, items: list[Item], noise: float = 0.0) -> Labelled:
    """What a classifier learns from HR of items."""
    gathering = Gathering()
    for item in items:
        gathering.add(classifier.prepare(_hr(item) + noise * _noise(item)), item, "synthetic")
    images = gathering.of("synthetic")
    assert images is not None
    return images


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Every training of the support vector machine: what it learned from, and the seed."""
    trainings: list[tuple[str, int]] = []
    predict = HogSvm.predict

    def counting(
        self: HogSvm, train: Labelled, test: Labelled, classes: tuple[str, ...], seed: int, device: str
    ) -> Predicted:
        trainings.append((train.sha256, seed))
        return predict(self, train, test, classes, seed, device)

    monkeypatch.setattr(HogSvm, "predict", counting)
    return trainings


def test_a_support_vector_machine_tells_separable_classes_apart() -> None:
    metric = Cas("hog-svm", seeds=1)
    assert _scored(metric, _items(0), _items(1)) == 1.0
    details = _details(metric)
    told = {"precision": 1.0, "recall": 1.0, "F1": 1.0, "seeds": 1.0, "training images": 18.0}
    assert (details.spread, details.ceiling, details.further) == (None, srbench.Estimate(1.0), told)
    assert details.confusion == srbench.ConfusionMatrix(("checks", "columns", "rows"), 6 * np.eye(3))


def test_what_is_learned_from_noise_is_chance_and_the_ceiling_stays() -> None:
    metric = Cas("hog-svm", seeds=3)
    value = _scored(metric, _items(0, 8), _items(1, 10), _noise)
    assert isinstance(value, float)
    assert abs(value - 1 / 3) < 0.3
    details = _details(metric)
    assert details.ceiling == srbench.Estimate(1.0, spread=0.0)
    assert details.spread is not None
    # The trace of the mean matrix is the mean accuracy, each of ten images a class is in one row.
    confusion = np.array(details.confusion.counts) if details.confusion else np.zeros((3, 3))
    assert np.trace(confusion) / 30 == pytest.approx(value)
    assert confusion.sum(1) == pytest.approx([10, 10, 10])


def test_labels_that_mean_nothing_give_chance() -> None:
    random = np.random.default_rng(0)
    train, test = (
        [
            Item(f"i{index}", _picture("rows", 100 * split + index), label=str(random.choice(["a", "b"])))
            for index in range(40)
        ]
        for split in (0, 1)
    )
    value = _scored(Cas("hog-svm", seeds=1), train, test)
    assert isinstance(value, float)
    # Within three standard deviations of tossing 40 coins.
    assert abs(value - 0.5) < 3 * 0.5 / 40**0.5


def test_the_test_images_are_hr_whatever_the_sr() -> None:
    metric = Cas("hog-svm", seeds=1)
    metric.protocol = PROTOCOL
    for item in _items(0):
        metric.update_training(_hr(item), _hr(item), item)
    for item in _items(1):
        metric.update_item(_noise(item), _hr(item), item)
    assert _value(metric) == 1.0


def test_the_floor_is_the_score_of_the_method_bicubic(counted: list[tuple[str, int]]) -> None:
    method: Method = registry().get("method", "bicubic").load()()

    def sr(item: Item) -> torch.Tensor:
        image, values = item.read_hr()
        lr = to_tensor(PROTOCOL.lr(image, values, "image"), values)
        return to_tensor(to_image(method.upscale(lr[None], 4)[0], image, values), values, torch.float64)

    train = _items(0)
    assert all(torch.equal(sr(item), bicubic(item, PROTOCOL)) for item in train)
    metric = Cas("hog-svm", seeds=2)
    value = _scored(metric, train, _items(1), sr)
    floor = _details(metric).floor
    assert floor is not None
    assert value == floor.value
    assert len(counted) == 4, "two seeds of bicubic, which is the floor too, and two of the ceiling"


def test_bicubic_uses_the_lr_that_comes_with_the_dataset() -> None:
    hr = _picture("rows", 0)
    shipped = np.full((SIDE // 4, SIDE // 4, 1), 51, np.uint8)
    item = Item("one", hr, lr={("bicubic", 4): shipped}, label="rows")
    assert torch.allclose(bicubic(item, PROTOCOL), torch.tensor(0.2, dtype=torch.float64))


def test_ceiling_and_floor_are_trained_once_for_all_methods(counted: list[tuple[str, int]], cache: Path) -> None:
    train, test = _items(0, 4, ("rows", "checks")), _items(1, 3, ("rows", "checks"))
    _scored(Cas("hog-svm", seeds=2), train, test, _noise)
    assert len(counted) == 6
    assert len(list(cache.glob("*/*"))) == 6
    assert not list(cache.glob("*/*.lock"))
    _scored(Cas("hog-svm", seeds=2), train, test, lambda item: _hr(item) ** 2)
    assert len(counted) == 8, "only the second method's own two"
    metric = Nas("hog-svm", seeds=2)
    value = _scored(metric, train, test, _noise)
    assert len(counted) == 10, "the real images together with the first method's"
    again = Nas("hog-svm", seeds=2)
    assert _scored(again, train[::-1], test[::-1], _noise) == value
    assert _details(again) == _details(metric)
    assert len(counted) == 10, "the order of the images changes nothing"
    assert _details(metric).further["training images"] == 2 * len(train)


def test_other_images_labels_or_seeds_are_other_trainings(counted: list[tuple[str, int]]) -> None:
    train, test = _items(0, 4, ("rows", "checks")), _items(1, 3, ("rows", "checks"))
    _scored(Cas("hog-svm", seeds=1), train, test)
    assert len(counted) == 2, "HR as SR is the ceiling"
    _scored(Cas("hog-svm", seeds=2), train, test)
    assert len(counted) == 4
    swapped = [Item(item.id, item.hr, label={"rows": "checks", "checks": "rows"}[item.label or ""]) for item in train]
    _scored(Cas("hog-svm", seeds=1), swapped, test)
    assert len(counted) == 6
    _scored(Cas("hog-svm", seeds=1), train, test[1:])
    assert len(counted) == 8


SCORES = "[[1.0, 0.5], [1.0, 0.5], [1.0, 0.5], [0.5, 1.0], [0.5, 1.0], [0.5, 1.0]]"


@pytest.mark.parametrize(
    "damage",
    [
        "",
        '{"places": [0, 1',
        '{"a": 1}',
        "[0, 0, 0, 1, 1, 1]",
        f'{{"places": [99, 99, 99, 99, 99, 99], "scores": {SCORES}}}',
        f'{{"places": [0], "scores": {SCORES}}}',
        f'{{"places": [0.5, 1, 1, 1, 1, 1], "scores": {SCORES}}}',
        '{"places": [0, 0, 0, 1, 1, 1], "scores": [[1.0, 0.5]]}',
    ],
)
def test_a_damaged_memory_is_made_anew(counted: list[tuple[str, int]], cache: Path, damage: str) -> None:
    machine, images = HogSvm(), _gathered(HogSvm(), _items(0, 3, ("rows", "checks")))
    first = predictions(machine, images, images, ("checks", "rows"), 0, "cpu")
    (kept,) = cache.glob("*/*")
    kept.write_text(damage)
    again = predictions(machine, images, images, ("checks", "rows"), 0, "cpu")
    assert all(map(np.array_equal, again, first))
    assert len(counted) == 2


def test_a_cache_that_cannot_be_written_costs_only_time(
    counted: list[tuple[str, int]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    train, test = _items(0, 4, ("rows", "checks")), _items(1, 3, ("rows", "checks"))
    assert _scored(Cas("hog-svm", seeds=1), train, test) == 1.0
    assert "not kept for next time" in caplog.text


@dataclass
class _Slow(HogSvm):
    """Counts its trainings, and lets others come while it trains."""

    trainings: int = 0

    def predict(self, train: Labelled, test: Labelled, classes: tuple[str, ...], seed: int, device: str) -> Predicted:
        self.trainings += 1
        assert not threading.Event().wait(0.2)
        return Predicted(np.zeros(len(test), np.int64), np.zeros((len(test), len(classes))))


def test_of_several_that_need_one_classifier_only_one_trains_it() -> None:
    gathering = Gathering()
    for item in _items(0, 2):
        gathering.add(np.zeros(4), item, "synthetic")
    images = gathering.of("synthetic")
    assert images is not None
    slow = _Slow()
    # The lock is one of open files, so that threads wait for each other as processes do.
    threads = [
        threading.Thread(target=predictions, args=(slow, images, images, ("checks", "columns", "rows"), 0, "cpu"))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert slow.trainings == 1


def test_the_machine_is_chosen_from_a_small_grid_and_repeats() -> None:
    assert np.prod([len(values) for values in HogSvm.grid.values()]) == 6
    machine = HogSvm()
    images = _gathered(machine, _items(0, 5), noise=0.3)
    first, second = (machine.predict(images, images, ("checks", "columns", "rows"), 4, "cpu") for _ in range(2))
    assert all(map(np.array_equal, first, second))


def test_histograms_are_those_of_scikit_image_and_of_one_length() -> None:
    from skimage.feature import hog

    machine = HogSvm()
    image = torch.rand(3, 128, 128, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    expected = hog(image.permute(1, 2, 0).numpy(), 9, (16, 16), (2, 2), channel_axis=-1)
    np.testing.assert_allclose(machine.prepare(image), expected)
    assert machine.prepare(torch.rand(1, 30, 75, dtype=torch.float64)).shape == expected.shape == (1764,)


def test_two_images_a_class_are_enough_for_two_folds_and_one_for_none() -> None:
    for each in (2, 1):
        assert isinstance(_scored(Cas("hog-svm", seeds=1), _items(0, each), _items(1, 2)), float)


def test_a_class_of_the_test_split_alone_is_an_error_of_the_classifier() -> None:
    metric = Cas("hog-svm", seeds=1)
    value = _scored(metric, _items(0, 4, ("rows", "checks")), _items(1, 4))
    assert isinstance(value, float)
    assert value <= 2 / 3
    assert _count(metric, "columns", "columns") == 0.0


def test_one_class_or_no_images_skip_the_metric() -> None:
    one = _scored(Cas("hog-svm"), _items(0, 3, ("rows",)), _items(1, 3))
    assert isinstance(one, srbench.Skip)
    assert "'rows'" in one.reason
    assert isinstance(Cas("hog-svm").compute(), srbench.Skip)


def _unpaired(
    metric: Cas, generated: Sequence[Item], real: Sequence[Item], training: Sequence[Item]
) -> float | srbench.Skip:
    metric.protocol = Protocol(f"{SIDE}px", 1, size=SIDE)
    shown: dict[Source, Sequence[Item]] = {"generated": generated, "real": real, "training": training}
    for source, items in shown.items():
        for item in items:
            metric.update_unpaired(_hr(item), source, item)
    return _value(metric)


def _samples(split: int, each: int, labels: tuple[str | None, ...] = ("rows", "columns", "checks")) -> list[Item]:
    return [
        Item(f"sample-{number:04}", _picture(label or "rows", 100 * split + number), label=label)
        for number, label in enumerate(labels * each)
    ]


def test_of_a_generator_the_classifier_learns_from_what_it_made_and_the_ceiling_from_the_training_split(
    counted: list[tuple[str, int]],
) -> None:
    generated, real, training = _samples(3, 5), _items(1, 4), _items(0, 6)
    metric = Cas("hog-svm", seeds=1)
    value = _unpaired(metric, generated, real, training)
    details = _details(metric)
    assert details.further["training images"] == 15
    assert details.floor is None
    # The same two trainings by hand: what was generated in place of SR, with its classes.
    paired = Cas("hog-svm", seeds=1)
    assert value == _scored(paired, generated, real)
    ceiling = _scored(Cas("hog-svm", seeds=1), training, real)
    assert isinstance(ceiling, float)
    assert details.ceiling == srbench.Estimate(ceiling)
    assert details.confusion == _details(paired).confusion
    assert _count(metric, "rows", "rows") <= 4


def test_nas_of_a_generator_learns_from_the_training_split_too(counted: list[tuple[str, int]]) -> None:
    generated, real, training = _samples(3, 5), _items(1, 4), _items(0, 6)
    metric = Nas("hog-svm", seeds=2)
    value = _unpaired(metric, generated, real, training)
    assert _details(metric).further["training images"] == 15 + 18
    assert isinstance(value, float)
    assert len(counted) == 4
    again = Nas("hog-svm", seeds=2)
    assert _unpaired(again, generated[::-1], real[::-1], training[::-1]) == value
    assert _details(again) == _details(metric)
    assert len(counted) == 4, "the order of images changes nothing"
    _unpaired(Cas("hog-svm", seeds=2), generated, real, training)
    assert len(counted) == 6, "CAS shares the ceiling of NAS"


def test_a_generator_whose_classes_are_mixed_up_teaches_less_than_the_real_images() -> None:
    turned = {"rows": "columns", "columns": "checks", "checks": "rows"}
    generated = [Item(item.id, item.hr, label=turned[item.label or ""]) for item in _samples(3, 6)]
    metric = Cas("hog-svm", seeds=1)
    assert _unpaired(metric, generated, _items(1, 4), _items(0, 6)) == 0.0
    assert _details(metric).ceiling == srbench.Estimate(1.0)
    assert _count(metric, "rows", "columns") == 4.0


@pytest.mark.parametrize(
    ("generated", "training", "reason"),
    [
        (_samples(3, 4, (None,)), _items(0, 4), "the generated images have no class"),
        (_samples(3, 4), [Item("x", _picture("rows", 0))], "images of the dataset have no class"),
        (_samples(3, 4, ("rows",)), _items(0, 4), "the images to learn from have only 'rows'"),
        (_samples(3, 4), _items(0, 4, ("rows",)), "the training split has only 'rows'"),
        (_samples(3, 4), [], "real ones among them"),
        ([], _items(0, 4), "labelled images to learn from"),
    ],
)
def test_what_a_generator_s_classifier_cannot_learn_from_is_a_reason(
    generated: list[Item], training: list[Item], reason: str
) -> None:
    skip = _unpaired(Cas("hog-svm", seeds=1), generated, _items(1, 3), training)
    assert isinstance(skip, srbench.Skip)
    assert reason in skip.reason


@pytest.mark.parametrize("name", ["hog-svm", "skinlesnet"])
def test_squares_of_32_pixels_are_learned(name: str) -> None:
    def small(item: Item) -> Item:
        picture = item.read_hr()[0][:32, :32]
        return Item(item.id, picture // 3 if item.label == "rows" else picture, label=item.label)

    labels = ("rows", "checks")
    generated, real = [small(item) for item in _samples(3, 4, labels)], [small(item) for item in _items(1, 4, labels)]
    # The ceiling's training is the first one, remembered.
    assert _unpaired(Cas(name, seeds=1, epochs=6), generated, real, generated) == 1.0


def test_a_network_repeats_under_its_seed_whatever_the_global_one() -> None:
    network = NetworkClassifier("tiny", Budget("epochs", 2), lambda: 16, _tiny)
    images = _gathered(network, _items(0, 4))
    made = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        made.append(network.predict(images, images, ("checks", "columns", "rows"), 0, "cpu"))
    assert all(map(np.array_equal, *made))


def test_how_each_network_learned_stands_beside_the_score_and_is_remembered_with_it() -> None:
    def learning() -> tuple[srbench.LearningCurve, ...]:
        metric = Cas("skinlesnet", seeds=2, epochs=3)
        for item in _samples(3, 4):
            metric.update_unpaired(to_tensor(*item.read_hr()), "generated", item)
        for source, split in (("real", 1), ("training", 2)):
            for item in _items(split, 4):
                metric.update_unpaired(to_tensor(*item.read_hr()), source, item)  # type: ignore[arg-type]
        answer = metric.compute()
        assert isinstance(answer, tuple)
        return answer[1].learning

    first = learning()
    assert [one.name for one in first] == ["seed 0", "seed 1"] and first[0] != first[1]
    for one in first:
        assert {"step", "loss", "lr", "validation"} <= one.columns.keys() and "seconds" not in one.columns
        assert 1 <= sum(value is not None for value in one.columns["validation"]) <= 3, "one an epoch"
    assert learning() == first


def _tiny(classes: int) -> torch.nn.Module:
    return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 16 * 16, classes))


def test_timm_models_are_found_and_others_named() -> None:
    network = classifier("timm:resnet18", 1)
    assert network.prepare(torch.rand(1, 20, 30)).shape == (3, 224, 224)
    with pytest.raises(ClassifierError, match="resnet18"):
        classifier("timm:resnet1", 1).prepare(torch.rand(1, 20, 30))
    for name in ("skinlesnett", "timm:", "timm:../x"):
        with pytest.raises(ParameterError):
            classifier(name, 1)


def _drowned(item: Item) -> torch.Tensor:
    return 0.1 * _hr(item) + 0.9 * _noise(item)


def test_a_positive_class_is_judged_beside_its_ceiling_and_floor() -> None:
    metric, plain = Cas("hog-svm", seeds=2, positive="rows"), Cas("hog-svm", seeds=2)
    value, same = (_scored(one, _items(0), _items(1), _drowned) for one in (metric, plain))
    assert value == same, "the value stays the accuracy"
    further, counts = _details(metric).further, _details(metric).confusion
    assert counts is not None
    row = counts.counts[counts.classes.index("rows")]
    assert further["sensitivity"] == pytest.approx(row[counts.classes.index("rows")] / sum(row))
    assert (further["ceiling sensitivity"], further["ceiling specificity"], further["ceiling AUC"]) == (1, 1, 1)
    assert further["ceiling sensitivity low"] < 1 == further["ceiling sensitivity high"]
    assert 0 <= further["AUC low"] < further["AUC"] < further["AUC high"] <= 1
    assert further["floor AUC"] >= 0.5
    assert "sensitivity" not in _details(plain).further


def test_the_scores_of_a_support_vector_machine_put_the_right_class_first() -> None:
    for labels in (("rows", "checks"), ("rows", "columns", "checks")):
        images = _gathered(HogSvm(), _items(0, 5, labels))
        classes = ("another", *sorted(labels))
        places, scores, _ = HogSvm().predict(images, images, classes, 0, "cpu")
        assert scores.shape == (len(images), len(classes))
        assert np.array_equal(scores.argmax(1), places)


@pytest.mark.parametrize(
    ("positive", "train", "test", "reason"),
    [
        ("row", ("rows", "checks"), ("rows", "checks"), "'row' is not in the images to learn from: 'checks', 'rows'"),
        ("rows", ("rows", "checks"), ("checks",), "'rows' is not in the test split: 'checks'"),
        ("rows", ("rows", "checks"), ("rows",), "the test split has only 'rows'"),
    ],
)
def test_a_positive_class_that_is_missing_is_a_reason_before_anything_is_trained(
    counted: list[tuple[str, int]], positive: str, train: tuple[str, ...], test: tuple[str, ...], reason: str
) -> None:
    skip = _scored(Cas("hog-svm", positive=positive), _items(0, 3, train), _items(1, 3, test))
    assert isinstance(skip, srbench.Skip)
    assert reason in skip.reason
    assert counted == []


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("hog-svn", "classifier: unknown value 'hog-svn'. Did you mean 'hog-svm'?"),
        ({"hog-svm": {"cels": 3}}, "classifier: hog-svm: unknown parameter 'cels'. Did you mean 'cell'?"),
        ({"hog-svm": {"side": 20}}, "classifier: hog-svm: side: a block of 32 pixels does not fit into 20 pixels"),
        ({"hog-svm": {}, "lbp-svm": {}}, "expected one name"),
        ({"skinlesnet": {"epochs": 3, "steps": 4}}, "3 epochs and 4 steps are two budgets"),
        ({"skinlesnet": {"schedule": "cosin"}}, "Did you mean 'cosine'?"),
    ],
)
def test_what_is_wrong_with_a_classifier_is_a_fault_of_that_parameter(asked: Any, message: str) -> None:
    with pytest.raises(ParameterError, match=re.escape(message)):
        Cas(asked)


def test_how_a_network_learns_is_part_of_what_it_is() -> None:
    plain, adam, longer = (
        classifier(asked, 3).identity()
        for asked in ("skinlesnet", {"skinlesnet": {"optimiser": "adam"}}, {"skinlesnet": {"steps": 9}})
    )
    assert (plain["budget"], adam["budget"], longer["budget"]) == ("3 epochs", "3 epochs", "9 steps")
    assert (
        plain["how"] != adam["how"]
        and classifier({"timm:resnet18": {"epochs": 2}}, 3).identity()["budget"] == "2 epochs"
    )


def test_the_histograms_of_the_study_are_those_of_scikit_image() -> None:
    from skimage.feature import hog

    machine = classifier({"hog-svm": {"preset": "isic"}}, 1)
    image = torch.rand(3, 64, 64, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    expected = hog(image.permute(1, 2, 0).numpy(), 8, (4, 4), (2, 2), channel_axis=-1)
    np.testing.assert_allclose(machine.prepare(image), expected)
    assert expected.shape == (15 * 15 * 4 * 8,)
    assert machine.identity() != classifier("hog-svm", 1).identity()


def test_local_binary_patterns_are_their_definition() -> None:
    """Ojala et al. 2002, at radius 1 on 4 neighbours: the number of brighter ones where these lie together, else 5."""
    levels = np.random.default_rng(0).integers(0, 256, (12, 12))
    padded = np.pad(levels, 1)
    codes = np.full((12, 12), 5)
    for row in range(12):
        for column in range(12):
            ring = [
                padded[row + 1 + y, column + 1 + x] >= levels[row, column]
                for y, x in ((0, 1), (-1, 0), (0, -1), (1, 0))
            ]
            if sum(one != other for one, other in zip(ring, [*ring[1:], ring[0]], strict=True)) <= 2:
                codes[row, column] = sum(ring)
    machine = classifier({"lbp-svm": {"side": 12, "points": 4, "cells": 2}}, 1)
    found = machine.prepare(torch.from_numpy(levels[None] / 255))
    quarters = [codes[rows, columns] for rows in (slice(6), slice(6, 12)) for columns in (slice(6), slice(6, 12))]
    np.testing.assert_allclose(found, np.concatenate([np.bincount(one.ravel(), minlength=6) / 36 for one in quarters]))


def test_a_machine_on_local_binary_patterns_tells_patterns_apart() -> None:
    train, test = _items(0, 4, ("rows", "checks")), _items(1, 3, ("rows", "checks"))
    assert _scored(Cas({"lbp-svm": {"side": 32}}, seeds=1), train, test) == 1.0
