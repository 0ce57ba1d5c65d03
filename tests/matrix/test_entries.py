"""Uses of entries: each form of the file, parameters resolved, names that differ, and faults where they stand."""

from __future__ import annotations

from pathlib import Path

import pytest
from toys.offers import Learner, Score, Still, toy_registry

from srbench.matrix.entries import Named, Uses
from srbench.matrix.fields import Fields
from srbench.matrix.nodes import Mistake
from srbench.matrix.yaml_nodes import read_nodes
from srbench.registry.registry import Kind, Registry


@pytest.fixture(scope="module")
def registry() -> Registry:
    return toy_registry()


def listed(registry: Registry, folder: Path, text: str, kind: Kind = "method") -> tuple[list[Named], list[Mistake]]:
    root, problems = read_nodes(text)
    assert root is not None and problems == []
    return Uses(registry, folder, Fields(problems)).listed(root, kind), problems


def test_every_form_of_a_use(registry: Registry, tmp_path: Path) -> None:
    text = "[bicubic, {srcnn: {width: 3}}, {use: srcnn, as: again, preset: paper, lr: 0.5}, {use: srcnn, as: third}]"
    named, problems = listed(registry, tmp_path, text)
    assert problems == []
    assert [use.name for use in named] == [use.thing.name for use in named] == ["bicubic", "srcnn", "again", "third"]
    still, first, second, third = (use.thing for use in named)
    assert (still.registered.load(), still.params) == (Still, {})
    assert first.registered.load() is Learner
    assert (first.params["width"], first.given) == (3, {"width": 3})
    # Given values come before the preset's, and those before defaults.
    assert [second.params[name] for name in ("width", "lr", "norm")] == [64, 0.5, "none"]
    assert second.given == {"preset": "paper", "lr": 0.5}
    assert [third.params[name] for name in ("width", "lr")] == [32, 1e-3]


def test_a_dataset_is_called_by_as_then_by_its_own_name_then_by_its_entry(registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    text = "[set5, {folder: {path: p, name: mine}}, {use: folder, as: other, path: p, name: mine}, {folder: {path: p}}]"
    named, problems = listed(registry, tmp_path, text, "dataset")
    assert problems == []
    assert [use.name for use in named] == ["set5", "mine", "other", "folder"]
    assert named[1].thing.params["path"] == tmp_path / "p"


def test_the_extractor_of_a_metric_comes_with_it(registry: Registry, tmp_path: Path) -> None:
    (named,), problems = listed(registry, tmp_path, "[psnr]", "metric")
    assert problems == [] and named.thing.registered.load() is Score
    assert named.thing.extractor is None  # this one asks for none


@pytest.mark.parametrize(
    ("text", "kind", "place", "message"),
    [
        ("[bicubik]", "method", (1, 2), "unknown method 'bicubik'. Did you mean 'bicubic'?"),
        ("[srcnn, {srcnn: {}}]", "method", (1, 9), "'srcnn' is there twice, at lines 1 and 1; use `as`"),
        ("[srcnn, {use: bicubic, as: SRCNN}]", "method", (1, 9), "'SRCNN' is there twice"),
        ("[{srcnn: {widht: 1}}]", "method", (1, 11), "Did you mean 'width'?"),
        ("[{srcnn: {width: 0}}]", "method", (1, 18), "width: expected a whole number >= 1"),
        ("[folder]", "dataset", (1, 2), "path"),
        ("[{folder: {path: nowhere}}]", "dataset", (1, 18), "path: there is no file or folder"),
        ("[{srcnn: 3}]", "method", (1, 10), "expected parameters as `key: value`, found the number 3"),
        ("[{srcnn: {as: x}}]", "method", (1, 11), "`as` goes together with `use`: {use: srcnn, as: ..."),
        ("[{a: {}, b: {}}]", "method", (1, 2), "with the keys a, b"),
        ("[3]", "method", (1, 2), "expected the name of a method, found the number 3"),
        ("['odd:name']", "method", (1, 2), "'odd:name' will not do as a name in tables; give another one with `as`"),
        ("[{use: srcnn, as: a/b}]", "method", (1, 19), "`as`: 'a/b' will not do as a name"),
        ("[gone]", "method", (1, 2), "no_such_module_anywhere"),
    ],
)
def test_what_is_wrong_is_told_where_it_stands(
    registry: Registry, tmp_path: Path, text: str, kind: Kind, place: tuple[int, int], message: str
) -> None:
    _, (problem,) = listed(registry, tmp_path, text, kind)
    assert (problem.line, problem.column) == place
    assert message in problem.message


def test_everything_wrong_with_one_use_is_told_together(registry: Registry, tmp_path: Path) -> None:
    named, problems = listed(registry, tmp_path, "[{srcnn: {widht: 1, lr: fast, norm: 3}}, bicubic]")
    assert [(problem.line, problem.column) for problem in problems] == [(1, 11), (1, 25), (1, 37)]
    assert "bicubic" in [use.name for use in named]
