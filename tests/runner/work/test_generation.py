"""The task `generation`: squares, samples, what they are nearest to, and metrics of unpaired images."""

from __future__ import annotations

import itertools
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from rig import Bench, untouched
from rig.srbench_generators import SLOW_SECONDS

import srbench
from srbench.contract.framing import Squares
from srbench.contract.metric import SetMetric
from srbench.evaluate.generate import proportioned
from srbench.evaluate.nearest import Neighbourhood
from srbench.matrix import MatrixError, read_matrix
from srbench.matrix.entries import Uses
from srbench.matrix.fields import Fields
from srbench.matrix.nodes import Mistake
from srbench.matrix.protocols import Protocols
from srbench.matrix.yaml_nodes import read_nodes
from srbench.pictures import ImageError, read_image
from srbench.pictures.resize import resize_to
from srbench.registry import builtin
from srbench.registry.registry import Plugin, Registry, registry
from srbench.runner.planning.provenance import protocol_facts
from srbench.tasks import generation, super_resolution

GENERATION: dict[str, Any] = {
    "task": "generation",
    "samples": 10,
    "datasets": ["toy-marked"],
    "protocols": ["32px"],
    "methods": ["toy-parrot"],
    "metrics": ["toy-told"],
    "train": {"on": ["same"], "budget": {"steps": 1}},
}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path).with_generators()


# --- squares ---------------------------------------------------------------------------------------------------------


class _Pictures(srbench.Dataset):
    def __init__(self, *pictures: np.ndarray, **facts: Any) -> None:
        self._items = [srbench.Item(f"{place}", picture, **facts) for place, picture in enumerate(pictures)]

    def train(self) -> list[srbench.Item]:
        return self._items

    def test(self) -> list[srbench.Item]:
        return self._items


def _picture(height: int, width: int, depth: str = "uint8", channels: int = 3) -> np.ndarray:
    units = np.random.default_rng([height, width]).random((height, width, channels))
    return (units * {"uint8": 255, "uint16": 65535, "float32": 1}[depth]).astype(depth)


