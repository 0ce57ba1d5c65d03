"""The numbers of the leaderboard: who is ranked where, each value with its interval, each gap with its reason.

How values come about and what tells entrants apart is `judging`'s to say. They are ranked only over identical sets of
cells: a mean over some of the images, or some of the datasets, is never shown.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from srbench.comparison import Comparison
from srbench.leaderboard.judging import JUDGING
from srbench.leaderboard.numerals import DASH, metric_label, number, warranted_decimals
from srbench.leaderboard.references import Reference, references
from srbench.leaderboard.results import Entrant, Result, Scope
from srbench.leaderboard.values import Notes, Scores, Value
from srbench.leaderboard.wording import WORDING, Wording
from srbench.ranking import Rank
from srbench.stats import FEW_SEEDS, Interval

YARDSTICK = "bicubic"
"""The method that super-resolution is held against, in the papers and here, wherever it takes part."""


@dataclass(frozen=True)
class Column:
    """A metric. scale: the ends of its whiskers' axis. width: of its longest number, in characters."""

    metric: str
    unit: str
    higher_is_better: bool
    scale: tuple[float, float]
    decimals: int
    width: int

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
    """One entrant. rank: `1` or `2–3`; empty when it is not ranked. speed: the time of use, as the wording says."""

    entrant: Entrant
    results: tuple[Result, ...]
    values: tuple[Value, ...]
    rank: Rank | None
    images: int
    seeds: int
    seeds_note: int | None
    problems: tuple[Problem, ...]
    train_seconds: float | None
    speed: float | None
    parameters: float | None

    @property
    def rank_words(self) -> str:
        """`1`, `2–3`, or nothing."""
        return str(self.rank or "").replace("-", DASH)


@dataclass(frozen=True)
class Table:
    """A ranked table over one dataset, or over all (`dataset` None).

    primary: the metric that ranks. references: rows that are not in the competition: ceiling and floor. rank_note: the
    footnote of ranks that are untested.
    """

    scope: Scope
    dataset: str | None
    datasets: tuple[str, ...]
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    primary: str | None
    notes: tuple[str, ...]
    images: int
    scores: Mapping[str, Scores] = field(repr=False)
    references: tuple[Reference, ...] = ()
    ranking: Comparison | None = field(repr=False, default=None)
    words: Wording = field(repr=False, default=WORDING["super-resolution"])
    rank_note: int | None = None

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
        """Each ranked entrant's difference to the yardstick, in the metric that ranks."""
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
        """The difference `a - b` of two ranked entrants in the primary metric."""
        assert self.primary is not None and self.ranking is not None
        order = list(self.scores[self.primary])
        return self.ranking.difference(order.index(a), order.index(b))

    def beats(self, a: Entrant, b: Entrant) -> bool:
        """Whether the first of two ranked entrants is better than the second for certain enough."""
        assert self.primary is not None and self.ranking is not None
        order = list(self.scores[self.primary])
        return bool(self.ranking.better[order.index(a), order.index(b)])

    def told_apart(self, a: Entrant, b: Entrant) -> bool:
        """Whether one of two ranked entrants is better than the other for certain enough."""
        return self.beats(a, b) or self.beats(b, a)


def build_table(scope: Scope, metrics: Sequence[str], dataset: str | None = None) -> Table:
    """The table of one scope, over all its datasets pooled or over one."""
    inside = [result for result in scope.results if dataset in (None, result.planned.cell.dataset)]
    cells = {
        entrant: tuple(result for result in inside if result.entrant == entrant)
        for entrant in scope.entrants()
        if any(result.entrant == entrant for result in inside)
    }
    datasets = tuple(dict.fromkeys(result.planned.cell.dataset for result in inside))
    notes = Notes()
    task = scope.task
    judging, words = JUDGING[task], WORDING[task]
    scores = {metric: judging.scores(cells, metric, datasets) for metric in metrics}
    primary = next((metric for metric in metrics if scores[metric]), None)
    values = {metric: judging.values(cells, metric, scores[metric], datasets, notes) for metric in metrics}
    untested = any(judging.is_order_alone(_seeds(results)) for results in cells.values())
    rank_note = notes.number(words.few_seeds) if untested and primary else None
    beside = references(cells, metrics, datasets, notes, task)
    columns = tuple(
        _column(
            metric,
            inside,
            list(values[metric].values()),
            [reference.values[place] for reference in beside],
            judging.differences(scores[metric]),
        )
        for place, metric in enumerate(metrics)
    )
    chosen = next((column for column in columns if column.metric == primary), None)
    ranking = judging.rank(scores[chosen.metric], chosen.higher_is_better) if chosen else None
    ranks = dict(zip(scores[chosen.metric], ranking.ranks, strict=True)) if chosen and ranking else {}
    rows = [
        _row(
            entrant,
            cells[entrant],
            [values[metric][entrant] for metric in metrics],
            ranks.get(entrant),
            judging.pictures(cells[entrant], list(scores.values())),
            words,
            notes,
        )
        for entrant in cells
    ]
    rows.sort(key=lambda row: _order(row, columns, primary))
    return Table(
        scope,
        dataset,
        datasets,
        columns,
        tuple(rows),
        primary,
        tuple(notes.texts),
        max((row.images for row in rows), default=0),
        scores,
        beside,
        ranking,
        words,
        rank_note,
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


def _column(
    metric: str,
    inside: Sequence[Result],
    values: Sequence[Value],
    beside: Sequence[Value],
    differences: Sequence[Interval],
) -> Column:
    facts = [r.record.metrics[metric] for r in inside if r.record is not None and metric in r.record.metrics]
    told = next((fact for fact in facts if fact.status == "ok"), facts[0] if facts else None)
    shown = [value.interval for value in values if value.interval]
    ends = [end for one in shown for end in (one.low, one.estimate, one.high) if end is not None]
    widths = [
        (one.high - one.low) / 2 for one in [*shown, *differences] if one.low is not None and one.high is not None
    ]
    spreads = ("spread", "ceiling spread", "floor spread")
    widths += [fact.extra[name] for fact in facts for name in spreads if name in fact.extra]
    decimals = warranted_decimals(widths, [one.estimate for one in shown if one.estimate is not None])
    printed = [
        one.estimate for one in [*shown, *(value.interval for value in beside)] if one and one.estimate is not None
    ]
    return Column(
        metric=metric,
        unit=told.unit if told else "",
        higher_is_better=told.higher_is_better if told else True,
        scale=(min(ends, default=0.0), max(ends, default=1.0)),
        decimals=decimals,
        width=max((len(number(value, decimals)) for value in printed), default=1),
    )


def _row(
    entrant: Entrant,
    results: tuple[Result, ...],
    values: Sequence[Value],
    rank: Rank | None,
    pictures: int,
    words: Wording,
    notes: Notes,
) -> Row:
    seeds = _seeds(results)
    return Row(
        entrant=entrant,
        results=results,
        values=tuple(values),
        rank=rank,
        images=pictures,
        seeds=seeds,
        seeds_note=notes.number(words.few_seeds) if 0 < seeds < FEW_SEEDS else None,
        problems=_problems(results),
        train_seconds=_mean_cost(results, "train_seconds"),
        speed=None if (speed := _mean_cost(results, words.speed.cost)) is None else words.speed.factor * speed,
        parameters=_mean_cost(results, "parameters"),
    )


def _seeds(results: Sequence[Result]) -> int:
    return len({result.planned.cell.seed for result in results} - {None})


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
    images = table.words.amount(table.images) if table.images else "no scores yet"
    return f"{over}{trained}: {images}"
