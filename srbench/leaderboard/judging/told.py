"""What people said, as the page shows it: sentences, a table, figures, and the same as data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from srbench.leaderboard.figures.drawing import Chart
from srbench.leaderboard.figures.strips import Strip, strips
from srbench.leaderboard.findings.lead import difference_words
from srbench.leaderboard.judging.agreement import Agreement, Order, agreements
from srbench.leaderboard.judging.judged import Judged, judged
from srbench.leaderboard.results.results import Entrant, Results
from srbench.leaderboard.words.numerals import (
    decimals_of,
    half_width,
    listing,
    number,
    plural,
    slug,
)
from srbench.statistics.intervals import FEW_UNITS, Interval
from srbench.statistics.ranking import Rank
from srbench.store.votes import Session


@dataclass(frozen=True)
class Line:
    """A method in the table. share: how often it was chosen, in percent. What is None was not asked."""

    entrant: Entrant
    rank: Rank | None
    strength: Interval | None
    share: float | None
    opinion: Interval | None
    opinion_rank: Rank | None


@dataclass(frozen=True)
class Told:
    """The judgement under one protocol, for the page. strengths, opinions: the ends of the columns' axes, and how many
    decimals they show.
    """

    judged: Judged
    lead: tuple[str, ...]
    caveats: tuple[str, ...]
    lines: tuple[Line, ...]
    agreements: tuple[Agreement, ...]
    figures: tuple[Chart, ...]
    strengths: tuple[tuple[float, float], int] | None
    opinions: tuple[tuple[float, float], int] | None

    @property
    def id(self) -> str:
        """What ids of its section begin with."""
        return _id(self.judged)

    def data(self) -> dict[str, Any]:
        """The same for programs."""
        choices, opinions = self.judged.choices, self.judged.opinions
        return {
            "protocol": self.judged.protocol,
            "said": [*self.lead, *self.caveats],
            "raters": len(self.judged.raters),
            "left_out": [rater.reason for rater in self.judged.left_out],
            "choices": choices and choices.preferences.answers,
            "ties": choices and choices.ties,
            "methods": [
                {
                    "method": line.entrant.method,
                    "trained_on": line.entrant.trained_on,
                    "rank": _rank(line.rank),
                    "strength": _interval(line.strength),
                    "chosen": line.share,
                    "opinion": _interval(line.opinion),
                    "opinion_rank": _rank(line.opinion_rank),
                }
                for line in self.lines
            ],
            "anchors": {
                name: _interval(mean)
                for name, mean in (("hr", opinions and opinions.hr), ("nearest", opinions and opinions.nearest))
                if mean
            },
            "metrics": [
                {
                    "metric": one.metric,
                    "choices": _order(one.choices),
                    "agrees_with_choices": _interval(one.share),
                    "opinions": _order(one.opinions),
                    "pictures": {"spearman": one.pictures, "pictures": one.number},
                }
                for one in self.agreements
            ],
        }


def told(results: Results, sessions: Sequence[Session]) -> list[Told]:
    """What people said of a board, by protocol."""
    return [_told(one, results) for one in judged(results, sessions)]


def _told(one: Judged, results: Results) -> Told:
    lines = _lines(one)
    agreed = tuple(agreements(one, results))
    return Told(
        one,
        tuple(_lead(one)),
        tuple(_caveats(one, agreed)),
        tuple(lines),
        agreed,
        tuple(_figures(one)),
        _axis([line.strength for line in lines]),
        _axis([line.opinion for line in lines], (1.0, 5.0)),
    )


def _id(one: Judged) -> str:
    return f"judged-{slug(one.protocol)}"


def _lines(one: Judged) -> list[Line]:
    choices, opinions = one.choices, one.opinions
    every = dict.fromkeys([*(choices.entrants if choices else ()), *(opinions.entrants if opinions else ())])
    lines = []
    for entrant in every:
        place = choices.entrants.index(entrant) if choices and entrant in choices.entrants else None
        mark = opinions.entrants.index(entrant) if opinions and entrant in opinions.entrants else None
        known, comparison = choices and choices.preferences, opinions and opinions.comparison
        lines.append(
            Line(
                entrant,
                known.ranks[place] if known and place is not None else None,
                known.strengths[place] if known and place is not None else None,
                known.shares[place] * 100 if known and place is not None else None,
                comparison.values[mark] if comparison and mark is not None else None,
                comparison.ranks[mark] if comparison and mark is not None else None,
            )
        )
    return sorted(lines, key=_best_first)


def _best_first(line: Line) -> tuple[float, float]:
    strength = line.strength.estimate if line.strength else None
    opinion = line.opinion.estimate if line.opinion else None
    return (-(strength if strength is not None else -1e9), -(opinion if opinion is not None else 0.0))


def _axis(
    intervals: Iterable[Interval | None], ends: tuple[float, float] | None = None
) -> tuple[tuple[float, float], int] | None:
    """The ends of a column's axis, and how many decimals it shows; None where there is nothing in it."""
    known = [one for one in intervals if one is not None]
    if not known:
        return None
    values = [end for one in known for end in (one.estimate, one.low, one.high) if end is not None]
    widths = [width for one in known if (width := half_width(one))]
    return ends or (min(values), max(values)), min(2, decimals_of(min(widths))) if widths else 1


