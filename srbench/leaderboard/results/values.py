"""The value of one metric in one row of a table, or why there is none.

An image's score is its mean over the seeds. A mean over some of the images, or some of the datasets, is never shown.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from srbench.leaderboard.results.results import Entrant, Result, finite_mean
from srbench.leaderboard.results.setmetrics import beside_value, set_remarks
from srbench.leaderboard.results.standings import Division, Scores, Standings
from srbench.leaderboard.words.numerals import listing, plural
from srbench.statistics.intervals import Interval, seed_spread
from srbench.store.record import Record

Image = tuple[str, str]
"""Dataset and image id."""
BEYOND = (
    "The interval reaches beyond every value seen, so it is unreliable: the scores are too few or too skewed for it."
)


@dataclass(frozen=True)
class Value:
    """One metric of one row.

    number: None where missing says why in a word; infinite where every image is. interval: what it is the estimate of,
    where there is such a thing; it may have no ends. note: the footnote's number; doubt: that of the interval. aside: a
    few words beside the number: on how many images a set metric's value rests.
    """

    number: float | None = None
    interval: Interval | None = None
    missing: str = ""
    note: int | None = None
    doubt: int | None = None
    aside: str = ""

    @property
    def has_whisker(self) -> bool:
        """Whether there is an interval to draw."""
        return self.interval is not None and not self.interval.few


class Notes:
    """Footnotes, numbered as they come up."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def number(self, text: str) -> int:
        """The number of this footnote, a new one where nobody has asked for it yet."""
        if text not in self.texts:
            self.texts.append(text)
        return self.texts.index(text) + 1


def mean_value(standings: Standings, entrant: Entrant, notes: Notes) -> Value:
    """The value of an entrant that takes part in the comparison: its mean over the images that all have finite."""
    interval, comparison = standings.value(entrant), standings.comparison
    identical = standings.identical(entrant)
    aside = f"{identical} identical to HR" if identical else ""
    note = notes.number(_infinite(standings)) if comparison.images < comparison.total_images else None
    number = interval.estimate if interval.estimate is not None else standings.infinite(entrant)
    if number is None:
        return Value(missing="no image in common", note=note, aside=aside)
    return Value(
        number,
        interval,
        note=note,
        doubt=notes.number(BEYOND) if interval.beyond else None,
        aside=aside,
    )


def _infinite(standings: Standings) -> str:
    """Which images are in no mean, and what they count for."""
    comparison, label = standings.comparison, standings.label
    left = comparison.total_images - comparison.images
    of = f"{left} of {plural(comparison.total_images, 'image')} {'is' if left == 1 else 'are'}"
    if any(standings.identical(entrant) for entrant in standings.entrants):
        what = f"{of} identical to HR under some method (infinite {label})"
        ranks = "an identical image counts as best in the ranks"
    else:
        what = f"{of} infinitely bad in {label} under some method"
        ranks = "such an image counts as worst in the ranks"
    rest = f"the other {comparison.images}" if comparison.images else "none"
    return f"{what}: means and differences in {label} are of {rest}; {ranks}."


def is_scored(result: Result, metric: str) -> bool:
    """Whether the metric went well in a cell that did."""
    assert result.record is not None
    known = result.record.metrics.get(metric)
    return known is not None and known.status == "ok" and metric in result.scores


def unit_of(dataset: str, image: str, record: Record) -> tuple[str, str | None, str]:
    """What an image counts with: the images of its group, or itself alone."""
    group = record.groups.get(image)
    return dataset, group, image if group is None else ""


