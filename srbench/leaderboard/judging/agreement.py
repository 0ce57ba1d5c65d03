"""How far each metric agrees with people: in the order of methods, and picture by picture."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

import numpy as np

from srbench.leaderboard.judging.judged import Choices, Judged, Opinions, Said
from srbench.leaderboard.judging.raters import chosen
from srbench.leaderboard.results.results import Entrant, Result, Results, finite_mean
from srbench.statistics.intervals import Interval, mean_interval
from srbench.statistics.ranking import ALPHA
from srbench.store.votes import Picture

Place = tuple[str, str | None, str]
"""A picture by its dataset, its image, and the name of the entrant; a whole set has no image."""
FEW_PICTURES = 20
"""Pictures below which nothing is said of them one by one."""
FEW_MARKS = 3
"""A picture's mean opinion is of so many raters, or is none."""


@dataclass(frozen=True)
class Order:
    """Two orders of the same methods. spearman, kendall (tau b): from -1 to 1; None where one does not order them."""

    spearman: float | None
    kendall: float | None
    methods: int

    @property
    def can_tell(self) -> bool:
        """Whether even the same order would be more than chance: of four methods, one order in 24 is."""
        return 2 / math.factorial(self.methods) <= ALPHA


@dataclass(frozen=True)
class Agreement:
    """A metric against people. A metric of which less is better is turned round, so that 1 is agreement always.

    choices, opinions: the order of the methods by each. share: of the single choices, those in which the chosen picture
    has the better score, by raters; a half is chance. pictures: Spearman's correlation of single pictures' scores and
    mean opinions; number: how many pictures.
    """

    metric: str
    label: str
    choices: Order | None = None
    opinions: Order | None = None
    share: Interval | None = None
    pictures: float | None = None
    number: int = 0


def agreements(judged: Judged, results: Results) -> list[Agreement]:
    """The agreement of every metric that has values of the methods that were judged."""
    own = [result for result in results.all if result.cell.protocol == judged.protocol and result.ok]
    found = [_agreement(metric, results.metric_label(metric), judged, own) for metric in results.metrics]
    return [one for one in found if one.choices or one.opinions]


def _agreement(metric: str, label: str, judged: Judged, results: Sequence[Result]) -> Agreement:
    single = _scores(metric, results)
    one = Agreement(metric, label)
    if choices := judged.choices:
        estimates = {e: i.estimate for e, i in zip(choices.entrants, choices.preferences.strengths, strict=True)}
        values = _values(single, choices.entrants, _datasets(choices.answers))
        one = replace(one, choices=_order(values, estimates), share=_share(choices, single))
    if opinions := judged.opinions:
        estimates = {e: i.estimate for e, i in zip(opinions.entrants, opinions.comparison.values, strict=True)}
        values = _values(single, opinions.entrants, _datasets(opinions.answers))
        pictures, number = _by_picture(opinions, single)
        one = replace(one, opinions=_order(values, estimates), pictures=pictures, number=number)
    return one


def _scores(metric: str, results: Sequence[Result]) -> dict[Place, float]:
    """The score of each picture, and each value of a whole set under no image: the mean over seeds; more is better."""
    found: dict[Place, list[float]] = {}
    for result in results:
        facts = result.record.metrics.get(metric) if result.record is not None else None
        if facts is not None:
            sign = 1 if facts.higher_is_better else -1
            for image, value in result.scores.get(metric, {}).items():
                found.setdefault((result.cell.dataset, image, result.entrant.name), []).append(sign * value)
    return {place: finite_mean(seeds) for place, seeds in found.items()}


def _datasets(answers: Mapping[str, Sequence[Said]]) -> list[str]:
    """The datasets that were judged."""
    said = (shown for own in answers.values() for session, answer in own for shown in session.shown(answer))
    return list(dict.fromkeys(one.dataset for one in said))


def _values(
    single: Mapping[Place, float], entrants: Sequence[Entrant], datasets: Sequence[str]
) -> dict[Entrant, float] | None:
    """Each entrant's mean over datasets of the mean over the images that all have finite; None where there is none."""
    means: dict[Entrant, list[float]] = {entrant: [] for entrant in entrants}
    for dataset in datasets:
        images = dict.fromkeys(image for of, image, _ in single if of == dataset)
        rows = [[single.get((dataset, image, entrant.name), math.nan) for entrant in entrants] for image in images]
        common = [row for row in rows if all(map(math.isfinite, row))]
        if not common or any(map(math.isnan, (value for row in rows for value in row))):
            return None
        for entrant, values in zip(entrants, zip(*common, strict=True), strict=True):
            means[entrant].append(fmean(values))
    return {entrant: fmean(values) for entrant, values in means.items()}


def _order(values: Mapping[Entrant, float] | None, people: Mapping[Entrant, float | None]) -> Order | None:
    """The agreement of two orders; None where the metric has no value of some method that was judged."""
    from scipy.stats import kendalltau, spearmanr

    pairs = [(values[entrant], estimate) for entrant, estimate in people.items() if estimate is not None and values]
    if len(pairs) < len(people) or len(pairs) < 2:
        return None
    first, second = zip(*pairs, strict=True)
    if len(set(first)) == 1 or len(set(second)) == 1:
        return Order(None, None, len(pairs))
    return Order(float(spearmanr(first, second)[0]), float(kendalltau(first, second)[0]), len(pairs))


def _share(choices: Choices, single: Mapping[Place, float]) -> Interval | None:
    """How often the chosen picture has the better score, each rater weighing the same."""
    shares = []
    for own in choices.answers.values():
        agreed = []
        for session, answer in own:
            better = chosen(session, answer)
            scores = [single.get(_place(one)) for one in session.shown(answer)]
            if better is None or None in scores or scores[0] == scores[1]:
                continue
            left, right = scores
            assert left is not None and right is not None
            agreed.append((left > right) == (answer.said == "left"))
        shares += [fmean(agreed)] if agreed else []
    return mean_interval(np.array(shares)) if shares else None


def _by_picture(opinions: Opinions, single: Mapping[Place, float]) -> tuple[float | None, int]:
    from scipy.stats import spearmanr

    marks: dict[Place, dict[str, list[int]]] = {}
    for person, own in opinions.answers.items():
        for session, answer in own:
            (one,) = session.shown(answer)
            if one.what == "sr" and isinstance(answer.said, int):
                marks.setdefault(_place(one), {}).setdefault(person, []).append(answer.said)
    known = [
        (single[place], fmean(fmean(own) for own in by_rater.values()))
        for place, by_rater in marks.items()
        if place in single and len(by_rater) >= FEW_MARKS
    ]
    if len(known) < FEW_PICTURES:
        return None, len(known)
    scores, means = zip(*known, strict=True)
    if len(set(scores)) == 1 or len(set(means)) == 1:
        return None, len(known)
    return float(spearmanr(scores, means)[0]), len(known)


def _place(picture: Picture) -> Place:
    return picture.dataset, picture.image, picture.name
