"""Every method's score of every image of a dataset, hardest first: a table for each metric of single images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from srbench.leaderboard.gallery.choice import hardest_first
from srbench.leaderboard.results.results import CLASS, Entrant, Result, finite_mean
from srbench.leaderboard.results.values import is_scored
from srbench.leaderboard.tables.scores import Head
from srbench.leaderboard.words.numerals import number, warranted_decimals
from srbench.store.record import MetricResult

MOST_IMAGES = 500
"""How many images a table shows, at most."""
MOST_SCORES = 40_000
"""How many scores all tables of a dataset under a protocol show together, about: what a browser shows at once."""
_FEWEST = 20
"""How many images are shown however many methods there are."""

Scored = Mapping[Entrant, Mapping[str, float]]
"""The scores of each entrant by image, in the mean over seeds."""


@dataclass(frozen=True)
class Score:
    """A score in the table. best: whether no method has a better one of this image."""

    text: str
    sort: str
    best: bool = False


@dataclass(frozen=True)
class ImageRow:
    """An image. href: where it can be looked at, if anywhere. facts: its group, label and other subgroups, by column.

    seen: what training images it is like, if any.
    """

    image: str
    href: str
    facts: tuple[str, ...]
    seen: str
    scores: tuple[Score, ...]


@dataclass(frozen=True)
class ImageTable:
    """A metric's scores. heads: the columns before the scores. total: how many images there are."""

    metric: str
    head: Head
    heads: tuple[str, ...]
    entrants: tuple[Entrant, ...]
    rows: tuple[ImageRow, ...]
    total: int


def image_tables(
    own: Sequence[Result],
    metrics: Sequence[str],
    primary: str | None,
    hrefs: Mapping[str, str],
    seen: Mapping[str, str],
) -> list[ImageTable]:
    """The tables of a dataset under one protocol, that of the metric that ranks first; none without such scores.

    own: its cells under the protocol. metrics: in the order of the board. hrefs: where images can be looked at. seen:
    test images that look like training images, with what they are like.
    """
    ordered = sorted(metrics, key=lambda metric: metric != primary)
    scored = {metric: found for metric in ordered if (found := scores_of(own, metric))}
    if not scored:
        return []
    facts = {metric: _facts(own, metric) for metric in scored}
    first = next(iter(scored))
    images = dict.fromkeys(image for by_image in scored[first].values() for image in by_image)
    difficulties = hardest_first(images, scored[first].values(), facts[first].higher_is_better)
    order = [one.image for one in difficulties]
    columns = sum(map(len, scored.values()))
    shown = order[: max(_FEWEST, min(MOST_IMAGES, MOST_SCORES // columns))]
    named = _told(own)
    decimals = {metric: _decimals(found) for metric, found in scored.items()}
    return [
        ImageTable(
            metric,
            Head.of(own[0].metric_label(metric), facts[metric]),
            tuple(name for name, _ in named),
            tuple(found),
            tuple(
                ImageRow(
                    image,
                    hrefs.get(image, ""),
                    tuple(known.get(image, "") for _, known in named),
                    seen.get(image, ""),
                    _scores(found, image, facts[metric].higher_is_better, decimals[metric]),
                )
                for image in shown
            ),
            len(order),
        )
        for metric, found in scored.items()
    ]


def scores_of(own: Sequence[Result], metric: str) -> Scored:
    """The scores of all entrants that have any, in the order of the matrix; an image's score is its mean over seeds."""
    found: dict[Entrant, dict[str, list[float]]] = {}
    for result in own:
        if result.ok and is_scored(result, metric):
            for image, value in result.scores[metric].items():
                if image is not None:
                    found.setdefault(result.entrant, {}).setdefault(image, []).append(value)
    return {
        entrant: {image: finite_mean(values) for image, values in by_image.items()}
        for entrant, by_image in sorted(found.items(), key=lambda one: one[0].slot)
    }


def _decimals(scored: Scored) -> int:
    """Those of a whole table, so that its numbers can be compared at a glance."""
    return warranted_decimals((), (value for by_image in scored.values() for value in by_image.values()))


def _scores(scored: Scored, image: str, higher_is_better: bool, decimals: int) -> tuple[Score, ...]:
    known = [by_image[image] for by_image in scored.values() if image in by_image]
    best = (max if higher_is_better else min)(known, default=None)
    several = len(known) > 1
    return tuple(
        Score(number(value, decimals), repr(value).replace("inf", "Infinity"), several and value == best)
        if (value := by_image.get(image)) is not None
        else Score("not scored", "")
        for by_image in scored.values()
    )


def _facts(own: Sequence[Result], metric: str) -> MetricResult:
    return next(r.record.metrics[metric] for r in own if r.record is not None and r.ok and is_scored(r, metric))


def _told(own: Sequence[Result]) -> list[tuple[str, dict[str, str]]]:
    """What is known of images, by a column each: group, class, and what else divides them."""
    groups: dict[str, str] = {}
    divided: dict[str, dict[str, str]] = {}
    for result in own:
        if result.record is not None:
            groups |= result.record.groups
            divided.setdefault(CLASS, {}).update(result.record.labels)
    for by, named in own[0].attributes.items():
        divided[by] = {image: value for value, images in named.items() for image in images}
    return [(name, known) for name, known in (("group", groups), *divided.items()) if known]