@pytest.mark.parametrize("depth", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("shape", [(48, 70), (33, 32), (100, 41)])
def test_the_middle_is_shrunk_as_the_protocols_shrink(depth: str, shape: tuple[int, int]) -> None:
    white = {"uint8": 255, "uint16": 65535, "float32": 1}[depth]
    # Away from black and white: what overshoots is clamped between rows and columns, too.
    picture = (_picture(*shape, depth) * 0.5 + 0.25 * white).astype(depth)
    (item,) = Squares(_Pictures(picture), 32, "shrunk").test()
    square, values = item.read_hr()
    side = min(shape)
    top, left = (shape[0] - side) // 2, (shape[1] - side) // 2
    middle = torch.from_numpy(picture[top : top + side, left : left + side].astype(np.float64)).permute(2, 0, 1)
    assert values == srbench.Values(0, white)
    expected = resize_to(middle, 32, 32).permute(1, 2, 0).numpy()
    assert square.dtype == picture.dtype
    assert square.shape == (32, 32, 3)
    # Rounded after the rows and after the columns, where what was rounded is weighed by up to 1.375 in all.
    np.testing.assert_allclose(square, expected, atol=1e-6 if depth == "float32" else 0.5 + 0.5 * 1.375)


def test_shrinking_keeps_below_a_declared_white() -> None:
    picture = np.zeros((64, 64, 1), np.uint16)
    picture[20:40, 20:40] = 4095
    (item,) = Squares(_Pictures(picture, values=srbench.Values(0, 4095)), 32, "shrunk").train()
    square, values = item.read_hr()
    assert values == srbench.Values(0, 4095)
    assert square.max() == 4095


def test_tiles_are_the_picture_cut_up() -> None:
    picture = _picture(70, 100)
    items = list(Squares(_Pictures(picture, label="brick"), 32, "tiles").train())
    assert [item.id for item in items] == ["0-0-0", "0-0-1", "0-0-2", "0-1-0", "0-1-1", "0-1-2"]
    rows = [np.concatenate([item.read_hr()[0] for item in row], axis=1) for row in (items[:3], items[3:])]
    np.testing.assert_array_equal(np.concatenate(rows), picture[:64, :96])
    assert {item.label for item in items} == {"brick"}


def test_tiles_of_one_picture_stay_together_and_those_of_two_splits_apart() -> None:
    dataset = Squares(_Pictures(_picture(64, 64), _picture(64, 65)), 32, "tiles")
    train, test = ([item.group for item in items] for items in (dataset.train(), dataset.test()))
    assert Counter(Counter(train).values()) == {4: 2}
    assert not set(train) & set(test)
    declared = Squares(_Pictures(_picture(64, 64), group="patient"), 32, "tiles")
    assert {item.group for item in declared.test()} == {"patient"}


@pytest.mark.parametrize("framing", ["shrunk", "tiles"])
def test_masks_become_squares_with_the_pictures(framing: Any) -> None:
    mask = np.zeros((64, 64, 1), np.uint8)
    mask[:, 32:] = 3
    masks = [item.read_mask() for item in Squares(_Pictures(_picture(64, 64), mask=mask), 32, framing).test()]
    assert all(found is not None and set(np.unique(found)) <= {0, 3} for found in masks)
    assert masks[0] is not None
    assert masks[0].mean() == (1.5 if framing == "shrunk" else 0)


@pytest.mark.parametrize("framing", ["shrunk", "tiles"])
def test_a_picture_smaller_than_a_square_is_named(framing: Any) -> None:
    with pytest.raises(ImageError, match="'0' is 40 x 31 pixels, smaller than the squares of 32"):
        for item in Squares(_Pictures(_picture(31, 40)), 32, framing).test():
            item.read_hr()


# --- protocols, metrics, matrix --------------------------------------------------------------------------------------


def test_keys_of_a_task_hold_what_its_protocols_say_and_no_more() -> None:
    of_squares = {"scale", "size", "framing", "version"}
    of_lr = {"scale", "channel", "border", "degradation", "seed", "version"}
    assert {frozenset(protocol_facts(one)) for one in super_resolution.protocols()} == {frozenset(of_lr)}
    assert {frozenset(protocol_facts(one)) for one in generation.protocols()} == {frozenset(of_squares)}


def test_a_protocol_that_says_what_no_key_would_hold_is_refused() -> None:
    def offered(protocol: srbench.Protocol) -> list[str]:
        @srbench.hookimpl
        def srbench_protocols() -> list[srbench.Entry]:
            return [srbench.Entry(protocol.name, protocol)]

        own, problems = Registry(), list[Mistake]()
        own.add(Plugin("a", "a", "1", "a"), SimpleNamespace(srbench_protocols=srbench_protocols))
        own.add(Plugin("b", "srbench", "1", "b"), builtin)
        values, root = Fields(problems), read_nodes(f"[{protocol.name}]")[0]
        assert root is not None
        Protocols(own, Uses(own, Path(), values), values, own.get("task", protocol.task).load()).listed(root)
        return [problem.message for problem in problems]

    task = "generation"
    assert offered(srbench.Protocol("a", 1, task=task, size=48)) == []
    assert offered(srbench.Protocol("a", 1, task=task)) == ["'a' does not fit the task generation: see its size"]
    assert offered(srbench.Protocol("a", 1, "y", task=task, size=48)) == [
        "'a' does not fit the task generation: see its channel"
    ]
    assert offered(srbench.Protocol("a", 4, "y", size=48)) == [
        "'a' does not fit the task super-resolution: see its size"
    ]


def test_what_a_metric_defines_says_what_it_can_judge() -> None:
    class Both(SetMetric):
        higher_is_better = True

        def update(self, sr: torch.Tensor, hr: torch.Tensor) -> None: ...

        def update_unpaired(self, image: torch.Tensor, source: Any, item: srbench.Item) -> None: ...

        def compute(self) -> float:
            return 0.0

    class Paired(Both):
        update_unpaired = SetMetric.update_unpaired

    class Unpaired(Both):
        update = SetMetric.update

    assert Both.tasks() == {"super-resolution", "generation"}
    assert Paired.tasks() == {"super-resolution"}
    assert Unpaired.tasks() == {"generation"}


WRONG = {
    "a method": (
        {"methods": ["bicubic"]},
        "'bicubic' cannot make images from noise: it is for `task: super-resolution`",
    ),
    "a metric": ({"metrics": ["psnr"]}, "'psnr' cannot judge generated images, which have no HR"),
    "a protocol": ({"protocols": ["x4-y"]}, "'x4-y' is a protocol of super-resolution"),
    "no samples": ({"samples": None}, "expected a whole number from 1 up"),
    "half a sample": ({"samples": 2.5}, "expected a whole number"),
    "a task": ({"task": "denoising"}, "unknown task 'denoising'. There are: generation, super-resolution."),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_does_not_belong_to_the_task_is_told(bench: Bench, case: str) -> None:
    changes, message = WRONG[case]
    bench.matrix(**{**GENERATION, **changes})
    result = bench.srbench("plan", "matrix.yaml")
    assert result.returncode == 2
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_samples_are_asked_for(bench: Bench) -> None:
    bench.matrix(**{key: value for key, value in GENERATION.items() if key != "samples"})
    assert "such as samples: 500" in bench.srbench("plan", "matrix.yaml").stderr
    bench.matrix(samples=3)
    assert "`samples` belongs to the task generation" in bench.srbench("plan", "matrix.yaml").stderr


def test_generators_and_their_metrics_are_turned_away_from_super_resolution(bench: Bench) -> None:
    bench.matrix(methods=["toy-haze"], metrics=["toy-told"])
    said = bench.srbench("plan", "matrix.yaml").stderr
    assert "'toy-haze' cannot upscale: it is for `task: generation`, and this matrix asks for super-resolution" in said
    assert "'toy-told' cannot compare an image with its HR" in said


def test_the_protocol_may_be_left_out() -> None:
    with pytest.raises(MatrixError, match="the key 'protocols' is missing"):
        read_matrix(_file("{name: a, datasets: [textures], methods: [bicubic], metrics: [psnr]}"))


def test_a_protocol_of_another_size_may_be_written_out() -> None:
    problems: list[Mistake] = []
    values = Fields(problems)
    reader = Protocols(registry(), Uses(registry(), Path(), values), values, generation.TASK)
    written = "{as: 48px, size: 48, framing: tiles}, {use: 64px, as: large, size: 128}, {as: a, size: 9}"
    root, _ = read_nodes(f"[32px, {written}]")
    assert root is not None
    assert reader.listed(root) == (
        generation.protocols()[0],
        srbench.Protocol("48px", 1, task="generation", size=48, framing="tiles"),
        srbench.Protocol("large", 1, task="generation", size=128),
    )
    assert [problem.message.split(";")[0] for problem in problems] == ["the key 'framing' is missing"]


def _file(text: str) -> Path:
    import tempfile

    path = Path(tempfile.mkdtemp()) / "matrix.yaml"
    path.write_text(text)
    return path


# --- samples ---------------------------------------------------------------------------------------------------------


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=30), st.integers(1, 60))
def test_labels_keep_to_the_proportions_at_every_length(labels: list[str], count: int) -> None:
    taken = Counter(itertools.islice(proportioned(labels), count))
    for name, number in Counter(labels).items():
        assert abs(taken[name] - count * number / len(labels)) < len(set(labels))
    whole = Counter(itertools.islice(proportioned(labels), len(labels)))
    assert whole == Counter(labels)


