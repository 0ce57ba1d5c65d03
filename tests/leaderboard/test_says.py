"""What a board says, against a recomputation that knows nothing of it: boards drawn by chance, sentence by sentence."""

from __future__ import annotations

import itertools
import math
import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest

from srbench.leaderboard.findings.lead import Findings, findings, ties
from srbench.leaderboard.results.results import Scope
from srbench.leaderboard.tables.ranked import Table, build_table, caption
from srbench.statistics.intervals import Interval, paired_difference

from .toyboard import LOWER, Made, results_of

Place = tuple[str, str]
Unit = tuple[str, str]
METRICS = ("psnr", "ssim", "mae")
WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


class Naive:
    """One table in one metric, in plain loops: means of means, and signed ranks by trying every choice of signs."""

    def __init__(self, cells: Sequence[Made], metric: str) -> None:
        self.metric, self.up = metric, metric not in LOWER
        datasets = list(dict.fromkeys(cell.dataset for cell in cells))
        several = len({cell.trained_on for cell in cells} - {None}) > 1
        found: dict[str, dict[Place, float]] = {}
        self.unit: dict[Place, Unit] = {}
        for name in dict.fromkeys(named(cell, several) for cell in cells):
            own = [cell for cell in cells if named(cell, several) == name]
            if any(cell.reason or metric not in cell.scores for cell in own):
                continue
            if {cell.dataset for cell in own} != set(datasets):
                continue
            seeds: dict[Place, list[float]] = {}
            for cell in own:
                for image, value in cell.scores[metric].items():
                    place = (cell.dataset, image)
                    seeds.setdefault(place, []).append(value)
                    self.unit[place] = (cell.dataset, cell.groups.get(image, f"itself {image}"))
            found[name] = {
                place: next((v for v in values if math.isinf(v)), sum(values) / len(values))
                for place, values in seeds.items()
            }
        everything = {place for scores in found.values() for place in scores}
        self.names = [name for name, scores in found.items() if set(scores) == everything]
        sizes = self.sizes(everything if self.names else set())
        alone = [dataset for dataset, size in sizes.items() if size == 1]
        self.left_out = alone if len(alone) == 1 and len(sizes) > 1 else []
        places = sorted(place for place in everything if self.names and place[0] not in self.left_out)
        self.places = places
        self.scores = {name: {place: found[name][place] for place in places} for name in self.names}
        self.datasets = list(dict.fromkeys(dataset for dataset, _ in places))
        partly = [scores for scores in self.scores.values() if any(map(math.isfinite, scores.values()))]
        common = [place for place in places if partly and all(math.isfinite(scores[place]) for scores in partly)]
        left = self.sizes(set(common))
        lonely = [dataset for dataset, size in left.items() if size == 1]
        self.common = [p for p in common if not (len(lonely) == 1 and len(left) > 1 and p[0] in lonely)]
        self.units = len({self.unit[place] for place in places})
        self.better = self._better()
        self.above = {name: self._above(name) for name in self.names}
        self.ranks = {name: self._rank(name) for name in self.names}

    def sizes(self, places: set[Place]) -> dict[str, int]:
        return dict(Counter(dataset for dataset, _ in {self.unit[place] for place in places}))

    def mean(self, name: str) -> float | None:
        """Over datasets, of the mean over units, of the mean over the common images."""
        if not self.common or not any(map(math.isfinite, self.scores[name].values())):
            return None
        means = []
        for dataset in dict.fromkeys(dataset for dataset, _ in self.common):
            units: dict[Unit, list[float]] = {}
            for place in self.common:
                if place[0] == dataset:
                    units.setdefault(self.unit[place], []).append(self.scores[name][place])
            means.append(sum(sum(own) / len(own) for own in units.values()) / len(units))
        return sum(means) / len(means)

    def difference(self, a: str, b: str) -> Interval:
        """Of the common images, oriented: above zero where the first is better."""
        if self.mean(a) is None or self.mean(b) is None:
            return Interval(None, None, None, 0, 0)
        one, other = ([self.scores[name][place] for place in self.common] for name in ((a, b) if self.up else (b, a)))
        return paired_difference(one, other, [d for d, _ in self.common], [self.unit[p] for p in self.common])

    def gaps(self, a: str, b: str) -> dict[str, list[float]]:
        """Oriented differences of units, by stratum: a dataset, or all datasets of one unit together."""
        sizes = self.sizes(set(self.places))
        found: dict[str, list[float]] = {}
        for unit in dict.fromkeys(self.unit[place] for place in self.places):
            total, excess, count = 0.0, 0, 0
            for place in self.places:
                if self.unit[place] == unit:
                    x, y = self.scores[a][place], self.scores[b][place]
                    count += 1
                    if math.isfinite(x) and math.isfinite(y):
                        total += (x - y) * (1 if self.up else -1)
                    elif x != y:
                        excess += 1 if (x > y) == self.up else -1
            gap = total / count if abs(total) > 1e-9 else 0.0
            found.setdefault(unit[0] if sizes[unit[0]] > 1 else "", []).append(excess * math.inf if excess else gap)
        return found

    def _better(self) -> dict[tuple[str, str], bool]:
        pairs = list(itertools.combinations(self.names, 2))
        gaps = {pair: self.gaps(*pair) for pair in pairs}
        tests = {pair: signed_ranks(gaps[pair]) for pair in pairs}
        adjusted, largest = {}, 0.0
        for done, pair in enumerate(sorted(pairs, key=lambda pair: tests[pair][1])):
            largest = max(largest, tests[pair][1] * (len(pairs) - done))
            adjusted[pair] = largest
        better = dict.fromkeys(itertools.permutations(self.names, 2), False)
        for (a, b), p in adjusted.items():
            side = int(np.sign(tests[a, b][0]))
            units = [gap for own in gaps[a, b].values() for gap in own]
            infinitely = (units.count(math.inf) - units.count(-math.inf)) * side
            if p <= 0.05 and side and self.difference(a, b).sign * side >= (0 if infinitely > 0 else 1):
                better[(a, b) if side > 0 else (b, a)] = True
        return better

    def _above(self, name: str) -> set[str]:
        """Those that are better, and those that are better than these."""
        found, grown = set[str](), {name}
        while grown != found:
            found = grown
            grown = found | {other for other in self.names for one in found if other != one and self.better[other, one]}
        return found - {name}

    def _rank(self, name: str) -> tuple[int, int]:
        over = {other for other in self.above[name] if name not in self.above[other]}
        under = {other for other in self.names if name in self.above[other] and other not in self.above[name]}
        return 1 + len(over), len(self.names) - len(under)

    def tied(self, a: str) -> set[str]:
        return {b for b in self.names if b != a and not self.better[a, b] and not self.better[b, a]}

    def identical(self, name: str) -> int:
        return list(self.scores[name].values()).count(math.inf if self.up else -math.inf)

    @property
    def first(self) -> set[str]:
        return {name for name in self.names if self.ranks[name][0] == 1}

    def leads(self, name: str) -> bool:
        return len(self.names) > 1 and self.ranks[name] == (1, 1)


