"""Pictures in a folder for each class become generators of a class each, judged by class, from a matrix file alone."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bench_in_process import InProcess, plan

from srbench.matrix.nodes import plain
from srbench.matrix.yaml_nodes import read_nodes
from srbench.pictures import read_image, write_image
from srbench.store.record import Record

DOCS = Path(__file__).parents[2] / "docs"
COLOURS = {"keratosis": (230, 190, 120), "melanoma": (70, 40, 40), "nevus": (150, 90, 70)}
LESIONS, PICTURES = 4, 2


def matrix_of_docs() -> dict[str, Any]:
    """The matrix that the page shows."""
    (text,) = re.findall(r'```yaml title="lesions.yaml"\n(.*?)```', (DOCS / "generation.md").read_text(), re.DOTALL)
    node, problems = read_nodes(text)
    assert node is not None and not problems
    content = plain(node)
    assert isinstance(content, dict)
    return content


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Record, Path]]:
    """What the cells of that matrix left, with networks and numbers as small as can be, and where their images are."""
    root = tmp_path_factory.mktemp("lesions")
    for number, (label, colour) in enumerate(COLOURS.items()):
        for place in range(LESIONS * PICTURES):
            name = f"P{number}{place // PICTURES:02d}_{place % PICTURES}.png"
            image = np.random.default_rng([number, place]).normal(colour, 8, (40, 48, 3)).clip(0, 255)
            (root / "lesions" / label).mkdir(parents=True, exist_ok=True)
            write_image(root / "lesions" / label / name, image.astype(np.uint8))
    content = matrix_of_docs()
    for method in content["methods"]:
        method |= {"channels": [4, 8], "attention": [False, False], "timesteps": 6, "steps": 2, "batch_size": 2}
    for metric in content["metrics"]:
        if "extractor" in metric:
            metric["extractor"] = {metric["extractor"]: {"epochs": 1}}
        else:
            metric["seeds"] = 1
    content |= {"samples": 12, "seeds": [0], "train": {"on": ["same"], "budget": {"steps": 3}}}
    bench = InProcess(root, **content)
    cells = plan(bench).cells
    for task in {task.key: task for cell in cells for task in cell.prerequisites()}.values():
        assert bench.do(task).status == "ok"
    found = {}
    for cell in cells:
        record = bench.do(cell.evaluation())
        assert record.status == "ok", record.reason
        found[record.point["method"]] = record, bench.store.folder("cells", record.key) / "images"
    return found


def test_samples_are_asked_for_class_by_class(records: dict[str, tuple[Record, Path]]) -> None:
    for record, folder in records.values():
        assert Counter(record.labels.values()) == dict.fromkeys(COLOURS, 4)
        assert {read_image(folder / name).shape for name in record.images.values()} == {(32, 32, 3)}


def test_they_are_judged_class_by_class(records: dict[str, tuple[Record, Path]]) -> None:
    assert records.keys() == {"one-model-a-class", "told-the-class"}
    for record, _ in records.values():
        metrics = {result.name: result for result in record.metrics.values()}
        assert {result.status for result in metrics.values()} == {"ok"}
        by_class = metrics["fid-by-class"].details.by_class
        distances = [by_class[label].value for label in COLOURS]
        assert metrics["fid-by-class"].value == pytest.approx(np.mean(distances))
        for name in ("cas", "nas"):
            confusion = metrics[name].details.confusion
            assert confusion is not None and list(confusion.classes) == sorted(COLOURS)
            assert metrics[name].value == pytest.approx(np.trace(confusion.counts) / np.sum(confusion.counts))
