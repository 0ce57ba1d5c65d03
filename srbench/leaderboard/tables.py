"""The numbers of the leaderboard: who is ranked where, each value with its interval, each gap with its reason.

Per-image scores are the unit; an image's score is its mean over the seeds. Methods are ranked by paired differences
and only over identical sets of cells: a mean over some of the images, or some of the datasets, is never shown.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from srbench.leaderboard.numerals import DASH, listing, metric_label, plural, significant, warranted_decimals
from srbench.leaderboard.results import Entrant, Result, Scope, finite_mean
from srbench.ranking import Rank, Ranking, rank_groups
from srbench.stats import FEW_IMAGES, FEW_SEEDS, Interval, codes, intervals, paired_difference, seed_spread
from srbench.store import MetricResult

THIN = (
    "n < d: there are fewer images than numbers in a feature vector, so the value is mostly bias; compare it only with "
    "values of equal n, d and extractor"
)
Image = tuple[str, str]
"""Dataset and image id."""
Scores = Mapping[Entrant, Mapping[Image, float]]
"""One metric's scores of the entrants that have all of them."""
YARDSTICK = "bicubic"
"""The method that super-resolution is held against, in the papers and here, wherever it takes part."""
_FEW_SEEDS_NOTE = f"Fewer than {FEW_SEEDS} seeds: how much the result owes to the luck of one training is not known."
_FEW_IMAGES_NOTE = f"Fewer than {FEW_IMAGES} images in a dataset: the interval is a rough guide."


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


@dataclass(frozen=True)
class Column:
    """A metric. scale: the ends of its whiskers' axis."""

    metric: str
    unit: str
    higher_is_better: bool
    scale: tuple[float, float]
    decimals: int

    @property
    def label(self) -> str:
        """`PSNR`."""
        return metric_label(self.metric)

    @property
    def title(self) -> str:
        """`PSNR, dB`."""
        return f"{self.label}, {self.unit}" if self.unit else self.label


@dataclass(frozen=True)
class Problem:
    """Cells that are not ok for the same reason: the reason in words, and each cell with where it stands."""

    text: str
    cells: tuple[tuple[str, Result], ...]


@dataclass(frozen=True)
class Row:
    """One entrant. rank: `1` or `2–3`; empty when it is not ranked."""

    entrant: Entrant
    results: tuple[Result, ...]
    values: tuple[Value, ...]
    rank: Rank | None
    images: int
    seeds: int
    seeds_note: int | None
    problems: tuple[Problem, ...]
    train_seconds: float | None
    ms_per_megapixel: float | None
    parameters: float | None

    @property
    def rank_words(self) -> str:
        """`1`, `2–3`, or nothing."""
        return str(self.rank or "").replace("-", DASH)


@dataclass(frozen=True)
class Table:
    """A ranked table over one dataset, or over all (`dataset` None). primary: the metric that ranks."""

    scope: Scope
    dataset: str | None
    datasets: tuple[str, ...]
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    primary: str | None
    notes: tuple[str, ...]
    images: int
    scores: Mapping[str, Scores] = field(repr=False)
    ranking: Ranking | None = field(repr=False, default=None)

    @property
    def ranked(self) -> list[Row]:
        """The rows that have a rank, best first."""
        return [row for row in self.rows if row.rank is not None]

    @property
    def primary_column(self) -> Column | None:
        """The column that ranks."""
        return next((column for column in self.columns if column.metric == self.primary), None)

    @property
    def yardstick(self) -> Entrant | None:
        """What the others are held against: bicubic, else the matrix's first ranked method that needs no training."""
        untrained = [row.entrant for row in self.ranked if row.entrant.trained_on is None]
        named = [entrant for entrant in untrained if entrant.method == YARDSTICK]
        return min(named or untrained, key=lambda entrant: entrant.slot, default=None)

    @cached_property
    def gaps(self) -> dict[Entrant, Interval]:
        """Each ranked entrant's paired difference to the yardstick, in the metric that ranks."""
        yardstick = self.yardstick
        if yardstick is None:
            return {}
        return {row.entrant: self.difference(row.entrant, yardstick) for row in self.ranked if row.entrant != yardstick}

    @property
    def gap_decimals(self) -> int:
        """The decimals that the differences warrant."""
        known = [gap for gap in self.gaps.values() if gap.low is not None and gap.high is not None]
        halves = [(gap.high - gap.low) / 2 for gap in known if gap.low is not None and gap.high is not None]
        return warranted_decimals(halves, [gap.estimate for gap in known if gap.estimate is not None])

    def difference(self, a: Entrant, b: Entrant) -> Interval:
        """The paired difference `a - b` of the primary metric."""
        assert self.primary is not None
        return _paired(self.scores[self.primary][a], self.scores[self.primary][b])

    def told_apart(self, a: Entrant, b: Entrant) -> bool:
        """Whether one of two ranked entrants is better than the other for certain enough."""
        assert self.primary is not None and self.ranking is not None
        order = list(self.scores[self.primary])
        i, j = order.index(a), order.index(b)
        return bool(self.ranking.better[i, j] or self.ranking.better[j, i])


