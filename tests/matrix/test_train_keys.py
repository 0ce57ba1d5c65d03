"""`train` at the top and at methods: what wins, what is learned from in turn, what trainings start from."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from toys.offers import toy_registry

from srbench.contract.fit import Budget
from srbench.matrix import Matrix, MatrixError, read_matrix
from srbench.matrix.training import SAME, Curriculum, StartFrom, TrainOptions
from srbench.registry.registry import Registry

HEAD = """\
name: m
datasets: [set5]
protocols: [x4-y, x2-rgb]
metrics: [psnr]
"""


@pytest.fixture(scope="module")
def registry() -> Registry:
    return toy_registry()


def read(registry: Registry, folder: Path, text: str) -> Matrix:
    path = folder / "matrix.yaml"
    path.write_text(HEAD + textwrap.dedent(text))
    return read_matrix(path, registry)


def faults(registry: Registry, folder: Path, text: str) -> list[tuple[int, int, str]]:
    with pytest.raises(MatrixError) as error:
        read(registry, folder, text)
    lines = len(HEAD.splitlines())
    return [(one.line - lines, one.column, one.message) for one in error.value.problems]


def test_what_stands_at_a_method_wins_key_by_key(registry: Registry, tmp_path: Path) -> None:
    matrix = read(
        registry,
        tmp_path,
        """\
        methods:
          - bicubic
          - srcnn
          - {use: srcnn, as: longer, width: 8, train: {budget: {steps: 500}}}
          - {use: srcnn, as: other, train: {precision: bf16, compile: true, micro_batches: 2}}
        train: {on: [same], budget: {steps: 9}, precision: tf32}
        """,
    )
    plain, longer, other = (matrix.training(use) for use in matrix.methods[1:])
    assert plain == matrix.train == TrainOptions(Budget("steps", 9), "tf32")
    assert longer == TrainOptions(Budget("steps", 500), "tf32")
    assert other == TrainOptions(Budget("steps", 9), "bf16", True, 2)
    assert matrix.methods[2].params["width"] == 8 and "train" not in matrix.methods[2].given


def test_a_budget_of_its_own_is_enough_for_each_method_that_learns(registry: Registry, tmp_path: Path) -> None:
    own = "methods: [srcnn: {train: {budget: {steps: 3}}}]\n"
    matrix = read(registry, tmp_path, f"{own}train: {{on: [same]}}")
    assert (matrix.train.budget, matrix.training(matrix.methods[0]).budget) == (None, Budget("steps", 3))
    (fault,) = faults(registry, tmp_path, own)
    assert "'srcnn' learns, so `train` needs 'on'" in fault[2]
    text = "methods: [srcnn: {train: {precision: bf16}}]\ntrain: {on: [same]}"
    assert "'srcnn' learns, so `train` needs 'budget'" in faults(registry, tmp_path, text)[0][2]


def test_one_set_then_another(registry: Registry, tmp_path: Path) -> None:
    matrix = read(
        registry,
        tmp_path,
        """\
        methods: [srcnn]
        train:
          on:
            - t91
            - same
            - {first: t91, then: same}
            - {first: {on: {folder: {path: ., name: mine}}, budget: {steps: 4}}, then: same, as: mine-first}
            - {first: same, then: {on: t91, budget: {steps: 4}}}
          budget: {steps: 9}
        """,
    )
    _, _, plain, mine, back = matrix.train_on
    assert isinstance(plain, Curriculum) and isinstance(mine, Curriculum) and isinstance(back, Curriculum)
    assert [one.name for one in (plain, mine, back)] == ["t91, then same", "mine-first", "same, then t91"]
    assert (plain.first.on, plain.then.on) == (matrix.train_on[0], SAME)
    assert [lesson.budget for lesson in (*plain.lessons, *mine.lessons, *back.lessons)] == [
        *(None, None, Budget("steps", 4)),
        *(None, None, Budget("steps", 4)),
    ]
    assert [use.name for use in matrix.training_data] == ["t91", "mine"]


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("model.pth", {"file": "model.pth"}),
        ("{method: srcnn}", {"cell": {"method": "srcnn"}}),
        ("{protocol: x2-rgb, on: t91}", {"cell": {"protocol": "x2-rgb", "on": "t91"}}),
    ],
)
def test_what_trainings_start_from(registry: Registry, tmp_path: Path, start: str, expected: dict[str, object]) -> None:
    (tmp_path / "model.pth").touch()
    if "file" in expected:
        expected = {"file": tmp_path / "model.pth"}
    text = f"methods: [srcnn, {{use: srcnn, as: b, train: {{start: {start}}}}}]\n"
    matrix = read(registry, tmp_path, text + "train: {on: [t91], budget: {steps: 9}}")
    assert matrix.training(matrix.methods[1]).start == StartFrom(**expected)  # type: ignore[arg-type]
    assert matrix.train.start is None


def test_the_name_of_published_weights_is_known(tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    path.write_text(
        "name: m\ndatasets: [textures]\nprotocols: [x4-y]\nmethods: [srcnn]\nmetrics: [psnr]\n"
        "train: {on: [same], budget: {steps: 3}, start: vgg19}\n"
    )
    assert read_matrix(path).train.start == StartFrom(weights="vgg19")


ARM = "{on: [t91], budget: {steps: 9}}"


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        (f"methods: [bicubic: {{train: {{budget: {{steps: 2}}}}}}, srcnn]\ntrain: {ARM}", (1, 28), "does not learn"),
        (f"methods: [srcnn: {{train: {{on: [t91]}}}}]\ntrain: {ARM}", (1, 27), "unknown key 'on'"),
        (f"methods: [srcnn: {{train: {{budget: 3}}}}]\ntrain: {ARM}", (1, 35), "found the number 3"),
        (f"methods: [srcnn: {{train: {{start: gone.pth}}}}]\ntrain: {ARM}", (1, 34), "there is no file"),
        (f"methods: [srcnn: {{train: {{start: 3}}}}]\ntrain: {ARM}", (1, 34), "`start`: expected a file"),
        (
            f"methods: [srcnn: {{train: {{start: {{method: srcn}}}}}}]\ntrain: {ARM}",
            (1, 34),
            "'srcn' is no method of the matrix that learns. Did you mean 'srcnn'?",
        ),
        (
            f"methods: [srcnn: {{train: {{start: {{on: same}}}}}}]\ntrain: {ARM}",
            (1, 34),
            "'same' is no `on` of the matrix",
        ),
        (
            f"methods: [srcnn: {{train: {{start: {{method: srcnn}}}}}}]\ntrain: {ARM}",
            (1, 34),
            "'srcnn' cannot start from its own model",
        ),
        (
            "methods: [srcnn: {train: {start: {method: b}}}, {use: srcnn, as: b, train: {start: {method: srcnn}}}]\n"
            f"train: {ARM}",
            (1, 34),
            "srcnn, b would start from each other",
        ),
        ("methods: [srcnn]\ntrain: {on: [{first: t91}], budget: {steps: 9}}", (2, 14), "the key 'then' is missing"),
        (
            "methods: [srcnn]\ntrain: {on: [{first: t91, then: same}], budget: {steps: 1}}",
            (2, 14),
            "t91, then same: of the budget of 1 steps 0 steps leave one of both nothing",
        ),
        (
            "methods: [srcnn]\ntrain: {on: [{first: t91, then: same}, {first: t91, then: same}], budget: {steps: 9}}",
            (2, 40),
            "'t91, then same' is there twice",
        ),
        (
            "methods: [srcnn]\ntrain: {on: [t91, {first: {use: set5, as: t91}, then: same}], budget: {steps: 9}}",
            (2, 19),
            "'t91' names two training sets",
        ),
        (
            "methods: [srcnn]\ntrain: {on: [{first: {on: t91, budget: {step: 3}}, then: same}], budget: {steps: 9}}",
            (2, 41),
            "Did you mean 'steps'?",
        ),
    ],
)
def test_what_is_wrong_is_told_where_it_stands(
    registry: Registry, tmp_path: Path, text: str, place: tuple[int, int], message: str
) -> None:
    line, column, said = faults(registry, tmp_path, text)[0]
    assert message in said
    assert (line, column) == place