def midranks(sizes: Sequence[float]) -> list[float]:
    """From 1 up; equal ones share the mean of their places."""
    ordered = sorted(sizes)
    return [(bisect_left(ordered, size) + bisect_right(ordered, size) + 1) / 2 for size in sizes]


def sums(weights: Sequence[float]) -> np.ndarray:
    """The sum for every choice of signs."""
    found = np.zeros(1)
    for weight in weights:
        found = np.concatenate([found - weight, found + weight])
    return found


def signed_ranks(strata: dict[str, list[float]]) -> tuple[float, float]:
    """The weighted sum of signed ranks, zeros ranked and left out, and its p over every choice of signs."""
    weights, own = [], []
    for gaps in strata.values():
        if any(gaps):
            finite = max([abs(gap) for gap in gaps if math.isfinite(gap)] + [1e-300])
            sizes = [
                0 if gap == 0 else math.inf if math.isinf(gap) else 1e-9 + round(abs(gap) / finite, 10) for gap in gaps
            ]
            for gap, rank in zip(gaps, midranks(sizes), strict=True):
                if gap:
                    weights.append(rank / (len(gaps) + 1))
                    own.append(np.sign(gap))
    if not weights:
        return 0.0, 1.0
    total = float(np.dot(weights, own))
    p = float((np.abs(sums(weights)) >= abs(total) - 1e-9).mean())
    return (0.0 if abs(total) < 1e-9 else total), p


def named(cell: Made, several: bool) -> str:
    return f"{cell.method} ({cell.trained_on})" if several and cell.trained_on else cell.method