class _Notes:
    """Footnotes, numbered as they come up."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def number(self, text: str) -> int:
        if text not in self.texts:
            self.texts.append(text)
        return self.texts.index(text) + 1


def build_table(scope: Scope, metrics: Sequence[str], dataset: str | None = None) -> Table:
    """The table of one scope, over all its datasets pooled or over one."""
    inside = [result for result in scope.results if dataset in (None, result.planned.cell.dataset)]
    cells = {
        entrant: tuple(result for result in inside if result.entrant == entrant)
        for entrant in scope.entrants()
        if any(result.entrant == entrant for result in inside)
    }
    datasets = tuple(dict.fromkeys(result.planned.cell.dataset for result in inside))
    notes = _Notes()
    scores = {metric: _scores_by_image(cells, metric, datasets) for metric in metrics}
    primary = next((metric for metric in metrics if scores[metric]), None)
    values = {metric: _values(cells, metric, scores[metric], datasets, notes) for metric in metrics}
    columns = tuple(_column(metric, inside, values[metric], scores[metric]) for metric in metrics)
    chosen = next((column for column in columns if column.metric == primary), None)
    ranking = _rank(scores[chosen.metric], chosen) if chosen else None
    ranks = dict(zip(scores[chosen.metric], ranking.ranks, strict=True)) if chosen and ranking else {}
    rows = [
        _row(
            entrant, cells[entrant], [values[metric][entrant] for metric in metrics], ranks.get(entrant), scores, notes
        )
        for entrant in cells
    ]
    rows.sort(key=lambda row: _order(row, columns, primary))
    images = {image for per_metric in scores.values() for found in per_metric.values() for image in found}
    return Table(
        scope, dataset, datasets, columns, tuple(rows), primary, tuple(notes.texts), len(images), scores, ranking
    )


def _order(row: Row, columns: Sequence[Column], primary: str | None) -> tuple[bool, float, int]:
    """Ranked rows by their value, best first (identical images count as the best there is), then the others."""
    if row.rank is None or primary is None:
        return True, 0.0, row.entrant.slot
    place = [column.metric for column in columns].index(primary)
    interval = row.values[place].interval
    if interval is None or interval.estimate is None:
        return False, -math.inf, row.entrant.slot
    return False, -interval.estimate if columns[place].higher_is_better else interval.estimate, row.entrant.slot


def _scores_by_image(
    cells: Mapping[Entrant, Sequence[Result]], metric: str, datasets: Sequence[str]
) -> dict[Entrant, dict[Image, float]]:
    """The complete entrants' scores, seeds averaged; complete: all its cells, all datasets, all images."""
    found: dict[Entrant, dict[Image, float]] = {}
    for entrant, results in cells.items():
        if not all(result.ok and _has(result, metric) for result in results):
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


def _has(result: Result, metric: str) -> bool:
    assert result.record is not None
    known = result.record.metrics.get(metric)
    return known is not None and known.status == "ok" and metric in result.scores


def _values(
    cells: Mapping[Entrant, Sequence[Result]],
    metric: str,
    scores: Scores,
    datasets: Sequence[str],
    notes: _Notes,
) -> dict[Entrant, Value]:
    return {
        entrant: _pooled(scores[entrant], results, metric, notes)
        if entrant in scores
        else _without_images(results, metric, datasets, notes)
        for entrant, results in cells.items()
    }


def _pooled(by_image: Mapping[Image, float], results: Sequence[Result], metric: str, notes: _Notes) -> Value:
    """The mean over images; over several datasets, the mean of their means."""
    scores = np.array([list(by_image.values())], dtype=np.float64)
    interval = intervals(scores, codes([dataset for dataset, _ in by_image], len(by_image)))[0]
    interval = _within_range(interval, results, metric)
    note = notes.number(_FEW_IMAGES_NOTE) if interval.few else None
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


def _without_images(results: Sequence[Result], metric: str, datasets: Sequence[str], notes: _Notes) -> Value:
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
        return Value(missing=word, note=notes.number(f"{metric_label(metric)}: {'; '.join(parts)}"))
    values = [result.scores[metric].get(None) for result in results if metric in result.scores]
    if len(values) < len(results) or any(value is None for value in values):
        return Value(missing="incomplete", note=notes.number(f"{metric_label(metric)}: not every image has a score"))
    if len(datasets) > 1:
        return Value(
            missing="by set",
            note=notes.number(f"{metric_label(metric)} compares sets of images: see each dataset's table"),
        )
    numbers = [value for value in values if value is not None]
    told = [result.record.metrics[metric] for result in results if result.record is not None]
    asides = list(dict.fromkeys(aside for facts in told if (aside := set_aside(facts))))
    remarks = list(dict.fromkeys(remark for facts in told for remark in set_remarks(facts)))
    return Value(
        Interval(finite_mean(numbers), None, None, len(numbers)),
        note=notes.number(f"{metric_label(metric)}: {'; '.join(remarks)}.") if remarks else None,
        seed_spread=spread_over_seeds(results, metric),
        aside="; ".join(asides),
    )