def scores_by_image(cells: Mapping[Entrant, Sequence[Result]], metric: str, datasets: Sequence[str]) -> Scores | None:
    """The complete entrants' scores, seeds averaged; complete: all its cells, all datasets, all images."""
    found: dict[Entrant, dict[Image, float]] = {}
    units: dict[Image, Hashable] = {}
    divisions: dict[str, dict[Image, str]] = {}
    for entrant, results in cells.items():
        if not all(result.ok and is_scored(result, metric) for result in results):
            continue
        if {result.cell.dataset for result in results} != set(datasets):
            continue
        by_image: dict[Image, list[float]] = {}
        for result in results:
            dataset, record = result.cell.dataset, result.record
            assert record is not None
            for image, value in result.scores[metric].items():
                if image is not None:
                    by_image.setdefault((dataset, image), []).append(value)
                    units[dataset, image] = unit_of(dataset, image, record)
            for by, named in result.subgroups.items():
                known = divisions.setdefault(by, {})
                known |= {(dataset, image): name for name, inside in named.items() for image in inside}
        if by_image:
            found[entrant] = {image: finite_mean(values) for image, values in by_image.items()}
    images = sorted({image for by_image in found.values() for image in by_image})
    complete = {entrant: by_image for entrant, by_image in found.items() if len(by_image) == len(images)}
    if not complete:
        return None
    return Scores(
        tuple(complete),
        tuple(np.array([by_image[image] for image in images]) for by_image in complete.values()),
        tuple(dataset for dataset, _ in images),
        tuple(units[place] for place in images),
        tuple(
            Division(by, tuple(dict.fromkeys(known.values())), tuple(known.get(place) for place in images))
            for by, known in divisions.items()
        ),
    )


def spread_over_seeds(results: Sequence[Result], metric: str) -> float | None:
    """The spread over seeds of the mean, where every dataset has the same seeds."""
    by_seed: dict[int | None, dict[Image, float]] = {}
    units: dict[Image, Hashable] = {}
    for result in results:
        cell, record = result.cell, result.record
        assert record is not None
        found = by_seed.setdefault(cell.seed, {})
        for image, value in result.scores[metric].items():
            place = (cell.dataset, image or "")
            found[place] = value
            units[place] = unit_of(*place, record)
    images = sorted(units)
    if any(len(found) < len(images) for found in by_seed.values()):
        return None
    matrix = np.array([[found[image] for image in images] for found in by_seed.values()])
    if (np.isposinf(matrix).any(axis=0) & np.isneginf(matrix).any(axis=0)).any():
        return None
    return seed_spread(matrix, [dataset for dataset, _ in images], [units[image] for image in images]).std


def lacking(results: Sequence[Result], metric: str) -> dict[tuple[str, str], list[str]]:
    """The datasets where cells that went well have no value of a metric, by a word for it and the reason."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for result in results:
        assert result.record is not None
        known = result.record.metrics.get(metric)
        if known is None:
            why = ("not scored", "srbench run scores it, without training again")
        elif known.status != "ok":
            why = ("n/a" if known.status == "skipped" else "failed", known.reason or "no reason was given")
        else:
            continue
        places = reasons.setdefault(why, [])
        places += [result.cell.dataset] if result.cell.dataset not in places else []
    return reasons


def without_images(results: Sequence[Result], metric: str, datasets: Sequence[str], notes: Notes) -> Value:
    """A set metric's value, or why there is none."""
    if not all(result.ok for result in results):
        return Value(missing="incomplete")
    reasons, label = lacking(results, metric), results[0].metric_label(metric)
    if reasons:
        word = next(iter(reasons))[0]
        parts = []
        for (_, reason), places in reasons.items():
            parts.append(reason if len(places) == len(datasets) else f"on {listing(places)}: {reason}")
        return Value(missing=word, note=notes.number(_remark(label, parts)))
    values = [result.scores[metric].get(None) for result in results if metric in result.scores]
    if len(values) < len(results) or any(value is None for value in values):
        return Value(missing="incomplete", note=notes.number(_remark(label, ["not every image has a score"])))
    if len(datasets) > 1:
        return Value(
            missing="by set",
            note=notes.number(f"{label} compares sets of images: see each dataset's table."),
        )
    numbers = [value for value in values if value is not None]
    told = [result.record.metrics[metric] for result in results if result.record is not None]
    remarks = list(dict.fromkeys(remark for facts in told for remark in set_remarks(facts)))
    return Value(
        finite_mean(numbers),
        note=notes.number(_remark(label, remarks)) if remarks else None,
        aside=beside_value(told),
    )


def _remark(label: str, parts: Sequence[str]) -> str:
    """A footnote on a metric, with its full stop."""
    return f"{label}: {'; '.join(parts).rstrip('.')}."