def _lead(one: Judged) -> Iterable[str]:
    if choices := one.choices:
        known = choices.preferences
        said = f"{plural(known.raters, 'rater')} chose between two pictures {plural(known.answers, 'time')}"
        yield f"{said}: {_first(choices.entrants, known.ranks, 'preferred to')}."
    if opinions := one.opinions:
        comparison = opinions.comparison
        marks = sum(len(own) for own in opinions.answers.values())
        said = f"{plural(comparison.units, 'rater')} gave {plural(marks, 'mark')} from 1 to 5"
        anchors = [
            f"{name} {number(mean.estimate, 1)}"
            for name, mean in (("HR", opinions.hr), ("nearest", opinions.nearest))
            if mean is not None and mean.estimate is not None
        ]
        beside = f" (for comparison, {listing(anchors)})" if anchors else ""
        yield f"{said}{beside}: {_first(opinions.entrants, comparison.ranks, 'marked above')}."
    if not one.choices and not one.opinions:
        yield f"Nothing can be told from {plural(len(one.raters), 'rater')}: none of their answers count."


def _first(entrants: Sequence[Entrant], ranks: Sequence[Rank], verb: str) -> str:
    first = [entrant.name for entrant, rank in zip(entrants, ranks, strict=True) if rank.low == 1]
    if len(first) == 1:
        alone = ranks[[entrant.name for entrant in entrants].index(first[0])] == Rank(1, 1)
        return f"{first[0]} is {verb} every other" if alone else f"nothing is {verb} {first[0]}"
    if len(first) == len(entrants):
        return f"none is {verb} another for certain"
    return f"{listing(first)} cannot be told apart at the top"


def _caveats(one: Judged, agreed: Sequence[Agreement]) -> Iterable[str]:
    if one.trouble:
        yield f"Choices give no strengths: {one.trouble}"
    counts = [one.choices.preferences.raters] if one.choices else []
    counts += [one.opinions.comparison.units] if one.opinions else []
    if counts and min(counts) < FEW_UNITS:
        yield (
            f"Few raters: below {FEW_UNITS} no interval is drawn, and none can be told from another; it is an order of "
            "what was said, no more."
        )
    if left := one.left_out:
        apart = ", counted apart for choices and for opinions," if len({rater.kind for rater in one.raters}) > 1 else ""
        yield f"{len(left)} of {plural(len(one.raters), 'rater')}{apart} {_are(len(left))} left out; see below."
    yield from _consistency(one)
    if one.choices and one.choices.preferences.unbounded:
        names = [one.choices.entrants[place].name for place in one.choices.preferences.unbounded]
        yield f"{listing(names)}: chosen every time, or never; how far from the rest is a lower bound."
    if one.opinions and one.opinions.incomplete:
        some = one.opinions.incomplete
        yield f"{plural(some, 'rater')} did not mark every method, and {_are(some)} in no mean."
    if one.stale:
        yield f"{plural(one.stale, 'answer')} about SR that the board shows no more {_are(one.stale)} left out."
    orders = [order for each in agreed for order in (each.choices, each.opinions) if order]
    if orders and not any(order.can_tell for order in orders):
        yield (
            f"With {plural(orders[0].methods, 'method')} even the same order as people's may be chance: correlations "
            "over methods say little here."
        )
    yield (
        "Intervals are about other raters, and the same pictures: those of the viewer, small pieces in 8 bits, of the "
        "first seed. Other pictures, screens and questions may give another order."
    )


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _consistency(one: Judged) -> Iterable[str]:
    """How alike the raters who count answered the same trial twice."""
    repeats = [rater.repeats for rater in one.raters if not rater.reason]
    if asked := sum(repeat.of for repeat in repeats):
        same = sum(repeat.right for repeat in repeats)
        chance = sum(repeat.chance * repeat.of for repeat in repeats) / asked
        yield (
            f"Of {plural(asked, 'repeated trial')} {100 * same / asked:.0f} % were answered as before "
            f"({100 * chance:.0f} % by chance)."
        )


def _figures(one: Judged) -> Iterable[Chart]:
    choices = one.choices
    if choices is None or choices.preferences.raters < FEW_UNITS:
        return
    against = choices.yardstick
    base = choices.entrants.index(against)
    rows = [
        Strip(entrant.name, entrant.slot, choices.preferences.difference(place, base))
        for place, entrant in sorted(
            enumerate(choices.entrants), key=lambda item: choices.preferences.order.index(item[0])
        )
        if place != base
    ]
    axis = "Log-odds of being chosen (right is preferred; 1: 73\N{NO-BREAK SPACE}%, 2: 88\N{NO-BREAK SPACE}% of times)"
    yield Chart(
        f"Preference over {against.name}",
        strips(rows, against.name, axis, f"{_id(one)}-preference"),
        ("Method", "Log-odds [95 % interval]"),
        tuple((row.name, difference_words(row.interval, "")) for row in rows),
    )


def _rank(rank: Rank | None) -> list[int] | None:
    return None if rank is None else [rank.low, rank.high]


def _interval(one: Interval | None) -> dict[str, Any] | None:
    if one is None:
        return None
    return {"estimate": one.estimate, "low": one.low, "high": one.high, "raters": one.units}


def _order(one: Order | None) -> dict[str, Any] | None:
    return None if one is None else {"spearman": one.spearman, "kendall": one.kendall, "methods": one.methods}
