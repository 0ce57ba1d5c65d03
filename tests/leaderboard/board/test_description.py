"""A plan in the words of its pages, and what sections of plugins add to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest

import srbench
from srbench.leaderboard import publish
from srbench.leaderboard.board.contents import BoardSplit
from srbench.leaderboard.board.description import describe, split_words, with_sections
from srbench.matrix import read_matrix
from srbench.runner.planning.lookalikes import Resemblance
from srbench.runner.planning.planned import Plan
from srbench.runner.planning.splits import SplitContents
from srbench.store.records import Store

from ..markup import parse
from ..toyboard import HOSTILE, Board, Toy, use


class Means(srbench.Section):
    """Means of a metric."""

    def __init__(self, metric: str = "psnr") -> None:
        self.metric = metric

    def board(self, results: srbench.Frames) -> srbench.Passage:
        means = results.images[results.images["metric"] == self.metric].groupby("method")["value"].mean()
        rows = tuple((str(name), float(value)) for name, value in means.items())
        return srbench.Passage(f"Means {HOSTILE}", (f"`code` and {HOSTILE}",), ("Method", self.metric), rows)

    def method(self, results: srbench.Frames, method: str) -> srbench.Passage | None:
        if method != "bicubic":
            return None
        return srbench.Passage("A drawing", figure="<svg><script>alert(1)</script></svg>", alt="nothing at all")


class Fails(srbench.Section):
    """Raises."""

    def board(self, results: srbench.Frames) -> srbench.Passage:
        raise ZeroDivisionError("no way")


class Markup(srbench.Section):
    """Returns what is no passage."""

    def board(self, results: srbench.Frames) -> srbench.Passage:
        return "<b>bold</b>"  # type: ignore[return-value]


@pytest.fixture(scope="module")
def small(make: Callable[..., Board]) -> Board:
    return make(datasets=("blobs",), protocols=1, seeds=1, methods=("bicubic", "lanczos"))


def asking_for(board: Board, *kinds: type) -> Board:
    sections = tuple(use("section", kind.__name__.lower(), kind) for kind in kinds)
    return replace(board, plan=replace(board.plan, matrix=replace(board.plan.matrix, sections=sections)))


def test_sections_stand_on_the_pages_as_data(small: Board, tmp_path: Path) -> None:
    asked = asking_for(small, Means)
    board = with_sections(asked.described, asked.plan, Store(small.store))
    publish(board, small.store, tmp_path)
    page = parse(tmp_path / "index.html")
    (part,) = [tag for tag in page.find("section") if HOSTILE in next(iter(tag.find("h2"))).text]
    assert next(part.find("code")).text == "code" and not list(part.find("script"))
    lines = {next(row.find("th")).text: next(row.find("td")).text for row in next(part.find("tbody")).find("tr")}
    scores = small.results.of_method("bicubic")[0].scores["psnr"].values()
    assert float(lines["bicubic"]) == pytest.approx(sum(scores) / len(scores), rel=1e-3)
    method = parse(tmp_path / "methods" / "bicubic.html")
    (drawing,) = [image for image in method.find("img") if image.attributes["alt"] == "nothing at all"]
    assert drawing.attributes["src"].startswith("data:image/svg+xml;base64,")
    assert "A drawing" not in parse(tmp_path / "methods" / "lanczos.html").text


def test_a_section_has_the_heading_that_the_matrix_gives_it(small: Board) -> None:
    asked = asking_for(small, Means)
    named = replace(asked.plan.matrix.sections[0], name="Means by PSNR")
    plan = replace(asked.plan, matrix=replace(asked.plan.matrix, sections=(*asked.plan.matrix.sections, named)))
    (_, own), _, (_, given), _ = with_sections(asked.described, plan, Store(small.store)).sections
    assert (own.heading, given.heading) == (f"Means {HOSTILE}", "Means by PSNR")
    assert own.rows == given.rows


@pytest.mark.parametrize(
    ("kind", "problem"), [(Fails, "no way"), (Markup, "`board` returned str in place of a Passage")]
)
def test_a_section_that_fails_costs_itself_alone(small: Board, kind: type, problem: str) -> None:
    asked = asking_for(small, kind, Means)
    with pytest.warns(UserWarning, match=rf"section {kind.__name__.lower()}: .*{problem}.* \(.*\.py, line \d+\)"):
        board = with_sections(asked.described, asked.plan, Store(small.store))
    first, second, _ = board.sections
    assert first[0] == "" and first[1].heading == kind.__name__.lower() and problem in first[1].paragraphs[0]
    assert second[1].rows


def test_documentation_is_what_a_class_says_of_itself_paragraph_by_paragraph(small: Board) -> None:
    gone = use("method", "lanczos", "no_such_module_anywhere:Thing")
    methods = tuple(gone if one.name == "lanczos" else one for one in small.plan.matrix.methods)
    board = replace(small, plan=replace(small.plan, matrix=replace(small.plan.matrix, methods=methods))).described
    assert board.method("bicubic").documentation == (
        "Learns something <b>bold</b>.",
        "It departs from the paper in one way & says so.",
    )
    (said,) = board.method("lanczos").documentation
    assert "no_such_module_anywhere" in said
    assert board.method("lanczos").ceiling == ""


class Error(srbench.ImageMetric):
    """An error."""

    shown_as = "ERR"


class OfMine(Error):
    """Another one."""


@pytest.mark.parametrize(
    ("kind", "name", "label"),
    [
        (Error, "err", "ERR"),
        (Error, "err-lesion", "ERR-lesion"),
        (Error, "erratic", "erratic"),
        (Error, "Error in the lesion", "Error in the lesion"),
        (OfMine, "err", "err"),
    ],
)
def test_a_metric_is_printed_as_its_class_says_under_its_entry_s_name(
    small: Board, kind: type, name: str, label: str
) -> None:
    asked = replace(use("metric", "err", kind), name=name)
    assert describe(Plan(replace(small.plan.matrix, metrics=(asked,)), ())).labels == {name: label}


def test_test_images_that_look_like_training_images_are_told_by_dataset_and_training_set(small: Board) -> None:
    alike = (
        Resemblance("blobs", "test", "im0", "t91", "train", "t3", "mirrored"),
        Resemblance("blobs", "test", "im1", "blobs", "train", "im9"),
        Resemblance("blobs", "test", "im1", "blobs", "test", "im2", "turned"),
    )
    board = replace(small, plan=replace(small.plan, alike=alike)).described
    assert board.seen == {"blobs": {"t91": {"im0": "t3, mirrored"}, "blobs": {"im1": "im9"}}}


class Deep:
    """Of many layers."""


class Chosen(srbench.Method):
    """One of several."""

    variants: ClassVar = {"kind": {"deep": Deep}}

    def __init__(self, kind: str, **parameters: Any) -> None: ...

    def upscale(self, lr: Any, scale: Any) -> Any:
        return lr


def test_what_a_method_was_chosen_to_be_is_told_after_what_it_is(small: Board) -> None:
    methods = (use("method", "chosen", Chosen, kind="deep"), *small.plan.matrix.methods)
    board = replace(small, plan=replace(small.plan, matrix=replace(small.plan.matrix, methods=methods))).described
    assert board.method("chosen").documentation == ("One of several.", "Of many layers.")


def test_a_split_is_told_with_its_groups_and_classes() -> None:
    few = SplitContents("skin", "train", 1200, 400, {"mole": 1000, "nevus": 200})
    assert split_words(few) == "1,200 training images in 400 independent groups: mole 1,000, nevus 200"
    assert split_words(SplitContents("skin", "test", 1, 1, {})) == "1 test image"
    assert split_words(SplitContents("skin", "test", 13, 13, {str(n): 1 for n in range(13)})).endswith(": 13 classes")


def test_a_split_keeps_its_smallest_and_largest_picture_its_channels_and_its_depths(small: Board) -> None:
    shapes = ((8, 8, 3), (4, 40, 1), (30, 20, 1))
    held = SplitContents("blobs", "test", 3, 2, {}, {}, {"bicubic, x4": 3}, 1, shapes, ("uint16",))
    (split,) = replace(small, plan=replace(small.plan, contents=(held,))).described.datasets[0].splits
    assert split == BoardSplit(
        "test",
        "3 test images in 2 independent groups",
        3,
        2,
        (8, 8),
        (30, 20),
        (1, 3),
        ("uint16",),
        {"bicubic, x4": 3},
        1,
    )


class Stated(Toy):
    """Whose pictures are somebody's."""

    terms: ClassVar = (srbench.Terms("somebody", "CC0"),)


