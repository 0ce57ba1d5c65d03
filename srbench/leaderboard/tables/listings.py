"""Lists that may be long: every cell of a board, every image of a cell."""

from __future__ import annotations

from typing import Literal

from srbench.leaderboard.results.results import Result, Results
from srbench.leaderboard.tables.long import LongCell, LongHead, LongTable
from srbench.leaderboard.words.numerals import score, significant


def every_cell(results: Results) -> LongTable:
    """The cells of the matrix, with what became of each and how long it took."""
    heads = (LongHead("Cell", "name"), LongHead("Status", "text"), LongHead("Seconds", order="descending"))
    rows = [
        (
            LongCell(result.cell.label, href=f"cells/{result.slug}.html"),
            LongCell("ok" if result.ok else result.trouble),
            LongCell(significant(result.record.seconds), result.record.seconds)
            if result.record
            else LongCell("not run", ""),
        )
        for result in results.all
    ]
    return LongTable("every-cell", "Every cell of the matrix", heads, rows, "cells.js", "board.json")


def image_metrics(result: Result) -> list[str]:
    """The metrics by which single images of a cell are scored."""
    return [metric for metric, scores in result.scores.items() if any(image is not None for image in scores)]


def images_of(result: Result) -> list[str]:
    """The images of a cell that have a score."""
    found = (result.scores[metric] for metric in image_metrics(result))
    return list(dict.fromkeys(image for scores in found for image in scores if image is not None))


def image_table(result: Result, results: Results) -> LongTable | None:
    """The scores of each image of a cell; None where no metric is of single images."""
    metrics = image_metrics(result)
    if not metrics:
        return None
    rows = [
        (
            LongCell(image, image if (seen := _seen(image, result, results)) else None, aside=seen),
            *(_score(result.scores[metric].get(image)) for metric in metrics),
        )
        for image in images_of(result)
    ]
    heads = (LongHead("Image", "name"), *(_head(metric, result) for metric in metrics))
    return LongTable("images", "Each image", heads, rows, f"{result.slug}.js", "../scores.csv")


def _head(metric: str, result: Result) -> LongHead:
    """The head of a column of scores: its unit, and which direction is better, where a record says so."""
    facts = result.record.metrics.get(metric) if result.record is not None else None
    if facts is None:
        return LongHead(result.metric_label(metric), order="descending")
    order: Literal["ascending", "descending"] = "descending" if facts.higher_is_better else "ascending"
    unit = f", {facts.unit}" if facts.unit else ""
    return LongHead(f"{result.metric_label(metric)}{unit}", "number", order, facts.higher_is_better)


def _score(value: float | None) -> LongCell:
    return (
        LongCell("not scored", "") if value is None else LongCell(score(value), str(value).replace("inf", "Infinity"))
    )


def _seen(image: str, result: Result, results: Results) -> str:
    """What of an image the model has probably seen in training, in words."""
    cell, record = result.cell, result.record
    seen = results.board.seen.get(cell.dataset, {})
    like = [seen[name][image] for name in cell.learned if image in seen.get(name, {})]
    if like:
        return f"probably seen in training: like {', '.join(like)}"
    in_part = record is not None and record.groups.get(image) in record.seen_groups
    return "other regions of it were seen in training" if in_part else ""
