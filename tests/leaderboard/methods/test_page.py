"""The page of a method begins with how it did; what it is comes below."""

from __future__ import annotations

from pathlib import Path

from srbench.leaderboard.methods.page import method_context

from ..markup import Tag, Tree
from ..toyboard import HOSTILE, Board


def page(path: Path) -> Tag:
    tree = Tree()
    tree.feed(path.read_text(encoding="utf-8"))
    return tree.root


def test_it_tells_of_scores_and_pictures_first_and_of_papers_and_code_below(pages: Path) -> None:
    root = page(pages / "methods" / "learner.html")
    heads = [one.text for one in root.find("h2")]
    assert heads == ["How it did", "Every cell", "Cost", "Training", "What it is"]
    (table,) = root.of_class("standings")
    assert [row.text for row in table.find("tbody")] and len([*table.find("tr")]) == 1 + 4, "a row a dataset, protocol"


def test_worst_and_best_pictures_lead_to_the_viewer_and_datasets_to_their_pages(pages: Path) -> None:
    (table,) = page(pages / "methods" / "bicubic.html").of_class("standings")
    pictures = [*table.find("img")]
    assert len(pictures) == 2 * 4
    assert all((pages / "methods" / one.attributes["src"]).is_file() for one in pictures)
    links = [one.attributes["href"] for one in table.find("a")]
    assert sum(link.startswith("../index.html#look=") for link in links) == len(pictures)
    assert {"../datasets/blobs.html", "../datasets/waves.html"} <= set(links)
    for link in links:
        assert (pages / "methods" / link.partition("#")[0]).is_file()


def test_origin_and_parameters_are_told_as_they_are(board: Board) -> None:
    results = board.results
    context = method_context(results.board.method("learner"), results, ())
    assert ("Plugin", "srbench-toy 1.2") in context["origin"]
    assert ("note", HOSTILE) in context["parameters"]
    assert not context["standings"]
