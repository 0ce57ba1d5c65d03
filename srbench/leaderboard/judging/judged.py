"""What people said of the methods of a board: strengths from choices, mean opinions from marks, by protocol.

Answers count that are about SR which the board shows now, of raters who are counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

import numpy as np

from srbench.leaderboard.judging.raters import Rater, chosen, raters_in
from srbench.leaderboard.results.results import Entrant, Results
from srbench.leaderboard.results.standings import YARDSTICK
from srbench.statistics.bootstrap import Array
from srbench.statistics.comparison import Comparison, compare
from srbench.statistics.intervals import Interval, StatsError, mean_interval
from srbench.statistics.preferences import Preferences, preferences
from srbench.statistics.ranking import Rank
from srbench.store.votes import Answer, Kind, Picture, Session

Said = tuple[Session, Answer]


@dataclass(frozen=True)
class Choices:
    """Choices between two pictures. entrants: who was shown, in the order of `strengths`. answers: all that count, by
    rater. ties: how many of them could not tell.
    """

    entrants: tuple[Entrant, ...]
    preferences: Preferences
    answers: Mapping[str, Sequence[Said]]
    ties: int

    @property
    def yardstick(self) -> Entrant:
        """What the others are held against: bicubic, else the matrix's first method that needs no training."""
        untrained = [one for one in self.entrants if one.trained_on is None and not one.elsewhere]
        named = [entrant for entrant in untrained if entrant.method == YARDSTICK]
        return min(named or untrained or self.entrants, key=lambda entrant: entrant.slot)


@dataclass(frozen=True)
class Opinions:
    """Marks from 1 to 5. comparison: over raters, of whom each has one mean a method.

    incomplete: raters who did not mark every method, and are in no mean. hr, nearest: their mean opinions, None where
    nobody marked them. answers: all that count, by rater.
    """

    entrants: tuple[Entrant, ...]
    comparison: Comparison
    incomplete: int
    hr: Interval | None
    nearest: Interval | None
    answers: Mapping[str, Sequence[Said]]


@dataclass(frozen=True)
class Judged:
    """What was said under one protocol. raters: all who answered, those left out among them. stale: how many answers
    are about SR that is not the board's any more. trouble: why choices give no strengths, if they do not.
    """

    protocol: str
    raters: tuple[Rater, ...]
    choices: Choices | None
    opinions: Opinions | None
    stale: int
    trouble: str = ""

    @property
    def left_out(self) -> list[Rater]:
        """Raters who are not counted."""
        return [rater for rater in self.raters if rater.reason]

    def rank(self, entrant: Entrant) -> Rank | None:
        """Its rank by choices, or else by opinions."""
        ranks = [
            (part.entrants, places)
            for part, places in (
                (self.choices, self.choices.preferences.ranks if self.choices else ()),
                (self.opinions, self.opinions.comparison.ranks if self.opinions else ()),
            )
            if part is not None and entrant in part.entrants
        ]
        return next((places[entrants.index(entrant)] for entrants, places in ranks), None)


def judged(results: Results, sessions: Sequence[Session]) -> list[Judged]:
    """What was said of a board, by protocol; nothing of those of which nothing was."""
    raters = raters_in(sessions)
    found = []
    for protocol in dict.fromkeys(result.cell.protocol for result in results.all):
        current = {
            Picture(result.cell.dataset, protocol, "", "sr", result.entrant.name, result.cell.key): result.entrant
            for result in results.all
            if result.cell.protocol == protocol and result.ok
        }
        heard = [rater for rater in raters if any(_about(session, protocol) for session in rater.sessions)]
        if heard:
            found.append(_judged(protocol, heard, current))
    return found


def _about(session: Session, protocol: str) -> bool:
    return any(session.shown(answer)[0].protocol == protocol for answer in session.answers)


def _judged(protocol: str, raters: Sequence[Rater], current: Mapping[Picture, Entrant]) -> Judged:
    stale = 0
    answers: dict[Kind, dict[str, list[Said]]] = {"pairs": {}, "opinions": {}}
    for rater in raters:
        for session in rater.sessions if not rater.reason else ():
            for answer in session.answers:
                shown = session.shown(answer)
                if shown[0].protocol != protocol or answer.purpose == "repeat":
                    continue
                if answer.purpose == "vote" and not all(_of(one) in current for one in shown):
                    stale += 1
                elif answer.purpose == "vote" or rater.kind == "opinions":
                    answers[rater.kind].setdefault(rater.person, []).append((session, answer))
    choices, trouble = None, ""
    if answers["pairs"]:
        try:
            choices = _choices(answers["pairs"], current)
        except StatsError as error:
            trouble = str(error)
    opinions = _opinions(answers["opinions"], current)
    return Judged(protocol, tuple(raters), choices, opinions, stale, trouble)


def _of(picture: Picture) -> Picture:
    """What stands for all the pictures of a cell."""
    return Picture(picture.dataset, picture.protocol, "", "sr", picture.name, picture.cell)


def _seen(answers: Iterable[Said], current: Mapping[Picture, Entrant]) -> tuple[Entrant, ...]:
    """The entrants that answers are about, in the order of the matrix."""
    shown = (one for session, answer in answers for one in session.shown(answer) if one.what == "sr")
    return tuple(sorted({current[_of(one)] for one in shown}, key=lambda entrant: (entrant.slot, entrant.name)))


def _choices(answers: Mapping[str, Sequence[Said]], current: Mapping[Picture, Entrant]) -> Choices:
    entrants = _seen((said for own in answers.values() for said in own), current)
    wins = np.zeros((len(answers), len(entrants), len(entrants)))
    ties = 0
    for number, own in enumerate(answers.values()):
        for session, answer in own:
            shown = session.shown(answer)
            a, b = (entrants.index(current[_of(one)]) for one in shown)
            better = chosen(session, answer)
            if better is None:
                ties += 1
            share = 0.5 if better is None else float(better == shown[0])
            wins[number, a, b] += share
            wins[number, b, a] += 1 - share
    return Choices(entrants, preferences(wins), answers, ties)


def _opinions(answers: Mapping[str, Sequence[Said]], current: Mapping[Picture, Entrant]) -> Opinions | None:
    entrants = _seen((said for own in answers.values() for said in own), current)
    marks = {person: _marks(own, current) for person, own in answers.items()}
    complete = [own for own in marks.values() if all(entrant in own for entrant in entrants)]
    if not entrants or not complete:
        return None
    values = np.array([[fmean(own[entrant]) for own in complete] for entrant in entrants])
    return Opinions(
        entrants,
        compare(values, higher_is_better=True),
        len(marks) - len(complete),
        _anchor(complete, "hr"),
        _anchor(complete, "nearest"),
        answers,
    )


def _marks(own: Sequence[Said], current: Mapping[Picture, Entrant]) -> dict[Any, list[int]]:
    """A rater's marks, by entrant, and of HR and nearest by these words."""
    found: dict[Any, list[int]] = {}
    for session, answer in own:
        (one,) = session.shown(answer)
        assert isinstance(answer.said, int)
        found.setdefault(current[_of(one)] if one.what == "sr" else one.what, []).append(answer.said)
    return found


def _anchor(marks: Sequence[Mapping[Any, Sequence[int]]], what: str) -> Interval | None:
    means: Array = np.array([fmean(own[what]) for own in marks if what in own])
    return mean_interval(means) if len(means) else None
