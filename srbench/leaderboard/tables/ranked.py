"""The numbers of the leaderboard: who is ranked where, each value with its interval, each gap with its reason.

How values come about and what tells entrants apart is `judging`'s to say. They are ranked only over identical sets of
cells: a mean over some of the images, or some of the datasets, is never shown.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from operator import itemgetter

from srbench.contract.entry import imported
from srbench.contract.wording import Wording
from srbench.leaderboard.results.comparison import Judging
from srbench.leaderboard.results.hardware import Measured, measured
from srbench.leaderboard.results.published import PublishedRow, published_rows
from srbench.leaderboard.results.references import ReferenceRow, references
from srbench.leaderboard.results.results import Entrant, Result, Scope
from srbench.leaderboard.results.standings import Standings
from srbench.leaderboard.results.subgroups import by_subgroup
from srbench.leaderboard.results.values import BEYOND, Notes, Value, without_images
from srbench.leaderboard.tables.kinds import side_by_side
from srbench.leaderboard.words.numerals import (
    amount_words,
    half_width,
    listing,
    number,
    warranted_decimals,
)
from srbench.statistics.intervals import FEW_SEEDS, Interval
from srbench.statistics.ranking import Rank
from srbench.store.record import MetricResult


@dataclass(frozen=True)
class Column:
    """A metric.

    label: its name as it is printed. scale: the ends of its whiskers' axis. width: of its longest number, in
    characters.
    """

    metric: str
    label: str
    unit: str
    higher_is_better: bool
    scale: tuple[float, float]
    decimals: int
    width: int

    @classmethod
    def over(
        cls,
        metric: str,
        label: str,
        unit: str,
        higher_is_better: bool,
        values: Iterable[Value],
        fineness: Iterable[float],
        beside: Iterable[Value] = (),
    ) -> Column:
        """The column of a metric's values.

        fineness: half the widths of what says, besides their intervals, how fine its numbers may be. beside: values
        that are printed in it and have no whisker.
        """
        ranked = list(values)
        shown = [value.number for value in ranked if value.number is not None]
        finite = [number for number in shown if math.isfinite(number)]
        intervals = [value.interval for value in ranked if value.interval is not None]
        ends = [*finite, *(end for one in intervals for end in (one.low, one.high) if end is not None)]
        decimals = warranted_decimals([*fineness, *filter(None, map(half_width, intervals))], finite)
        printed = [*shown, *(value.number for value in beside if value.number is not None)]
        return cls(
            metric=metric,
            label=label,
            unit=unit,
            higher_is_better=higher_is_better,
            scale=(min(ends, default=0.0), max(ends, default=1.0)),
            decimals=decimals,
            width=max((len(number(value, decimals)) for value in printed), default=1),
        )

    @property
    def title(self) -> str:
        """`PSNR, dB`."""
        return f"{self.label}, {self.unit}" if self.unit else self.label


@dataclass(frozen=True)
class FailedCells:
    """Cells that are not ok for the same reason: the reason in words, and each cell with where it stands."""

    text: str
    cells: tuple[tuple[str, Result], ...]


@dataclass(frozen=True)
class Row:
    """One entrant. rank: `1` or `2–3`; None when it is not ranked. units: how many of its images are independent.
    training: seconds. speed: the time of use, in the unit that the wording says.
    """

    entrant: Entrant
    results: tuple[Result, ...]
    values: tuple[Value, ...]
    rank: Rank | None
    images: int
    units: int
    seeds: int
    seeds_note: int | None
    problems: tuple[FailedCells, ...]
    training: Measured
    speed: Measured
    parameters: float | None


@dataclass(frozen=True)
class Table:
    """A ranked table over one dataset, or over all (`dataset` None).

    primary: the metric that ranks before any choice; None where none can. standings: the comparison in each metric that
    some entrants have all scores of. references: rows that are not in the competition: ceiling and floor. published:
    rows of papers. rank_note: the footnote of ranks that are untested; gap_note: that of differences whose interval is
    unreliable.
    """

    scope: Scope
    dataset: str | None
    datasets: tuple[str, ...]
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    primary: str | None
    notes: tuple[str, ...]
    standings: Mapping[str, Standings] = field(repr=False)
    references: tuple[ReferenceRow, ...] = ()
    published: tuple[PublishedRow, ...] = ()
    rank_note: int | None = None
    gap_note: int | None = None

    @property
    def words(self) -> Wording:
        """The words of its task."""
        return self.scope.task.wording

    @property
    def ranking(self) -> Standings | None:
        """The comparison that orders the rows; None where the metric that ranks was not scored on every image."""
        return None if self.primary is None else self.standings.get(self.primary)

    @property
    def ranked(self) -> list[Row]:
        """The rows that have a rank, best first."""
        return [row for row in self.rows if row.rank is not None]

    @property
    def lines(self) -> list[Row | PublishedRow]:
        """The rows in the order of the metric that ranks, those of papers at the place that their values would have."""
        placed: list[tuple[float, Row | PublishedRow]] = [*enumerate(self.rows)]
        placed += [(row.places.get(self.primary or "", len(self.ranked) - 0.5), row) for row in self.published]
        return [row for _, row in sorted(placed, key=itemgetter(0))]

    @property
    def primary_column(self) -> Column | None:
        """The column that ranks."""
        return None if self.primary is None else self.column(self.primary)

    @property
    def images(self) -> int:
        """How many images are compared, samples of each generator are held against others, at most."""
        return max((row.images for row in self.rows), default=0)

    @property
    def units(self) -> int:
        """How many of the images are independent."""
        return max((row.units for row in self.rows), default=0)

    @property
    def compared(self) -> str:
        """How differences are taken: by image or, where images have groups, by group."""
        return self.words.compared if self.units == self.images else self.words.compared.replace("image", "group")

    @property
    def only_dataset(self) -> str:
        """The dataset that it is about; empty where there are several."""
        return self.datasets[0] if len(self.datasets) == 1 else ""

    @property
    def has_whiskers(self) -> bool:
        """Whether any interval is drawn."""
        return any(value.has_whisker for row in self.rows for value in row.values)

    @property
    def gaps(self) -> Mapping[Entrant, Interval]:
        """Each ranked entrant's difference to the yardstick, in the metric that ranks."""
        return {} if self.ranking is None else self.ranking.gaps

    @cached_property
    def subgroups(self) -> Mapping[str, Mapping[str, Mapping[str, Standings]]]:
        """By metric, the comparison within each subgroup, by what divides the images; for one dataset."""
        standings = self.standings if self.only_dataset else {}
        found = {metric: by_subgroup(one) for metric, one in standings.items()}
        return {metric: divided for metric, divided in found.items() if divided}

    @property
    def gap_decimals(self) -> int:
        """The decimals that the differences warrant; those of the values where they have no intervals."""
        widths = list(filter(None, map(half_width, self.gaps.values())))
        if not widths and self.primary_column is not None:
            return self.primary_column.decimals
        return warranted_decimals(widths, [gap.estimate for gap in self.gaps.values() if gap.estimate is not None])

    def compared_on(self, costs: Iterable[Measured]) -> str:
        """The kind of hardware whose costs are compared, of those of its rows; empty where there is but one kind."""
        known = [cost for cost in costs if cost.hardware]
        return "" if all(cost.compared for cost in known) else next((c.hardware for c in known if c.compared), "")

    def column(self, metric: str) -> Column:
        """The column of a metric."""
        return next(column for column in self.columns if column.metric == metric)