def test_generators_are_trained_sampled_and_scored(bench: Bench) -> None:
    bench.matrix(**GENERATION, seeds=[0, 1])
    result = bench.run()
    assert result.returncode == 0, result.stdout + result.stderr
    records = bench.records()
    assert set(records) == {"toy-marked/32px/toy-parrot/same/0", "toy-marked/32px/toy-parrot/same/1"}
    record = records["toy-marked/32px/toy-parrot/same/0"]
    assert list(record["images"]) == [f"sample-{place:05d}" for place in range(1, 11)]
    assert Counter(record["labels"].values()) == {"dark": 5, "bright": 5}
    told = record["metrics"]["toy-told"]
    assert told["n"] == 10
    assert told["details"]["further"] == {
        "generated images": 10.0,
        "real images": 4.0,
        "training images": 4.0,
        "bright": 5.0,
        "sorted": 0.0,
    }
    folder = record["path"].parent
    pictures = {name: read_image(folder / "images" / file) for name, file in record["images"].items()}
    assert {picture.shape for picture in pictures.values()} == {(32, 32, 3)}
    assert {picture.dtype.name for picture in pictures.values()} == {"uint8"}
    assert record["cost"]["sample_seconds"] > 0
    assert record["cost"]["train_seconds"] == 0.5

    # Each sample is a training image in the mirror, and is found out.
    rows = pd.read_parquet(folder / "nearest.parquet")
    assert list(rows.columns) == ["image", "source", "nearest", "rmse", "nearest_by_features", "distance"]
    made = rows[rows["source"] == "generated"]
    assert made["image"].tolist() == list(pictures)
    assert made["rmse"].max() < 1e-6
    assert all(
        near.startswith(record["labels"][name]) for name, near in zip(made["image"], made["nearest"], strict=True)
    )
    real = rows[rows["source"] == "real"]
    assert len(real) == 4
    assert real["rmse"].min() > 0.05
    assert record["facts"]["nearest_rmse"] == made["rmse"].median()
    assert record["facts"]["nearest_rmse_real"] == real["rmse"].median()
    assert made["distance"].max() < 1e-6
    assert (made["nearest_by_features"] == made["nearest"]).all()
    assert record["facts"]["nearest_by_features"] == made["distance"].median()
    assert record["facts"]["nearest_by_features_real"] == real["distance"].median()

    before = bench.records() | bench.records("models")
    assert bench.run().returncode == 0
    assert untouched(before, bench.records() | bench.records("models"))


