"""The tables by class or site: a row each, the worst of each method, ranks, and what is to be known of small ones."""

from __future__ import annotations

import math
from statistics import fmean

from srbench.leaderboard.tables.ranked import build_table
from srbench.leaderboard.tables.subgroups import SubgroupTable, subgroup_tables

from ..toyboard import Made, results_of

LABELS = {f"im{place}": ("cat", "dog")[place % 2] for place in range(16)}
A = {image: 30.0 + place if LABELS[image] == "cat" else 20.0 + place for place, image in enumerate(LABELS)}
B = {image: 50.0 - value for image, value in A.items()}


def tables(labels: dict[str, str], **scores: dict[str, float]) -> list[SubgroupTable]:
    cells = [
        Made("d", name, {"psnr": values, "mae": values, "fid": {None: 1.0}}, labels=labels)  # type: ignore[dict-item]
        for name, values in scores.items()
    ]
    results = results_of(cells)
    return list(subgroup_tables(build_table(results.scopes[0], results.metrics)))


def test_each_metric_of_single_images_has_a_table_with_the_mean_of_each_class() -> None:
    psnr, mae = tables(LABELS, a=A, b=B)
    assert (psnr.column.metric, mae.column.metric) == ("psnr", "mae")
    assert [entrant.name for entrant in psnr.entrants] == ["a", "b"]  # better on the whole
    assert [entrant.name for entrant in mae.entrants] == ["b", "a"]
    for place, scores in enumerate((A, B)):
        for row in psnr.rows:
            assert row.values[place].number == fmean(scores[image] for image in LABELS if LABELS[image] == row.name)
            assert row.values[place].has_whisker
    assert [(row.name, row.images, row.units) for row in psnr.rows] == [("cat", 8, 8), ("dog", 8, 8)]
    for table in (psnr, mae):  # of psnr's a and b, then of mae's b and a: a high error is the worse
        worst = [None if at is None else table.rows[at].name for at in table.worst]
        assert worst == ["dog", "cat"]
    assert psnr.reading == "Means, intervals, ranks and numbers of groups are those within the class."


def test_a_class_alike_in_all_has_no_worst_and_an_infinite_mean_is_the_best() -> None:
    (psnr, _) = tables(LABELS, a=dict.fromkeys(A, 30.0), b=dict.fromkeys(A, math.inf))
    assert psnr.worst == (None, None)
    (psnr, _) = tables(LABELS, a=A, b=A | {image: math.inf for image in A if LABELS[image] == "dog"})
    worst = [psnr.rows[at].name for at in psnr.worst if at is not None]
    assert dict(zip([one.name for one in psnr.entrants], worst, strict=True)) == {"a": "dog", "b": "cat"}


def test_few_images_and_images_without_a_label_are_told() -> None:
    (psnr, _) = tables({"im0": "cat", "im1": "dog", "im3": "dog"}, a=A, b=B)
    assert psnr.outside == 13
    assert not any(value.has_whisker for row in psnr.rows for value in row.values)
    assert "fewer than 6 images or groups has no interval. 13 images without a label are in no class." in psnr.reading


def test_over_several_datasets_classes_are_those_of_each() -> None:
    cells = [Made(dataset, name, {"psnr": A}, labels=LABELS) for dataset in "de" for name in "ab"]
    results = results_of(cells)
    assert subgroup_tables(build_table(results.scopes[0], results.metrics)) == ()
    assert len(subgroup_tables(build_table(results.scopes[0], results.metrics, "d"))) == 1


SITES = {f"im{place}": "Lyon" if place < 7 else "Graz" for place in range(16)}


def test_ranks_are_those_within_and_the_mean_of_all_stands_beside() -> None:
    net = {image: A[image] + (0.5 if SITES[image] == "Lyon" else -0.5) for image in A}
    cells = [Made("d", name, {"psnr": one}, attributes={"site": SITES}) for name, one in (("a", A), ("net", net))]
    results = results_of(cells)
    (table,) = subgroup_tables(build_table(results.scopes[0], results.metrics))
    place = {entrant.name: at for at, entrant in enumerate(table.entrants)}
    ranks = {row.name: [str(row.ranks[place[name]]) for name in ("a", "net")] for row in table.rows}
    assert ranks == {"Lyon": ["2", "1"], "Graz": ["1", "2"]}  # in the order that they were given in
    assert [str(rank) for rank in table.overall.ranks] == ["1-2", "1-2"]
    for name, scores in (("a", A), ("net", net)):
        assert table.overall.values[place[name]].number == fmean(scores.values())
    assert (table.by, table.overall.images, table.outside) == ("site", 16, 0)
    assert table.interaction.p[table.entrants[place["net"]]] < 0.01


def test_class_and_site_have_tables_of_their_own() -> None:
    cells = [Made("d", name, {"psnr": A, "mae": B}, labels=LABELS, attributes={"site": SITES}) for name in "ab"]
    results = results_of(cells)
    found = subgroup_tables(build_table(results.scopes[0], results.metrics))
    assert [(one.by, one.column.metric) for one in found] == [
        ("class", "psnr"),
        ("class", "mae"),
        ("site", "psnr"),
        ("site", "mae"),
    ]


def test_what_is_too_small_to_be_tested_is_told() -> None:
    few = SITES | {f"im{place}": "Oslo" for place in range(4, 7)}  # Lyon has 4 left
    cells = [Made("d", name, {"psnr": A}, attributes={"site": few}) for name in "ab"]
    results = results_of(cells)
    (table,) = subgroup_tables(build_table(results.scopes[0], results.metrics))
    assert "depend on it is not tested: fewer than 6 images in Lyon and Oslo." in table.reading