def draw(seed: int) -> list[Made]:
    """A board by chance: sizes, groups, merits, ties, infinities of both kinds, gaps of every kind."""
    rng = np.random.default_rng(seed)
    methods = ["alpha", "bicubic", "gamma", "learner", "delta"][: 1 if seed % 20 == 0 else int(rng.integers(2, 6))]
    shapes = ["9", "12", "7 8", "9 8", "8 9 1", "9 8", "7 7", "8 1", "7 1 1", "3 3", "1 1 1 1 1 1 1 1 1", "5 2", "1"]
    sizes = [int(size) for size in shapes[int(rng.integers(len(shapes)))].split()]
    spread = rng.choice([0.02, 0.3, 2.0])
    merits = {name: float(rng.choice([0, 0.5, 2.0]) * rng.standard_normal()) for name in methods}
    turned = rng.random() < 0.5
    infinite = rng.random() < 0.35
    cells = []
    for (place, size), protocol in itertools.product(enumerate(sizes), ["x4-y", "x2-y"][: 1 + (rng.random() < 0.15)]):
        dataset = f"set{'abc'[place] if place < 3 else place}"
        grouped = rng.random() < 0.35
        copies = 3 if grouped else 1
        images = [f"im{number}" for number in range(size * copies)]
        groups = {image: f"g{number // copies}" for number, image in enumerate(images)} if grouped else {}
        if grouped and size > 1 and rng.random() < 0.5:
            del groups["im0"], groups["im1"], groups["im2"]
            images = images[2:]
        difficulty = rng.standard_normal(len(images)) * 3
        skew = rng.random() < 0.3
        merits = {name: -0.7 * merit if turned and place else merit for name, merit in merits.items()}
        for method in methods:
            training = (["t91", "faces"] if seed % 7 == 0 else ["t91"]) if method == "learner" else [None]
            for trained_on, number in itertools.product(training, range(2 if method == "learner" else 1)):
                scores: dict[str, dict[str, float]] = {}
                for metric in METRICS:
                    noise = rng.standard_exponential(len(images)) ** 2 if skew else rng.standard_normal(len(images))
                    values = 28 + difficulty + merits[method] * (1 if metric != "ssim" else -1) + spread * noise
                    values = np.round(values, 1) if rng.random() < 0.3 else values
                    if metric in LOWER:
                        values = 60 - values
                    elif infinite and metric == "psnr" and rng.random() < 0.6:
                        values[rng.random(len(images)) < rng.choice([0.2, 0.6, 1.0])] = rng.choice(
                            [np.inf, np.inf, -np.inf]
                        )
                    scores[metric] = dict(zip(images, values.tolist(), strict=True))
                lacking = {}
                if rng.random() < 0.05:
                    lacking["ssim"] = "it broke"
                    del scores["ssim"]
                if rng.random() < 0.03 and len(images) > 1:
                    del scores["psnr"][images[0]]
                reason = "out of luck" if rng.random() < 0.04 else ""
                seed_of = number if method == "learner" else None
                cells.append(Made(dataset, method, scores, groups, protocol, trained_on, seed_of, lacking, reason))
    return cells