def test_generated_images_are_read_with_the_white_that_they_were_written_with(bench: Bench) -> None:
    bench.matrix(**{**GENERATION, "datasets": ["toy-uneven"], "methods": ["toy-haze"]})
    assert bench.run().returncode == 0
    (record,) = bench.records().values()
    folder = record["path"].parent
    made = np.stack([read_image(folder / "images" / file) for file in record["images"].values()]) / 255
    assert 0.45 < made.mean() < 0.55
    real = (50 / 100 + 200 / 255) / 2
    assert record["metrics"]["toy-told"]["value"] == pytest.approx(abs(made.mean() - real))
    rows = pd.read_parquet(folder / "nearest.parquet")
    errors = [np.sqrt(np.square(made - value / 255).mean((1, 2, 3))) for value in (60, 120)]
    found = rows[rows["source"] == "generated"]["rmse"].to_numpy()
    assert found == pytest.approx(np.minimum(*errors), rel=1e-5)

    # So they are when a metric is added later.
    bench.matrix(**{**GENERATION, "datasets": ["toy-uneven"], "methods": ["toy-haze"], "metrics": ["toy-slow"]})
    assert bench.run().returncode == 0
    (again,) = bench.records().values()
    assert again["metrics"]["toy-slow"]["value"] == record["metrics"]["toy-told"]["value"]
    assert again["seconds"] == record["seconds"], "it tells how long the images took to make and to score at first"


def test_a_cell_took_as_long_as_its_images_and_its_scores(bench: Bench) -> None:
    bench.matrix(**{**GENERATION, "methods": ["toy-haze"], "metrics": ["toy-slow"]})
    assert bench.run().returncode == 0
    (record,) = bench.records().values()
    assert record["seconds"] >= SLOW_SECONDS


def test_a_metric_added_later_makes_no_image_anew(bench: Bench) -> None:
    bench.matrix(**GENERATION)
    bench.run()
    (record,) = bench.records().values()
    pictures = sorted((record["path"].parent / "images").iterdir())
    before = {path: path.stat().st_mtime_ns for path in pictures}
    bench.matrix(**{**GENERATION, "metrics": ["toy-told", "toy-labelled"]})
    assert bench.run().returncode == 0
    (after,) = bench.records().values()
    assert after["metrics"]["toy-labelled"]["status"] == "ok"
    assert after["metrics"]["toy-told"] == record["metrics"]["toy-told"]
    assert {path: path.stat().st_mtime_ns for path in pictures} == before


def test_what_only_matters_when_sampling_shares_one_model(bench: Bench) -> None:
    brighter = {"use": "toy-parrot", "as": "brighter", "brighter": 0.1}
    unlabelled = {"use": "toy-parrot", "as": "unlabelled", "labelled": False}
    bench.matrix(**{**GENERATION, "methods": ["toy-parrot", brighter, unlabelled]})
    assert bench.run().returncode == 0
    models = {record["model"] for record in bench.records().values()}
    assert len(bench.records()) == 3
    assert len(models) == 2


def test_metrics_that_want_labels_are_skipped_where_samples_have_none(bench: Bench) -> None:
    bench.matrix(
        **{**GENERATION, "methods": ["toy-haze", {"toy-parrot": {"labelled": False}}], "metrics": ["toy-labelled"]}
    )
    assert bench.run().returncode == 0
    for record in bench.records().values():
        assert record["labels"] == {}
        result = record["metrics"]["toy-labelled"]
        assert result["status"] == "skipped"
        assert "makes images of no class" in result["reason"]


def test_more_samples_begin_with_the_fewer(bench: Bench) -> None:
    few = {**GENERATION, "methods": ["toy-haze"], "samples": 3}
    bench.matrix(**few)
    bench.run()
    bench.matrix(**{**few, "samples": 20})
    plan = bench.srbench("plan", "matrix.yaml").stdout
    assert "samples: 3 -> 20" in plan
    bench.run()
    fewer, more = sorted(
        (sorted(folder.iterdir()) for folder in (bench.folder / "results/toy/cells").glob("??/*/images")), key=len
    )
    assert (len(fewer), len(more)) == (3, 20)
    for ours, theirs in zip(fewer, more, strict=False):
        assert ours.name == theirs.name
        np.testing.assert_array_equal(read_image(ours), read_image(theirs))