def build_table(scope: Scope, metrics: Sequence[str], dataset: str | None = None) -> Table:
    """The table of one scope, over all its datasets pooled or over one."""
    inside = [result for result in scope.results if dataset in (None, result.cell.dataset)]
    by_entrant: dict[Entrant, list[Result]] = {}
    for result in sorted(inside, key=lambda one: one.entrant.slot):
        by_entrant.setdefault(result.entrant, []).append(result)
    cells = {entrant: tuple(own) for entrant, own in by_entrant.items()}
    datasets = tuple(dict.fromkeys(result.cell.dataset for result in inside))
    notes = Notes()
    words = scope.task.wording
    judging: Judging = imported(scope.task.judging)()
    facts = {metric: _facts(inside, metric) for metric in metrics}
    standings = {}
    for metric in metrics:
        scores, told = judging.scores(cells, metric, datasets), facts[metric]
        if scores is not None:
            comparison, label = judging.compare(scores, told.higher_is_better), inside[0].metric_label(metric)
            standings[metric] = Standings(metric, label, told.unit, told.higher_is_better, scores, comparison)
    primary = scope.rank_by or next(iter(standings), None)
    metrics = side_by_side(metrics, scope.judges)
    values = {
        entrant: tuple(
            judging.value(standings[metric], entrant, results, datasets, notes)
            if metric in standings and entrant in standings[metric]
            else without_images(results, metric, datasets, notes)
            for metric in metrics
        )
        for entrant, results in cells.items()
    }
    ranking = None if primary is None else standings.get(primary)
    untested = any(judging.is_order_alone(_seeds(results)) for results in cells.values())
    rank_note = notes.number(words.few_seeds) if untested and ranking is not None else None
    beside = references(cells, metrics, datasets, notes, words)
    papers = published_rows(scope.published, datasets, standings, notes)
    columns = tuple(
        Column.over(
            metric,
            inside[0].metric_label(metric),
            facts[metric].unit,
            facts[metric].higher_is_better,
            [own[place] for own in values.values()],
            _fineness(inside, metric, standings.get(metric)),
            [
                *(reference.values[place] for reference in beside),
                *(Value(float(row.values[metric])) for row in papers if metric in row.values),
            ],
        )
        for place, metric in enumerate(metrics)
    )
    order = () if ranking is None else ranking.entrants
    doubtful = ranking is not None and any(gap.beyond for gap in ranking.gaps.values())
    gap_note = notes.number(BEYOND) if doubtful else None
    costs = measured(cells, "train_seconds"), measured(cells, words.speed.cost)
    rows = tuple(
        _row(entrant, cells[entrant], values[entrant], costs, list(standings.values()), ranking, judging, words, notes)
        for entrant in [*order, *(entrant for entrant in cells if entrant not in order)]
    )
    return Table(
        scope,
        dataset,
        datasets,
        columns,
        rows,
        primary,
        tuple(notes.texts),
        standings,
        beside,
        papers,
        rank_note,
        gap_note,
    )