@dataclass
class Reader:
    """Reads sentences, and holds every claim in them against the recomputation."""

    naive: Naive
    by_dataset: dict[str, Naive]
    others: dict[str, Naive]
    datasets: list[str]

    @property
    def name(self) -> str:
        return "(" + "|".join(re.escape(name) for name in sorted(self.naive.names, key=len, reverse=True)) + ")"

    def lead(self, said: Findings) -> None:
        assert 1 <= len(said.lead) <= 2
        assert all(sentence.endswith(".") and "\N{MINUS SIGN}" not in sentence.split("[")[0] for sentence in said.lead)
        self.first(said.lead[0][:-1])
        differing = {metric for metric, one in self.others.items() if self.differs(one)}
        assert bool(differing) == (len(said.lead) == 2), said.lead
        if differing:
            self.second(said.lead[1][:-1], differing)

    def first(self, sentence: str) -> None:
        naive = self.naive
        only = re.fullmatch(f"{self.name} is the only method that can be ranked so far", sentence)
        assert bool(only) == (len(naive.names) == 1)
        if only:
            return
        few = re.fullmatch(r"Little can be told from (\d+) images?(?: in (\d+) independent groups?)?: (.*)", sentence)
        assert bool(few) == (naive.units < 6), sentence
        if few:
            assert int(few[1]) == len(naive.places)
            assert int(few[2] or few[1]) == naive.units
            sentence = few[3]
        left = re.search(r" \((\w+) is left out: a single (image|group)\)", sentence)
        assert ([left[1]] if left else []) == naive.left_out
        sentence = sentence.replace(left[0], "") if left else sentence
        assert sentence.endswith(self.alone())
        sentence = sentence.removesuffix(self.alone())
        if leads := re.fullmatch(f"{self.name} leads (.*?): (.*)", sentence):
            assert naive.leads(leads[1])
            everywhere = self.where(leads[1], leads[2])
            assert leads[3].endswith(" over all") == (not everywhere)
            self.gap(leads[1], leads[3].removesuffix(" over all"))
            return
        assert not any(map(naive.leads, naive.names)), sentence
        over = r" (?:on (?P<set>\w+)|over (?:both|all \w+) datasets)"
        if tied := re.fullmatch(rf"(.*) cannot be told apart by \w+{over}", sentence):
            assert self.people(tied[1]) in (set(naive.names), len(naive.names))
            assert not any(naive.better.values())
            return
        if alone := re.fullmatch(
            rf"{self.name}, than which nobody is better in \w+{over}, cannot be told apart from (.*)", sentence
        ):
            assert naive.first == {alone[1]}
            assert self.people(alone[3]) in (naive.tied(alone[1]), len(naive.tied(alone[1])))
            return
        shared = re.fullmatch(rf"(.*?) share the first ranks by \w+{over}(?:: {self.name} is (.*))?", sentence)
        assert shared, sentence
        assert self.people(shared[1]) in (naive.first, len(naive.first))
        assert len(naive.first) > 1
        if shared[3]:
            assert shared[3] in naive.first
            self.gap(shared[3], shared[4])

    def alone(self) -> str:
        """Who leads on which dataset, where nobody does over all."""
        if any(map(self.naive.leads, self.naive.names)) or len(self.by_dataset) == 1:
            return ""
        found: dict[str, list[str]] = {}
        for dataset, one in self.by_dataset.items():
            for name in filter(one.leads, one.names):
                found.setdefault(name, []).append(dataset)
        parts = [f"{name} leads on {joined(datasets)}" for name, datasets in found.items()]
        return f"; {joined(parts)}" if 0 < len(parts) <= 3 else ""

    def people(self, words: str) -> set[str] | int:
        """Names, or how many."""
        if many := re.fullmatch(r"(\d+) (?:methods|others)", words):
            return int(many[1])
        found = re.split(r", | and ", words)
        assert set(found) <= set(self.naive.names) | {n for one in self.by_dataset.values() for n in one.names}
        return set(found)

    def gap(self, a: str, words: str) -> None:
        naive, number = self.naive, r"(−?[\d,]+(?:\.\d+)?)"
        infinite = re.findall(r"(identical to HR|infinitely bad) on (\d+) of (\d+) images? \((.*?): (\d+)\)", words)
        if infinite:
            for kind, mine, total, b, other in infinite:
                assert naive.better[a, b]
                worst = {"identical to HR": naive.identical, "infinitely bad": self.worst}[kind]
                assert (int(mine), int(other), int(total)) == (worst(a), worst(b), len(naive.places))
            assert naive.difference(a, infinite[0][3]).sign <= 0
            return
        found = re.fullmatch(
            rf"{number}(?: dB)?(?: \[{number}, {number}(: unreliable)?\])? better in \w+ than {self.name}", words
        )
        assert found, words
        shown, low, high, doubt, b = found.groups()
        assert naive.better[a, b]
        true = naive.difference(a, b)
        assert true.estimate is not None and true.estimate > 0
        means = naive.mean(a), naive.mean(b)
        assert means[0] is not None and means[1] is not None
        assert true.estimate == pytest.approx(abs(means[0] - means[1]), abs=1e-9)
        assert self.near(shown, true.estimate) and value_of(shown) > 0
        if low is not None:
            assert true.low is not None and true.high is not None
            assert self.near(low, true.low) and self.near(high, true.high)
            least, most = self.seen(a, b)
            outside = true.low < least - 1e-9 or true.high > most + 1e-9
            assert bool(doubt) == outside

    def worst(self, name: str) -> int:
        return list(self.naive.scores[name].values()).count(-math.inf if self.naive.up else math.inf)

    def seen(self, a: str, b: str) -> tuple[float, float]:
        """The lowest and the highest difference of a unit, each averaged over datasets as the mean is."""
        naive = self.naive
        by_unit: dict[Unit, list[float]] = {}
        for place in naive.common:
            gap = (naive.scores[a][place] - naive.scores[b][place]) * (1 if naive.up else -1)
            by_unit.setdefault(naive.unit[place], []).append(gap)
        sizes = Counter(unit[0] for unit in by_unit)
        strata: dict[str, list[float]] = {}
        for unit, gaps in by_unit.items():
            strata.setdefault(unit[0] if sizes[unit[0]] > 1 else "", []).append(sum(gaps) / len(gaps))
        weights = {stratum: 1 if stratum else len(own) for stratum, own in strata.items()}
        ends = [sum(weights[s] * end(own) for s, own in strata.items()) / sum(weights.values()) for end in (min, max)]
        return ends[0], ends[1]

    @staticmethod
    def near(words: str, value: float) -> bool:
        decimals = len(words.partition(".")[2])
        return abs(value_of(words) - value) <= 0.5 * 10.0**-decimals + 1e-9

    def where(self, best: str, words: str) -> bool:
        """On which datasets the leader leads; returns whether that is all."""
        if one := re.fullmatch(r"on (\w+)(?P<among> among those that have results on every dataset)?", words):
            assert bool(one["among"]) == (len(self.datasets) > 1 and not self.by_dataset[one[1]].leads(best))
            assert [one[1]] == (self.datasets if len(self.datasets) == 1 else self.naive.datasets)
            return True
        own = {name: self.by_dataset[name] for name in self.naive.datasets}
        alone = {name for name, one in own.items() if one.leads(best)}
        tied = {name for name, one in own.items() if name not in alone and one.ranks[best][0] == 1}
        behind = set(own) - alone - tied
        if every := re.fullmatch(r"on (both|all (\w+)) datasets", words):
            assert alone == set(own)
            assert (2 if every[1] == "both" else WORDS.index(every[2])) == len(own)
            return True
        if some := re.match(r"on (\w+) of (\w+) datasets", words):
            assert (WORDS.index(some[1]), WORDS.index(some[2])) == (len(alone), len(own))
            assert 0 < len(alone) < len(own)
        else:
            assert re.match(r"over (both|all \w+) datasets together, on none alone", words), words
            assert not alone
        for relation, there in (("cannot be told apart from", tied), ("is behind", behind)):
            told = re.search(rf"{relation} (?:others on (\w+)|(.*?) on (set\w))", words)
            assert bool(told) == bool(there and (alone or behind)), words
            if told and told[1]:
                assert WORDS.index(told[1]) == len(there) > 1
            elif told:
                assert {told[3]} == there
                one = own[told[3]]
                who = one.tied(best) if there is tied else {o for o in one.names if o != best and one.better[o, best]}
                assert self.people(told[2]) in (who, len(who))
        return False

    def differs(self, other: Naive) -> bool:
        return set(other.names) == set(self.naive.names) and not self.naive.first <= other.first

    def second(self, sentence: str, differing: set[str]) -> None:
        told = set()
        for part in sentence.split("; "):
            found = re.fullmatch(r"[Bb]y ([A-Z]+(?:(?:, | and )[A-Z]+)*) (.*)", part)
            assert found, part
            for label in re.split(r", | and ", found[1]):
                other = self.others[label.lower()]
                told.add(label.lower())
                if first := re.fullmatch(f"{self.name} is first", found[2]):
                    assert other.leads(first[1])
                elif shared := re.fullmatch("(.*) share the first ranks", found[2]):
                    assert self.people(shared[1]) in (other.first, len(other.first))
                    assert len(other.first) > 1
                else:
                    single = re.fullmatch(f"nobody is better than {self.name}", found[2])
                    assert single and other.first == {single[1]}
        assert told == differing