def set_aside(facts: MetricResult) -> str:
    """What belongs beside a set metric's value: spread, bounds, how many images, how long the features are.

    bounds: what the worst and the best of images get, for metrics that say.
    """
    words = [f"± {significant(facts.extra['spread'])}"] if "spread" in facts.extra else []
    words += [f"{name} {significant(facts.extra[name], 3)}" for name in ("floor", "ceiling") if name in facts.extra]
    words += [f"{name} {facts.extra[name]:.0f}" for name in ("n", "d") if name in facts.extra]
    return ", ".join([*words, "n < d"] if _is_thin(facts) else words)


def set_remarks(facts: MetricResult) -> list[str]:
    """What to know of a set metric's value before believing it."""
    return [*facts.notes, THIN] if _is_thin(facts) else list(facts.notes)


def _is_thin(facts: MetricResult) -> bool:
    return "n" in facts.extra and "d" in facts.extra and facts.extra["n"] < facts.extra["d"]


def _column(
    metric: str,
    inside: Sequence[Result],
    values: Mapping[Entrant, Value],
    scores: Scores,
) -> Column:
    facts = [r.record.metrics[metric] for r in inside if r.record is not None and metric in r.record.metrics]
    told = next((fact for fact in facts if fact.status == "ok"), facts[0] if facts else None)
    shown = [value.interval for value in values.values() if value.interval]
    ends = [end for one in shown for end in (one.low, one.estimate, one.high) if end is not None]
    first = next(iter(scores), None)
    paired = [_paired(scores[other], scores[first]) for other in scores if other != first] if first else []
    widths = [(one.high - one.low) / 2 for one in [*shown, *paired] if one.low is not None and one.high is not None]
    return Column(
        metric=metric,
        unit=told.unit if told else "",
        higher_is_better=told.higher_is_better if told else True,
        scale=(min(ends, default=0.0), max(ends, default=1.0)),
        decimals=warranted_decimals(widths, [one.estimate for one in shown if one.estimate is not None]),
    )


def _paired(a: Mapping[Image, float], b: Mapping[Image, float]) -> Interval:
    images = list(a)
    return paired_difference(
        [a[image] for image in images], [b[image] for image in images], [dataset for dataset, _ in images]
    )


def _rank(scores: Scores, column: Column) -> Ranking:
    images = list(next(iter(scores.values())))
    matrix = np.array([[found[image] for image in images] for found in scores.values()])
    strata = [dataset for dataset, _ in images]
    return rank_groups(matrix, strata, higher_is_better=column.higher_is_better)


def _row(
    entrant: Entrant,
    results: tuple[Result, ...],
    values: Sequence[Value],
    rank: Rank | None,
    scores: Mapping[str, Scores],
    notes: _Notes,
) -> Row:
    seeds = {result.planned.cell.seed for result in results} - {None}
    return Row(
        entrant=entrant,
        results=results,
        values=tuple(values),
        rank=rank,
        images=max((len(found[entrant]) for found in scores.values() if entrant in found), default=0),
        seeds=len(seeds),
        seeds_note=notes.number(_FEW_SEEDS_NOTE) if 0 < len(seeds) < FEW_SEEDS else None,
        problems=_problems(results),
        train_seconds=_mean_cost(results, "train_seconds"),
        ms_per_megapixel=_mean_cost(results, "ms_per_megapixel"),
        parameters=_mean_cost(results, "parameters"),
    )


def _problems(results: Sequence[Result]) -> tuple[Problem, ...]:
    several = len({result.planned.cell.seed for result in results}) > 1
    found: dict[str, list[tuple[str, Result]]] = {}
    for result in results:
        if not result.ok:
            cell = result.planned.cell
            where = f"{cell.dataset}, seed {cell.seed}" if several else cell.dataset
            found.setdefault(result.trouble, []).append((where, result))
    return tuple(Problem(text, tuple(cells)) for text, cells in found.items())


def _mean_cost(results: Sequence[Result], name: str) -> float | None:
    costs = [r.record.cost.get(name) for r in results if r.record is not None and r.ok]
    known = [cost for cost in costs if cost is not None]
    return math.fsum(known) / len(known) if known else None


def caption(table: Table) -> str:
    """What the table holds, in a sentence."""
    over = table.dataset or (table.datasets[0] if len(table.datasets) == 1 else f"All {len(table.datasets)} datasets")
    trained = f", trained on {table.scope.trained_on}" if table.scope.trained_on else ""
    images = plural(table.images, "image") if table.images else "no scores yet"
    return f"{over}{trained}: {images}"