class Published(Toy):
    """Of two variants."""

    published: ClassVar = tuple(
        srbench.PublishedDataset(
            name,
            (srbench.PublishedArchive("https://example.org/a.zip", "0" * 64, (srbench.Members("*.png", 1),)),),
            f"licence of {name}",
            "its makers",
        )
        for name in ("small", "large")
    )


def test_terms_are_those_of_the_class_or_of_what_it_publishes(small: Board) -> None:
    uses = [use("dataset", kind.__name__, kind, name="blobs") for kind in (Stated, Published, Toy)]
    plan = replace(small.plan, matrix=replace(small.plan.matrix, datasets=tuple(uses)))
    stated, published, none, *_ = replace(small, plan=plan).described.datasets
    assert stated.terms == (srbench.Terms("somebody", "CC0"),)
    assert published.terms == (
        srbench.Terms("its makers", "licence of small", "small"),
        srbench.Terms("its makers", "licence of large", "large"),
    )
    assert none.terms == ()


def test_a_method_names_the_licence_of_its_code_where_its_distribution_does(small: Board) -> None:
    method = small.plan.matrix.methods[0]
    plugin = replace(method.registered.plugin, distribution="srbench-bicubic")
    known = replace(method, registered=replace(method.registered, plugin=plugin))
    plan = replace(small.plan, matrix=replace(small.plan.matrix, methods=(known, *small.plan.matrix.methods[1:])))
    first, second, *_ = replace(small, plan=plan).described.methods
    assert dict(first.origin)["Licence of its code"] == "Apache-2.0"
    assert "Licence of its code" not in dict(second.origin)


def test_budgets_that_differ_and_what_a_method_starts_from_are_told(tmp_path: Path) -> None:
    path = tmp_path / "matrix.yaml"
    path.write_text(
        """\
name: m
datasets: [textures]
protocols: [x4-y]
methods:
  - srcnn: {preset: small}
  - {use: srcnn, as: longer, preset: small, train: {budget: {steps: 900}, precision: bf16}}
  - {use: srcnn, as: after, preset: small, train: {start: {method: srcnn}}}
train: {on: [same, {first: t91, then: same}], budget: {steps: 600}}
metrics: [psnr]
"""
    )
    board = describe(Plan(read_matrix(path), ()))
    halves = "t91, then same 300 steps, then 300 steps and 450 steps, then 450 steps"
    assert board.budget == f"600 steps (longer 900 steps; {halves})"
    origins = [dict(method.origin) for method in board.methods]
    assert [origin.get("Budget") for origin in origins] == [None, "900 steps", None]
    assert [origin.get("Precision") for origin in origins] == [None, "bf16", None]
    assert [origin.get("Starts from") for origin in origins] == [None, None, "the model of method srcnn"]
    assert [one.name for one in board.datasets] == ["textures", "t91"]