def _facts(inside: Sequence[Result], metric: str) -> MetricResult:
    """What cells say of a metric, those first in which it went well."""
    known = [r.record.metrics[metric] for r in inside if r.record is not None and metric in r.record.metrics]
    return min(known, key=lambda facts: facts.status != "ok", default=MetricResult(key=""))


def _fineness(inside: Sequence[Result], metric: str, standings: Standings | None) -> list[float]:
    """Half the widths of what says how fine a metric's numbers may be: paired intervals, spreads of set metrics."""
    widths: list[float | None] = [] if standings is None else [*standings.fineness]
    for result in inside:
        facts = result.record.metrics.get(metric) if result.record is not None else None
        if facts is not None:
            bounds = (facts.details.ceiling, facts.details.floor)
            widths += [facts.details.spread, *(bound.spread for bound in bounds if bound is not None)]
    return [width for width in widths if width is not None]


def _row(
    entrant: Entrant,
    results: tuple[Result, ...],
    values: tuple[Value, ...],
    costs: tuple[Mapping[Entrant, Measured], Mapping[Entrant, Measured]],
    standings: Sequence[Standings],
    ranking: Standings | None,
    judging: Judging,
    words: Wording,
    notes: Notes,
) -> Row:
    seeds = _seeds(results)
    own = [one for one in standings if entrant in one]
    images, units = judging.amount(results, own)
    training, speed = (cost[entrant] for cost in costs)
    return Row(
        entrant=entrant,
        results=results,
        values=values,
        rank=None if ranking is None or entrant not in ranking else ranking.rank(entrant),
        images=images,
        units=units,
        seeds=seeds,
        seeds_note=notes.number(words.few_seeds) if 0 < seeds < FEW_SEEDS else None,
        problems=_problems(results),
        training=training,
        speed=speed if speed.number is None else replace(speed, number=words.speed.factor * speed.number),
        parameters=_parameters(results),
    )


def _seeds(results: Sequence[Result]) -> int:
    return len({result.cell.seed for result in results} - {None})


def _problems(results: Sequence[Result]) -> tuple[FailedCells, ...]:
    several = len({result.cell.seed for result in results}) > 1
    found: dict[str, list[tuple[str, Result]]] = {}
    for result in results:
        if not result.ok:
            cell = result.cell
            where = f"{cell.dataset}, seed {cell.seed}" if several else cell.dataset
            found.setdefault(result.trouble, []).append((where, result))
    return tuple(FailedCells(text, tuple(cells)) for text, cells in found.items())


def _parameters(results: Sequence[Result]) -> float | None:
    counts = [r.record.cost.get("parameters") for r in results if r.record is not None and r.ok]
    known = [count for count in counts if count is not None]
    return math.fsum(known) / len(known) if known else None


def caption(table: Table) -> str:
    """What the table holds, in a sentence."""
    left = table.ranking.left_out if table.ranking else ()
    kept = [name for name in table.datasets if name not in left]
    if len(table.datasets) == 1:
        over = table.datasets[0]
    elif left:
        over = f"{listing(kept)}, without {listing(left)}"
    else:
        over = f"All {len(kept)} datasets"
    trained = f", trained on {table.scope.trained_on}" if table.scope.trained_on else ""
    if not table.images:
        return f"{over}{trained}: no scores yet"
    return f"{over}{trained}: {amount_words(table.images, table.units, table.words.picture)}{table.words.each}"
