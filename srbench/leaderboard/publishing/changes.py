"""What changed since a board was published before: which values moved, beyond noise or within it, and why."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from srbench.leaderboard.results.results import Result, Results, finite_mean
from srbench.leaderboard.results.values import is_scored
from srbench.leaderboard.words.dates import date_words
from srbench.leaderboard.words.numerals import listing, number, plural, warranted_decimals
from srbench.runner.planning.changes import changes as changes_of_key
from srbench.runner.planning.changes import versions_changed
from srbench.statistics.intervals import Interval, paired_difference
from srbench.store.cell import Cell
from srbench.store.frames import TOLERANCE
from srbench.store.record import Record

MOST_KEPT = 20
"""How many changes a board tells of."""
_MOST_NAMED = 8
AGAIN = "made again, with nothing in the key changed"
_Place = tuple[str, str, str, str | None]


class Move(msgspec.Struct, frozen=True):
    """A mean over images and seeds that moved. what: whose, on which dataset, under which protocol.

    metric: its name as it is printed. low, high: the 95 % interval of the difference, paired by image and counted by
    group; None where the images are others, too few, or the metric is of sets. seeds: how far its seeds lay apart, of
    two or more. why: in words.
    """

    what: str
    metric: str
    unit: str
    before: float
    after: float
    why: str
    low: float | None = None
    high: float | None = None
    seeds: float | None = None

    @property
    def is_noise(self) -> bool:
        """Whether it moved by no more than other images, or other seeds, would move it."""
        holds_zero = self.low is not None and self.high is not None and self.low <= 0 <= self.high
        return holds_zero or (self.seeds is not None and abs(self.after - self.before) <= self.seeds)

    def words(self) -> str:
        """`PSNR of srcnn on textures rose by 0.31 dB [0.20, 0.42], from 27.10 to 27.41`."""
        ends = [end for end in (self.low, self.high) if end is not None]
        half = [(ends[1] - ends[0]) / 2] if ends else []
        decimals = warranted_decimals(half, [self.before, self.after])
        while decimals < 12 and round(self.after - self.before, decimals) == 0:
            decimals += 1  # what moved is never printed as nothing
        sign = 1 if self.after > self.before else -1
        shown = ", ".join(number(end, decimals) for end in sorted(sign * end for end in ends))
        interval = f" [{shown}]" if shown else ""
        unit = f" {self.unit}" if self.unit else ""
        by = number(abs(self.after - self.before), decimals)
        before, after = number(self.before, decimals), number(self.after, decimals)
        moved = "rose" if sign > 0 else "fell"
        return f"{self.metric} of {self.what} {moved} by {by}{unit}{interval}, from {before} to {after}"


class Change(msgspec.Struct, frozen=True):
    """A publication against the one before. data, date, answer: the hash of that one's data, its date and its lead.

    new, gone: methods and datasets. moved: what moved by more than noise. noise, still: how many values moved within
    it, and how many did not move.
    """

    data: str
    date: str
    answer: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    moved: tuple[Move, ...] = ()
    noise: int = 0
    still: int = 0
    why: tuple[tuple[str, int], ...] = ()

    def words(self) -> list[str]:
        """It in sentences: who is new and gone, what moved and why, and what did not."""
        said = [f"New: {listing(self.new)}."] if self.new else []
        said += [f"Gone: {listing(self.gone)}."] if self.gone else []
        by_cause: dict[str, list[Move]] = {}
        for move in self.moved:
            by_cause.setdefault(move.why, []).append(move)
        for why, moves in by_cause.items():
            told = [move.words() for move in moves[:_MOST_NAMED]]
            more = len(moves) - len(told)
            said.append(f"{_capital(why)}: {'; '.join(told)}{f'; and {more} more' if more else ''}.")
        if self.noise:
            causes = "; ".join(f"{why} ({count})" for why, count in self.why)
            moved = f"{plural(self.noise, 'value')} moved by no more than noise"
            said.append(f"{moved}: {causes}." if causes else f"{moved}.")
        if not (self.moved or self.noise) and self.still:
            said.append(f"No value moved, of {self.still:,}.")
        return said


def compare_boards(before: Results, after: Results, data: str, date: str, answer: Sequence[str]) -> Change:
    """What changed from one board to the next. data, date, answer: of the first."""
    old, new = _by_place(before), _by_place(after)
    moves, still = list[Move](), 0
    for place in (place for place in new if place in old):
        for metric in after.metrics:
            was, now = _scored(old[place], metric), _scored(new[place], metric)
            if not was or not now:
                continue
            move = _move(place, metric, was, now)
            if move is None:
                still += 1
            else:
                moves.append(move)
    noise = [move for move in moves if move.is_noise]
    return Change(
        data=data,
        date=date,
        answer=tuple(answer),
        new=tuple(_beyond(after, before)),
        gone=tuple(_beyond(before, after)),
        moved=tuple(move for move in moves if not move.is_noise),
        noise=len(noise),
        still=still,
        why=tuple(Counter(move.why for move in noise).most_common(_MOST_NAMED)),
    )


def changes_told(changes: Sequence[Change], answer: Sequence[str]) -> list[dict[str, Any]]:
    """Changes as a page tells them, the latest first; of answers those that became another. answer: the present one."""
    told = []
    for change in changes:
        other = change.answer if change.answer != tuple(answer) else ()
        told.append({"date": date_words(change.date), "data": change.data, "answer": other, "words": change.words()})
        answer = change.answer
    return told


def _beyond(one: Results, other: Results) -> Iterator[str]:
    """Methods, datasets and protocols that one board has results of, and the other has not."""

    def names(results: Results) -> Iterable[tuple[str, str]]:
        for result in results.all:
            if result.record is not None:
                yield from (("", result.entrant.name), ("the dataset ", result.cell.dataset))
                yield "the protocol ", result.cell.protocol

    there = set(names(other))
    yield from (f"{kind}{name}" for kind, name in dict.fromkeys(names(one)) if (kind, name) not in there)


def _by_place(results: Results) -> dict[_Place, list[Result]]:
    found: dict[_Place, list[Result]] = {}
    for result in results.all:
        if result.ok:
            cell = result.cell
            found.setdefault((cell.dataset, cell.protocol, cell.method, cell.trained_on), []).append(result)
    return found


def _scored(results: Sequence[Result], metric: str) -> list[Result]:
    return [result for result in results if is_scored(result, metric)]


def _move(place: _Place, metric: str, was: Sequence[Result], now: Sequence[Result]) -> Move | None:
    """How a value moved; None where it did not, or is no finite number."""
    before, after = _Scores.of(was, metric), _Scores.of(now, metric)
    if not all(map(math.isfinite, (before.mean, after.mean))):
        return None
    same_images = before.images.keys() == after.images.keys()
    pairs = [(before.images[one], after.images[one]) for one in before.images] if same_images else []
    if math.isclose(before.mean, after.mean, rel_tol=TOLERANCE) and all(
        math.isclose(first, second, rel_tol=TOLERANCE, abs_tol=TOLERANCE) for first, second in pairs
    ):
        return None
    dataset, protocol, _, _ = place
    record = now[0].record
    assert record is not None
    interval = Interval(None, None, None, 0, 0)
    if len(pairs) > 1:
        groups = [record.groups.get(image or "") for image in before.images]
        first, second = ([pair[side] for pair in pairs] for side in (0, 1))
        interval = paired_difference(second, first, groups=groups)
    return Move(
        what=f"{now[0].entrant.name} on {dataset}, {protocol}",
        metric=now[0].metric_label(metric),
        unit=record.metrics[metric].unit,
        before=before.mean,
        after=after.mean,
        why=_why(was, now, metric),
        low=interval.low,
        high=interval.high,
        seeds=max(before.spread, after.spread) or None,
    )


@dataclass(frozen=True)
class _Scores:
    """A value of one entrant. images: by image, the mean over seeds. spread: how far the means of seeds lie apart."""

    images: Mapping[str | None, float]
    mean: float
    spread: float

    @classmethod
    def of(cls, results: Sequence[Result], metric: str) -> _Scores:
        by_image: dict[str | None, list[float]] = {}
        means = []
        for result in results:
            scores = result.scores[metric]
            for image, value in scores.items():
                by_image.setdefault(image, []).append(value)
            assert result.record is not None
            known = result.record.metrics[metric].value
            means.append(finite_mean([*scores.values()]) if known is None else known)
        images = {image: finite_mean(by_image[image]) for image in sorted(by_image, key=lambda image: image or "")}
        spread = max(means) - min(means) if all(map(math.isfinite, means)) else 0.0
        return cls(images, finite_mean(means), spread)


def _why(was: Sequence[Result], now: Sequence[Result], metric: str) -> str:
    """Why a value moved: what in the keys is other, which seeds are, what the metric is, or that it was made again."""
    causes: dict[str, None] = {}
    earlier = {result.cell.seed: result.record for result in was}
    for result in now:
        before, record = earlier.get(result.cell.seed), result.record
        if before is None or record is None:
            continue
        causes |= dict.fromkeys(_causes(before, record, metric, result.metric_label(metric)))
    seeds = [len({result.cell.seed for result in results}) for results in (was, now)]
    if seeds[0] != seeds[1]:
        causes[f"{plural(seeds[1], 'seed')} in place of {seeds[0]}"] = None
    return "; ".join(causes) or AGAIN


def _causes(before: Record, after: Record, metric: str, label: str) -> Iterator[str]:
    """What of a cell is other than it was; nothing where only the times are. label: the metric's name as printed."""
    if before.key != after.key:
        cell = Cell("", "", "", None, None, after.ingredients)  # of which the ingredients alone are compared
        yield changes_of_key(before, cell, after.images).removeprefix("changed: ")
    old, new = before.metrics[metric], after.metrics[metric]
    if old.key != new.key:
        versions = versions_changed(old.packages, new.packages)
        yield f"{label} is computed otherwise{versions and f' ({versions})'}"
    devices = [str(record.environment.get("device", "")) for record in (before, after)]
    if before.key == after.key and devices[0] != devices[1] and all(devices):
        yield f"{AGAIN}, on {devices[1]} in place of {devices[0]}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
