"""`published`: rows of papers, each value within its metric, and what is wrong with its place."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from toys.offers import toy_registry

from srbench.matrix import Matrix, MatrixError, read_matrix
from srbench.matrix.published import PublishedValues
from srbench.registry.registry import Registry

HEAD = """\
name: m
datasets: [set5, {use: folder, as: mine, path: .}]
protocols: [x4-y]
methods: [bicubic]
metrics: [psnr, ssim]
published:
"""


@pytest.fixture(scope="module")
def registry() -> Registry:
    return toy_registry()


def read(registry: Registry, folder: Path, rows: str) -> Matrix:
    path = folder / "matrix.yaml"
    path.write_text(HEAD + textwrap.dedent(rows))
    return read_matrix(path, registry)


def faults(registry: Registry, folder: Path, rows: str) -> list[tuple[int, int, str]]:
    with pytest.raises(MatrixError) as error:
        read(registry, folder, rows)
    return [(one.line - 6, one.column, one.message) for one in error.value.problems]


def test_values_are_kept_as_they_are_printed(registry: Registry, tmp_path: Path) -> None:
    matrix = read(
        registry,
        tmp_path,
        """\
        - {method: EDSR, dataset: set5, source: "Lim et al. 2017", table: 2, psnr: 32.46, ssim: 0.8970}
        - {method: "RCAN, self-ensemble", dataset: set5, protocol: x4-y, source: Zhang 2018, psnr: 0x20}
        """,
    )
    assert matrix.published == (
        PublishedValues("EDSR", "set5", "x4-y", "Lim et al. 2017", "2", {"psnr": "32.46", "ssim": "0.8970"}),
        PublishedValues("RCAN, self-ensemble", "set5", "x4-y", "Zhang 2018", "", {"psnr": "32"}),
    )


@pytest.mark.parametrize(
    ("row", "column", "message"),
    [
        ("{method: a, dataset: set5, source: b, pnsr: 30}", 41, "unknown key 'pnsr'. Did you mean 'psnr'?"),
        (
            "{method: a, dataset: set6, source: b, psnr: 30}",
            24,
            "`dataset`: 'set6' is none of `datasets`. Did you mean",
        ),
        ("{method: a, dataset: set5, protocol: x2-y, source: b, psnr: 30}", 40, "`protocol`: 'x2-y' is none of"),
        ("{method: a, source: b, psnr: 30}", 3, "a published row needs the key 'dataset': one of set5, mine"),
        ("{dataset: set5, source: b, psnr: 30}", 3, "a published row needs the key 'method'"),
        ("{method: a, dataset: set5, psnr: 30}", 3, "a published row needs the key 'source'"),
        ("{method: a, dataset: set5, source: b}", 3, "needs the value of a metric: psnr, ssim"),
        ("{method: a, dataset: set5, source: b, psnr: high}", 47, "`psnr`: expected a number, found"),
        ("{method: a, dataset: set5, source: b, psnr: .inf}", 47, "`psnr`: expected a number, found"),
        ("{method: a, dataset: set5, source: b, table: [2], psnr: 30}", 48, "`table`: expected a number or one line"),
    ],
)
def test_what_is_wrong_is_told_at_its_place(
    registry: Registry, tmp_path: Path, row: str, column: int, message: str
) -> None:
    found = faults(registry, tmp_path, f"- {row}\n")
    assert [one for one in found if one[:2] == (1, column) and message in one[2]], found


def test_a_value_beyond_its_metric_is_one_of_another_unit(tmp_path: Path) -> None:
    row = "- {method: a, dataset: set5, source: b, psnr: 30, ssim: 89.7}\n"
    path = tmp_path / "matrix.yaml"
    path.write_text(HEAD + row)
    with pytest.raises(MatrixError, match=r"7:57: `ssim`: 89.7 is none of its values, which are from"):
        read_matrix(path)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[psnr, ssim]", "[psnr, ssimm]"),
        ("[psnr, ssim]", "[psnr, {use: ssimm, as: ssim}]"),
        ("[psnr, ssim]", "ssim"),
        ("[set5, {use: folder, as: mine, path: .}]", "[{use: folder, as: mine, path: .}, sett5]"),
        ("protocols: [x4-y]", "protocols: [x4-yy]"),
    ],
)
def test_what_cannot_be_read_is_told_where_it_stands_and_not_of_rows_that_name_it(
    tmp_path: Path, old: str, new: str
) -> None:
    rows = "- {method: a, dataset: set5, protocol: x4-y, source: b, ssim: .9}\nrank_by: ssim\n"
    path = tmp_path / "matrix.yaml"
    assert old in HEAD
    path.write_text(HEAD.replace(old, new) + rows)
    with pytest.raises(MatrixError) as error:
        read_matrix(path)
    (problem,) = error.value.problems
    assert problem.line < 6
    path.write_text(HEAD.replace(old, new) + rows.replace("source: b", "sauce: b"))
    with pytest.raises(MatrixError) as error:
        read_matrix(path)
    told = {one.message for one in error.value.problems}
    assert any("needs the key 'source'" in one for one in told), "what is wrong with the row itself is told"


def test_the_same_row_twice_is_a_fault(registry: Registry, tmp_path: Path) -> None:
    row = "- {method: a, dataset: set5, source: b, psnr: 30}\n"
    assert faults(registry, tmp_path, row + row) == [(2, 3, "'a' of set5 is there twice, first at line 7")]
