"""Tables as files of other programs."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def encode(frame: pd.DataFrame, form: str) -> bytes:
    """A tidy frame as `csv`, `parquet` or `json`; or, averaged over seeds and images, as a table for a paper.

    JSON has no infinity: there an infinite value is the text `inf` or `-inf`, and null means that there is no value.
    `latex` and `markdown`: one row a method (and training set), one column a dataset, protocol and metric.
    """
    if form == "csv":
        return frame.to_csv(index=False, lineterminator="\n").encode()
    if form == "json":
        spelled = frame.astype({"value": object}).replace({"value": {math.inf: "inf", -math.inf: "-inf"}})
        return (spelled.to_json(orient="records", indent=1) + "\n").encode()
    if form == "parquet":
        buffer = io.BytesIO()
        frame.to_parquet(buffer, index=False)
        return buffer.getvalue()
    head, rows = _paper_table(frame)
    text = _markdown(head, rows) if form == "markdown" else _latex(head, rows)
    return text.encode()


def _paper_table(frame: pd.DataFrame) -> tuple[list[str], list[list[str]]]:
    keyed = frame.assign(
        row=[
            method if trained_on != trained_on or trained_on is None else f"{method} ({trained_on})"
            for method, trained_on in zip(frame["method"], frame["trained_on"], strict=True)
        ],
        column=[" ".join(three) for three in zip(frame["dataset"], frame["protocol"], frame["metric"], strict=True)],
    )
    means = keyed.groupby(["row", "column"])["value"].mean().to_dict()
    columns = list(keyed["column"].unique())
    rows = [[row, *(_number(means.get((row, column))) for column in columns)] for row in keyed["row"].unique()]
    return ["method", *columns], rows


def _number(value: float | None) -> str:
    if value is None or value != value:
        return "-"
    return f"{value:.4g}".replace("inf", "∞")


def _markdown(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---", *("---:" for _ in head[1:])], *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def _latex(head: list[str], rows: list[list[str]]) -> str:
    body = [" & ".join(_escaped(cell) for cell in line) + r" \\" for line in (head, *rows)]
    columns = "l" + "r" * (len(head) - 1)
    return "\n".join(
        [
            rf"\begin{{tabular}}{{{columns}}}",
            r"\toprule",
            body[0],
            r"\midrule",
            *body[1:],
            r"\bottomrule",
            r"\end{tabular}",
            "",
        ]
    )


_SPECIAL = {character: "\\" + character for character in "&%$#_{}"} | {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "∞": r"$\infty$",
}


def _escaped(text: str) -> str:
    return "".join(_SPECIAL.get(character, character) for character in text)
