"""Pages of datasets: made of records alone, linked both ways, of tested and trained on sets, hostile names and all."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

import srbench
from srbench.leaderboard import publish, publish_again
from srbench.leaderboard.board.contents import Board as Described
from srbench.leaderboard.board.contents import BoardDataset, BoardSplit
from srbench.leaderboard.datasets.page import by_protocol, dataset_context, dataset_places, learners
from srbench.leaderboard.results.results import Results

from ..markup import Tag, Tree
from ..toyboard import COUNTS, HOSTILE, Board, Made, content, results_of, score


def parsed(path: Path) -> Tag:
    tree = Tree()
    tree.feed(path.read_text(encoding="utf-8"))
    return tree.root


def context(results: Results, name: str) -> dict[str, object]:
    own = by_protocol(results).get(name, {})
    return dataset_context(name, results, own, [], [], {}, learners(results).get(name, []))


def test_every_dataset_has_a_page_also_those_that_are_only_learned_from(pages: Path) -> None:
    assert {path.name for path in (pages / "datasets").iterdir()} == {"blobs.html", "waves.html", "t91.html"}
    root = parsed(pages / "datasets" / "t91.html")
    assert [one.text for one in root.find("h2")] == ["What it holds"]
    assert "Learned from it: learner" in root.text


def test_names_that_would_be_one_file_have_two_and_unknown_datasets_have_a_page() -> None:
    made = results_of([Made("Set 5", "net", {"psnr": {"a": 1.0}}), Made("set-5", "net", {"psnr": {"a": 1.0}})])
    board = msgspec.structs.replace(made.board, datasets=made.board.datasets[:1])
    assert dataset_places(board) == {"Set 5": "datasets/Set-5.html", "set-5": "datasets/set-5--2.html"}


def test_every_link_of_the_page_leads_to_a_file(pages: Path) -> None:
    for page in (pages / "datasets").iterdir():
        root = parsed(page)
        links = [one.attributes["href"] for one in root.find("a")] + [one.attributes["src"] for one in root.find("img")]
        assert all((page.parent / link.partition("#")[0]).is_file() for link in links if not link.startswith("#"))
    links = {one.attributes["href"] for one in parsed(pages / "datasets" / "blobs.html").find("a")}
    assert any(link.startswith("../cells/blobs-x4-y-bicubic") for link in links)
    assert "../methods/learner.html" in links
    assert any(link.startswith("../index.html#look=") for link in links)


def test_other_pages_lead_to_it(pages: Path) -> None:
    index = {one.attributes["href"] for one in parsed(pages / "index.html").find("a")}
    assert {"datasets/blobs.html", "datasets/waves.html", "datasets/t91.html"} <= index
    (cell,) = (path for path in (pages / "cells").iterdir() if path.name.startswith("waves-x4-y-learner-t91-0"))
    links = {one.attributes["href"] for one in parsed(cell).find("a")}
    assert {"../datasets/waves.html", "../datasets/t91.html"} <= links


def test_scores_of_images_are_those_of_the_records(pages: Path) -> None:
    root = parsed(pages / "datasets" / "blobs.html")
    first, *_ = root.of_class("images")
    heads = [one.text.strip() for one in first.find("th") if one.attributes.get("scope") == "col"]
    column = heads.index("bicubic")
    shown = {}
    (body,) = first.find("tbody")
    for row in body.find("tr"):
        cells = [one.text.strip() for one in row.children]
        shown[cells[0]] = cells[column]
    assert shown == {f"im{at}": f"{score('psnr', 'blobs', 'bicubic', at, None):.2f}" for at in range(COUNTS["blobs"])}


def test_the_same_page_is_made_of_published_records(pages: Path, tmp_path: Path) -> None:
    publish_again(pages / "records.jsonl", tmp_path)
    mine, theirs = content(tmp_path), content(pages)
    names = [name for name in theirs if name.startswith(("datasets/", "methods/"))]
    assert names and all(mine[name] == theirs[name] for name in names)


def described(dataset: BoardDataset, results: Results) -> Results:
    told: Described = msgspec.structs.replace(results.board, datasets=[dataset])
    return Results(told, results.all)


def test_what_is_known_of_a_dataset_stands_there_and_nothing_is_trusted(board: Board, tmp_path: Path) -> None:
    terms = (srbench.Terms(HOSTILE, HOSTILE, of="a part"), srbench.Terms("somebody", of="another"))
    split = BoardSplit("test", HOSTILE, 9, 3, (8, 9), (8, 9), (1,), (HOSTILE,), {HOSTILE: 9})
    datasets = [
        BoardDataset("blobs", HOSTILE, (HOSTILE, f"More of {HOSTILE}"), (), (split,), terms),
        BoardDataset("waves", HOSTILE, splits=(HOSTILE,)),
    ]
    seen = {"blobs": {"t91": {"im0": HOSTILE}}}
    told = msgspec.structs.replace(board.described, datasets=datasets, seen=seen)
    publish(told, board.store, tmp_path)
    blobs = parsed(tmp_path / "datasets" / "blobs.html")
    assert [*blobs.find("script")] == [one for one in blobs.find("script") if "src" in one.attributes]
    (table,) = blobs.of_class("terms")
    assert "somebody" in table.text and "not stated" in table.text and HOSTILE in table.text
    (splits,) = blobs.of_class("splits")
    assert "9 × 8" in splits.text and f"comes with HR: {HOSTILE}" in splits.text
    assert f"im0 (like {HOSTILE})" in blobs.text
    waves = parsed(tmp_path / "datasets" / "waves.html")
    assert HOSTILE in waves.text and "the dataset does not state" in waves.text


def test_a_dataset_that_nothing_is_known_of_still_has_a_page() -> None:
    results = described(BoardDataset("other"), results_of([Made("d", "net", {"psnr": {"a": 1.0}})]))
    found = context(results, "d")
    assert (found["lead"], found["terms"], found["splits"], found["tested"]) == ("", (), [], True)
    assert context(results, "other")["tested"] is False


def test_learners_are_those_of_all_stages() -> None:
    made = results_of([Made("d", name, {"psnr": {"a": 1.0}}, trained_on="t", seed=0) for name in ("one", "two")])
    first, second = made.all
    cells = [msgspec.structs.replace(one.cell, learned_from="t", learned_before=("s",)) for one in (first, second)]
    results = Results(made.board, tuple(replace(r, cell=c) for r, c in zip(made.all, cells, strict=True)))
    assert learners(results) == {"s": ["one", "two"], "t": ["one", "two"]}


def test_more_images_than_a_table_holds_are_counted_and_lead_to_all_scores(
    board: Board, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("srbench.leaderboard.datasets.images.MOST_SCORES", 1)
    monkeypatch.setattr("srbench.leaderboard.datasets.images._FEWEST", 3)
    publish(board.described, board.store, tmp_path)
    root = parsed(tmp_path / "datasets" / "blobs.html")
    assert "The 3 hardest of 9 images. All are in scores.csv" in root.text
    with (tmp_path / "scores.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["dataset"] == "blobs" and row["method"] == "bicubic"]
    assert len({row["image"] for row in rows if row["image"]}) == COUNTS["blobs"]


def test_names_of_files_of_a_coded_dataset_stay_out(board: Board, tmp_path: Path) -> None:
    """Pages show ids, groups and labels of records, and what the board tells: nothing else could hold a name."""
    told = msgspec.structs.replace(board.described, coded=True, named=[], path="/home/me/patients/matrix.yaml")
    publish(told, board.store, tmp_path)
    text = (tmp_path / "datasets" / "blobs.html").read_text(encoding="utf-8")
    assert "/home/me" not in text and "patients" not in text
    published = [json.loads(line) for line in (tmp_path / "records.jsonl").read_text(encoding="utf-8").splitlines()]
    assert all("/home/me" not in json.dumps(one) for one in published)
