"""The value of one metric in one row of a table, with its interval; or why there is none.

Per-image scores are the unit; an image's score is its mean over the seeds. A mean over some of the images, or some of
the datasets, is never shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from srbench.leaderboard.numerals import listing, metric_label
from srbench.leaderboard.results import Entrant, Result, finite_mean
from srbench.leaderboard.setmetrics import set_aside, set_remarks
from srbench.stats import FEW_UNITS, Interval, intervals, paired_difference, seed_spread, units_of

Image = tuple[str, str]
"""Dataset and image id."""
Scores = Mapping[Entrant, Mapping[Image, float]]
"""One metric's scores of the entrants that have all of them."""
_FEW_UNITS_NOTE = f"Fewer than {FEW_UNITS} images: too few for an interval."


@dataclass(frozen=True)
class Value:
    """One metric of one row. interval: None where missing says why in a word. note: the footnote's number.

    aside: a few words beside the number: on how many images a set metric's value rests. seed_spread: the standard
    deviation over seeds, None with fewer than two.
    """

    interval: Interval | None = None
    missing: str = ""
    note: int | None = None
    seed_spread: float | None = None
    aside: str = ""

    def over(self, interval: Interval) -> Value:
        """The same with another interval."""
        return replace(self, interval=interval)


class Notes:
    """Footnotes, numbered as they come up."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def number(self, text: str) -> int:
        """The number of this footnote, a new one where nobody has asked for it yet."""
        if text not in self.texts:
            self.texts.append(text)
        return self.texts.index(text) + 1


def scores_by_image(
    cells: Mapping[Entrant, Sequence[Result]], metric: str, datasets: Sequence[str]
) -> dict[Entrant, dict[Image, float]]:
    """The complete entrants' scores, seeds averaged; complete: all its cells, all datasets, all images."""
    found: dict[Entrant, dict[Image, float]] = {}
    for entrant, results in cells.items():
        if not all(result.ok and is_scored(result, metric) for result in results):
            continue
        if {result.planned.cell.dataset for result in results} != set(datasets):
            continue
        by_image: dict[Image, list[float]] = {}
        for result in results:
            for image, value in result.scores[metric].items():
                if image is not None:
                    by_image.setdefault((result.planned.cell.dataset, image), []).append(value)
        if by_image:
            found[entrant] = {image: finite_mean(values) for image, values in sorted(by_image.items())}
    everything = {image for by_image in found.values() for image in by_image}
    return {entrant: by_image for entrant, by_image in found.items() if set(by_image) == everything}


def is_scored(result: Result, metric: str) -> bool:
    """Whether the metric went well in a cell that did."""
    assert result.record is not None
    known = result.record.metrics.get(metric)
    return known is not None and known.status == "ok" and metric in result.scores


def values_of(
    cells: Mapping[Entrant, Sequence[Result]],
    metric: str,
    scores: Scores,
    datasets: Sequence[str],
    notes: Notes,
) -> dict[Entrant, Value]:
    """One metric of every entrant: a mean over images where it has them all, a set metric's value, or why neither."""
    return {
        entrant: _pooled(scores[entrant], results, metric, notes)
        if entrant in scores
        else _without_images(results, metric, datasets, notes)
        for entrant, results in cells.items()
    }


def _pooled(by_image: Mapping[Image, float], results: Sequence[Result], metric: str, notes: Notes) -> Value:
    """The mean over images; over several datasets, the mean of their means."""
    scores = np.array([list(by_image.values())], dtype=np.float64)
    interval = intervals(scores, units_of(len(by_image), [dataset for dataset, _ in by_image], None))[0]
    interval = _within_range(interval, results, metric)
    note = notes.number(_FEW_UNITS_NOTE) if interval.few else None
    return Value(interval, note=note, seed_spread=spread_over_seeds(results, metric))


def _within_range(interval: Interval, results: Sequence[Result], metric: str) -> Interval:
    """Cut to what the metric can reach: an interval of few, skewed scores may stick out, but SSIM never exceeds 1."""
    record = results[0].record
    if record is None or interval.low is None or interval.high is None:
        return interval
    facts = record.metrics[metric]
    low = interval.low if facts.lowest is None else max(interval.low, facts.lowest)
    high = interval.high if facts.highest is None else min(interval.high, facts.highest)
    return replace(interval, low=low, high=high)


def spread_over_seeds(results: Sequence[Result], metric: str) -> float | None:
    """The spread over seeds of the mean, where every dataset has the same seeds."""
    by_seed: dict[int | None, dict[Image, float]] = {}
    for result in results:
        found = by_seed.setdefault(result.planned.cell.seed, {})
        found |= {(result.planned.cell.dataset, image or ""): value for image, value in result.scores[metric].items()}
    images = sorted(next(iter(by_seed.values())))
    if any(sorted(found) != images for found in by_seed.values()):
        return None
    matrix = [[found[image] for image in images] for found in by_seed.values()]
    return seed_spread(matrix, [dataset for dataset, _ in images]).std


def _without_images(results: Sequence[Result], metric: str, datasets: Sequence[str], notes: Notes) -> Value:
    """A set metric's value, or why there is none."""
    if not all(result.ok for result in results):
        return Value(missing="incomplete")
    reasons: dict[tuple[str, str], list[str]] = {}
    for result in results:
        assert result.record is not None
        known = result.record.metrics.get(metric)
        if known is None:
            reasons.setdefault(("not scored", "srbench run scores it, without training again"), []).append(
                result.planned.cell.dataset
            )
        elif known.status != "ok":
            word = "n/a" if known.status == "skipped" else "failed"
            reasons.setdefault((word, known.reason or "no reason was given"), []).append(result.planned.cell.dataset)
    if reasons:
        word = next(iter(reasons))[0]
        parts = []
        for (_, reason), where in reasons.items():
            places = list(dict.fromkeys(where))
            parts.append(reason if len(places) == len(datasets) else f"on {listing(places)}: {reason}")
        return Value(missing=word, note=notes.number(_remark(metric, parts)))
    values = [result.scores[metric].get(None) for result in results if metric in result.scores]
    if len(values) < len(results) or any(value is None for value in values):
        return Value(missing="incomplete", note=notes.number(_remark(metric, ["not every image has a score"])))
    if len(datasets) > 1:
        return Value(
            missing="by set",
            note=notes.number(f"{metric_label(metric)} compares sets of images: see each dataset's table."),
        )
    numbers = [value for value in values if value is not None]
    told = [result.record.metrics[metric] for result in results if result.record is not None]
    remarks = list(dict.fromkeys(remark for facts in told for remark in set_remarks(facts)))
    return Value(
        Interval(finite_mean(numbers), None, None, len(numbers), len(numbers)),
        note=notes.number(_remark(metric, remarks)) if remarks else None,
        seed_spread=spread_over_seeds(results, metric),
        aside=set_aside(told),
    )


def _remark(metric: str, parts: Sequence[str]) -> str:
    """A footnote on a metric, with its full stop."""
    return f"{metric_label(metric)}: {'; '.join(parts).rstrip('.')}."


def paired(a: Mapping[Image, float], b: Mapping[Image, float]) -> Interval:
    """The mean difference of two entrants' scores of the same images, each dataset weighing the same."""
    images = list(a)
    return paired_difference(
        [a[image] for image in images], [b[image] for image in images], [dataset for dataset, _ in images]
    )
