"""The tables by class: a row a class, the worst of each method, and what is to be known of small classes."""

from __future__ import annotations

import math
from statistics import fmean

from srbench.leaderboard.tables.by_class import ClassTable, class_tables
from srbench.leaderboard.tables.ranked import build_table

from ..toyboard import Made, results_of

LABELS = {f"im{place}": ("cat", "dog")[place % 2] for place in range(16)}
A = {image: 30.0 + place if LABELS[image] == "cat" else 20.0 + place for place, image in enumerate(LABELS)}
B = {image: 50.0 - value for image, value in A.items()}


def tables(labels: dict[str, str], **scores: dict[str, float]) -> list[ClassTable]:
    cells = [
        Made("d", name, {"psnr": values, "mae": values, "fid": {None: 1.0}}, labels=labels)  # type: ignore[dict-item]
        for name, values in scores.items()
    ]
    results = results_of(cells)
    return list(class_tables(build_table(results.scopes[0], results.metrics)))


def test_each_metric_of_single_images_has_a_table_with_the_mean_of_each_class() -> None:
    psnr, mae = tables(LABELS, a=A, b=B)
    assert (psnr.column.metric, mae.column.metric) == ("psnr", "mae")
    assert [entrant.name for entrant in psnr.entrants] == ["a", "b"]  # better on the whole
    assert [entrant.name for entrant in mae.entrants] == ["b", "a"]
    for place, scores in enumerate((A, B)):
        for row in psnr.rows:
            assert row.values[place].number == fmean(scores[image] for image in LABELS if LABELS[image] == row.label)
            assert row.values[place].has_whisker
    assert [(row.label, row.images, row.units) for row in psnr.rows] == [("cat", 8, 8), ("dog", 8, 8)]
    assert (psnr.worst, mae.worst) == (("dog", "cat"), ("dog", "cat"))  # of b, then of a: a high error is the worse
    assert psnr.reading == "Means, intervals and numbers of groups are those within the class."


def test_a_class_alike_in_all_has_no_worst_and_an_infinite_mean_is_the_best() -> None:
    (psnr, _) = tables(LABELS, a=dict.fromkeys(A, 30.0), b=dict.fromkeys(A, math.inf))
    assert psnr.worst == ("", "")
    (psnr, _) = tables(LABELS, a=A, b=A | {image: math.inf for image in A if LABELS[image] == "dog"})
    assert dict(zip([one.name for one in psnr.entrants], psnr.worst, strict=True)) == {"a": "dog", "b": "cat"}


def test_few_images_and_images_without_a_label_are_told() -> None:
    (psnr, _) = tables({"im0": "cat", "im1": "dog", "im3": "dog"}, a=A, b=B)
    assert psnr.unlabelled == 13
    assert not any(value.has_whisker for row in psnr.rows for value in row.values)
    assert "fewer than 6 images or groups has no interval. 13 images without a label are in no class." in psnr.reading


def test_over_several_datasets_classes_are_those_of_each() -> None:
    cells = [Made(dataset, name, {"psnr": A}, labels=LABELS) for dataset in "de" for name in "ab"]
    results = results_of(cells)
    assert class_tables(build_table(results.scopes[0], results.metrics)) == ()
    assert len(class_tables(build_table(results.scopes[0], results.metrics, "d"))) == 1
