"""Simulated raters of a toy board, whose preferences are known."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np

from srbench.leaderboard.results.results import Results
from srbench.store.votes import Answer, Kind, Picture, Session

Strengths = Mapping[str, float]


class Rater:
    """Answers trials about one dataset and protocol of a board: by strengths, at random, or in no time."""

    def __init__(self, results: Results, strengths: Strengths, number: int, dataset: str = "blobs") -> None:
        self.rng = np.random.default_rng([7, number])
        self.number, self.strengths = number, strengths
        protocol = results.all[0].cell.protocol
        cells = {
            result.entrant.name: result.cell.key
            for result in reversed(results.all)
            if (result.cell.dataset, result.cell.protocol) == (dataset, protocol) and result.entrant.name in strengths
        }
        self.pictures: list[Picture] = []
        for image in ("im0", "im1", "im2", "im3"):
            place = (dataset, protocol, image)
            self.pictures += [Picture(*place, "sr", name, cells[name]) for name in strengths]
            self.pictures += [Picture(*place, "hr"), Picture(*place, "nearest")]

    def worth(self, place: int) -> float:
        picture = self.pictures[place]
        return self.strengths[picture.name] if picture.what == "sr" else {"hr": 6.0, "nearest": -6.0}[picture.what]

    def trials(self, kind: Kind, votes: int) -> list[tuple[str, tuple[int, ...]]]:
        count = len(self.strengths) + 2
        scenes = [range(scene * count, (scene + 1) * count) for scene in range(4)]
        asked: list[tuple[int, ...]] = []
        for scene in scenes:
            methods = scene[:-2]
            asked += list(combinations(methods, 2)) if kind == "pairs" else [(one,) for one in methods]
        asked = [tuple(map(int, self.rng.permutation(asked[place]))) for place in self.rng.permutation(len(asked))]
        while len(asked) < votes:
            asked += asked
        asked = asked[:votes]
        ends = [(scene[-2], scene[-1]) for scene in scenes] * 2
        caught = ends if kind == "pairs" else [(one,) for pair in ends for one in pair]
        once = list(dict.fromkeys(asked))[:8]
        return (
            [("vote", one) for one in asked]
            + [("repeat", one[::-1]) for one in once]
            + [("catch", one) for one in caught]
        )

    def said(self, kind: Kind, places: Sequence[int], random: bool) -> str | int:
        if kind == "opinions":
            if random:
                return int(self.rng.integers(1, 6))
            return int(np.clip(np.round(3 + self.worth(places[0]) + self.rng.normal(0, 0.5)), 1, 5))
        gap = 0.0 if random else self.worth(places[0]) - self.worth(places[1])
        if not random and abs(gap) < 2 and self.rng.random() < 0.1:
            return "neither"
        return "left" if self.rng.random() < 1 / (1 + math.exp(-gap)) else "right"

    def session(self, kind: Kind, *, votes: int = 40, random: bool = False, seconds: float = 2.0) -> Session:
        """What one such rater says in one go."""
        answers = [
            Answer(purpose, places, self.said(kind, places, random), seconds)  # type: ignore[arg-type]
            for purpose, places in self.trials(kind, votes)
        ]
        return Session(
            study="0" * 64,
            session=f"{self.number:032d}",
            kind=kind,
            seed=self.number,
            rater=f"code {self.number}",
            complete=True,
            pictures=tuple(self.pictures),
            answers=tuple(answers),
        )
