"""`srbench export`: the same scores in every form, on standard output or in a file."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pandas as pd
import pytest
from rig.verbs import Srbench

from srbench.cli.export import FORMATS
from srbench.store.records import Store


def test_one_row_a_cell_or_one_an_image(here: Path, srbench: Srbench) -> None:
    said = srbench("export", "matrix.yaml")
    assert said.out.splitlines()[0] == "method,dataset,protocol,trained_on,seed,status,metric,value,n,key"
    cells = pd.read_csv(io.StringIO(said.out))
    assert cells[["method", "status", "n"]].to_numpy().tolist() == [
        ["nearest", "ok", 2],
        ["bicubic", "ok", 2],
        ["broken", "failed", 0],
    ]
    out = srbench("export", "matrix.yaml", "--images").out
    assert out.splitlines()[0] == "method,dataset,protocol,trained_on,seed,status,image,label,metric,value,key"
    images = pd.read_csv(io.StringIO(out))
    assert images["image"].tolist() == ["a", "b"] * 2
    means = images.groupby("method")["value"].mean()
    for method in ("nearest", "bicubic"):
        assert means[method] == pytest.approx(cells.set_index("method")["value"][method])
        (result,) = Store(Path("results/m")).find("cells", f"data/x2-rgb/{method}").metrics.values()
        assert means[method] == pytest.approx(result.value)


@pytest.mark.parametrize("form", [form for form in FORMATS if form != "parquet"])
def test_a_file_holds_what_would_have_been_printed(here: Path, srbench: Srbench, form: str) -> None:
    printed = srbench("export", "matrix.yaml", "--to", form)
    said = srbench("export", "matrix.yaml", "--to", form, "--out", "table")
    assert (printed.code, said) == (0, (0, "", ""))
    assert Path("table").read_text() == printed.out != ""


def test_only_tidy_rows_are_of_images(here: Path, srbench: Srbench) -> None:
    said = srbench("export", "matrix.yaml", "--to", "latex", "--images")
    assert said.code == 2 and "--images is for csv, parquet, json; latex has a row a method" in said.err


def test_papers_get_the_tables_and_the_bibtex_of_the_board(here: Path, srbench: Srbench) -> None:
    latex = srbench("export", "matrix.yaml", "--to", "latex").out
    assert latex.count(r"\begin{tabular}") == 1 and r"\multicolumn" in latex
    assert "| bicubic |" in srbench("export", "matrix.yaml", "--to", "markdown").out
    bibtex = srbench("export", "matrix.yaml", "--to", "bibtex").out
    assert "@misc{srbench-m-" in bibtex and "% Method bicubic: keys1981cubic\n" in bibtex


def test_parquet_holds_the_rows_of_json(here: Path, srbench: Srbench) -> None:
    assert srbench("export", "matrix.yaml", "--to", "parquet", "--out", "table.parquet").code == 0
    rows = json.loads(srbench("export", "matrix.yaml", "--to", "json").out)
    assert json.loads(pd.read_parquet("table.parquet").to_json(orient="records")) == rows