FAULTS = {
    "shape": "sample returned the shape (10, 3, 31, 32); it was asked for (10, 3, 32, 32)",
    "nan": "sample returned 1 of 30720 values in 1 of 10 images that are not finite",
    "raises": "RuntimeError: out of ideas",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_samples_that_are_no_images_fail_their_cell(bench: Bench, fault: str) -> None:
    bench.matrix(**{**GENERATION, "methods": [{"toy-haze": {"fault": fault}}, "toy-parrot"]})
    assert bench.run().returncode == 1
    records = bench.records()
    assert records["toy-marked/32px/toy-parrot/same/0"]["status"] == "ok"
    failed = records["toy-marked/32px/toy-haze/0"]
    assert failed["status"] == "failed"
    assert failed["reason"] == FAULTS[fault]


def test_extractors_and_training_sets_are_squares(bench: Bench) -> None:
    bench.matrix(**{**GENERATION, "protocols": ["32px", "32px-tiles"], "datasets": [{"toy-marked": {"size": 66}}]})
    assert bench.run().returncode == 0
    records = bench.records()
    tiled = records["toy-marked/32px-tiles/toy-parrot/same/0"]["metrics"]["toy-told"]["details"]["further"]
    assert tiled["real images"] == 16, "four of each of four pictures"
    assert tiled["training images"] == 4, "of 48 pixels one square"
    groups = records["toy-marked/32px-tiles/toy-parrot/same/0"]["groups"]
    assert groups == {image: f"test {image[:-4]}" for image in groups} and len(groups) == 16
    assert records["toy-marked/32px/toy-parrot/same/0"]["groups"] == {}
    plain = records["toy-marked/32px/toy-parrot/same/0"]["metrics"]["toy-told"]["details"]["further"]
    assert plain["real images"] == 4


# --- nearest images --------------------------------------------------------------------------------------------------


def test_the_nearest_image_is_that_of_a_plain_search() -> None:
    random = np.random.default_rng(0)
    learned = [random.random((8, 8, 3)).astype(np.float32) for _ in range(40)]
    images = [random.random((8, 8, 3)).astype(np.float32) for _ in range(300)]
    found = Neighbourhood([str(i) for i in range(40)], learned).of([str(i) for i in range(300)], images, "real")
    for image, neighbour in zip(images, found, strict=True):
        errors = np.array(
            [
                min(np.square(way.astype(np.float64) - other).mean() for way in (image, image[:, ::-1]))
                for other in learned
            ]
        )
        assert neighbour.nearest == str(errors.argmin())
        assert neighbour.rmse == pytest.approx(errors.min() ** 0.5, rel=1e-6)


def test_grey_among_colour_is_its_own_grey() -> None:
    grey = np.full((4, 4, 1), 0.5, np.float32)
    colour = np.full((4, 4, 3), 0.5, np.float32)
    (found,) = Neighbourhood(["colour"], [colour]).of(["grey"], [grey], "generated")
    assert found.rmse == 0


def test_what_is_remembered_is_the_set_learned_from(bench: Bench) -> None:
    other = {"use": "toy-marked", "as": "other", "train_size": 60}
    bench.matrix(**{**GENERATION, "train": {"on": [other], "budget": {"steps": 1}}})
    assert bench.run().returncode == 0
    (record,) = bench.records().values()
    rows = pd.read_parquet(record["path"].parent / "nearest.parquet")
    assert rows[rows["source"] == "generated"]["rmse"].max() < 1e-6


def test_of_two_sets_both_are_remembered_each_image_with_its_set(bench: Bench) -> None:
    other = {"use": "toy-marked", "as": "other", "train_size": 60}
    bench.matrix(**{**GENERATION, "train": {"on": [{"first": other, "then": "same"}], "budget": {"steps": 2}}})
    result = bench.run()
    assert result.returncode == 0, result.stdout
    (record,) = bench.records().values()
    rows = pd.read_parquet(record["path"].parent / "nearest.parquet")
    made = rows[rows["source"] == "generated"]
    assert made["rmse"].max() < 1e-6 and set(made["nearest"].str.startswith("toy-marked-")) == {True}
    assert rows["nearest"].str.match("(other|toy-marked)-").all()