def joined(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def value_of(words: str) -> float:
    return float(words.replace(",", "").replace("\N{MINUS SIGN}", "-"))


def inside(cells: Sequence[Made], scope: Scope) -> list[Made]:
    return [
        cell
        for cell in cells
        if cell.protocol == scope.protocol and (scope.trained_on is None or cell.trained_on in (None, scope.trained_on))
    ]


def check_table(table: Table, cells: Sequence[Made], several: bool) -> dict[str, Naive]:
    """Ranks, order and values of every metric."""
    naives = {metric: Naive(renamed(cells, several), metric) for metric in METRICS}
    for metric, naive in naives.items():
        assert (metric in table.standings) == bool(naive.names)
        if not naive.names:
            continue
        standings = table.standings[metric]
        assert {entrant.name for entrant in standings.entrants} == set(naive.names)
        keys = []
        for entrant in standings.entrants:
            rank, value = standings.rank(entrant), standings.value(entrant)
            assert (rank.low, rank.high) == naive.ranks[entrant.name]
            mean = naive.mean(entrant.name)
            assert (value.estimate is None) == (mean is None)
            assert mean is None or value.estimate == pytest.approx(mean, abs=1e-9)
            keys.append((rank.low, rank.high, 0.0 if mean is None else -mean if naive.up else mean))
            assert standings.identical(entrant) == naive.identical(entrant.name)
        assert all(one[:2] <= other[:2] for one, other in itertools.pairwise(keys))
        assert all(
            one[2] <= other[2] + 1e-9
            for one, other in itertools.pairwise(keys)
            if one[:2] == other[:2] and 0.0 not in (one[2], other[2])
        )
        pairs = {(a, b) for a in naive.names for b in naive.tied(a)}
        said = ties(standings)
        for a, b in itertools.combinations([entrant.name for entrant in standings.entrants], 2):
            listed = said.startswith("No two") or re.search(rf"[:;] {re.escape(a)} from [^;]*{re.escape(b)}", said)
            assert bool(listed) == ((a, b) in pairs), said
    return naives


def renamed(cells: Sequence[Made], several: bool) -> list[Made]:
    """Methods called as the page calls them, where what they learned from tells them apart."""
    from dataclasses import replace

    return [replace(cell, method=named(cell, several)) for cell in cells]


def check_values(table: Table, naives: dict[str, Naive]) -> None:
    """What the cells of the table show."""
    for row, (place, column) in itertools.product(table.rows, enumerate(table.columns)):
        value, naive = row.values[place], naives[column.metric]
        if row.entrant.name not in naive.names:
            assert value.number is None and value.missing
            continue
        scores = set(naive.scores[row.entrant.name].values())
        mean = naive.mean(row.entrant.name)
        expected = mean if mean is not None else scores.pop() if len(scores) == 1 else None
        assert value.number == (None if expected is None else pytest.approx(expected))
        assert value.number is not None or value.missing
        marked = value.note is not None and "means and differences in PSNR are of" in table.notes[value.note - 1]
        assert marked == (len(naive.common) < len(naive.places))
        if marked:
            assert value.note is not None
            assert table.notes[value.note - 1].startswith(f"{len(naive.places) - len(naive.common)} of ")
        assert value.has_whisker == (mean is not None and len({naive.unit[p] for p in naive.common}) >= 6)
        if value.has_whisker:
            assert value.interval is not None and value.interval.low is not None and value.interval.high is not None
            by_unit: dict[Unit, list[float]] = {}
            for where in naive.common:
                by_unit.setdefault(naive.unit[where], []).append(naive.scores[row.entrant.name][where])
            means = [sum(own) / len(own) for own in by_unit.values()]
            if value.interval.low < min(means) - 1e-9 or value.interval.high > max(means) + 1e-9:
                assert value.doubt is not None, "it reaches beyond every value seen"
            assert value.doubt is None or "unreliable" in table.notes[value.doubt - 1]


@pytest.mark.parametrize("seed", range(200))
def test_every_sentence_rank_and_number_holds_against_plain_loops(seed: int) -> None:
    cells = draw(seed)
    results = results_of(cells)
    for scope in results.scopes:
        own = inside(cells, scope)
        several = len({cell.trained_on for cell in cells} - {None}) > 1
        pooled = build_table(scope, results.metrics)
        names = scope.datasets()
        single = {name: build_table(scope, results.metrics, name) for name in names} if len(names) > 1 else {}
        naives = check_table(pooled, own, several)
        check_values(pooled, naives)
        parts = {}
        for name, table in single.items():
            parts[name] = check_table(table, [cell for cell in own if cell.dataset == name], several)
            check_values(table, parts[name])
        for metric in METRICS:
            if metric in pooled.standings:
                said = findings(pooled, list(single.values()) or [pooled], metric)
                others = {other: one for other, one in naives.items() if other != metric and one.names}
                Reader(naives[metric], {name: own[metric] for name, own in parts.items()}, others, names).lead(said)
            for name, table in single.items():
                if metric in table.standings:
                    others = {other: one for other, one in parts[name].items() if other != metric and one.names}
                    said = findings(table, [table], metric)
                    Reader(parts[name][metric], {name: parts[name][metric]}, others, [name]).lead(said)
        units = max((one.units for one in naives.values()), default=0)
        grouped = re.search(r"in (\d+) independent group", caption(pooled))
        images = max((len(one.places) for one in naives.values()), default=0)
        assert (int(grouped[1]) if grouped else images) == units
