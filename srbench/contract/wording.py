"""The words of a task's pages, and the costs that they show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Format = Literal["significant", "whole", "count", "giga", "duration", "latency"]
"""How a cost is written. `significant`: with the digits that count. `whole`: without decimals. `count`: `57 k`.
`giga`: `52.7 G`. `duration`: of seconds. `latency`: a median in ms, with what else is known of the calls."""
Bound = Literal["ceiling", "floor"]


@dataclass(frozen=True)
class Cost:
    """A number of what a cell cost, as the pages show it.

    name: among a record's costs. label: on the page of a cell; where it is empty, no page shows this cost. format: how
    it is written, times `factor`. head, title: of its column in the table of costs, and what the pointer is told there;
    without a head the table leaves it out.
    """

    name: str
    label: str
    format: Format = "significant"
    factor: float = 1.0
    head: str = ""
    title: str = ""


@dataclass(frozen=True)
class Speed:
    """How the time of use is shown.

    cost: its name among a record's costs; factor: from there to ms. name: in `board.json`. head, aside: of the column.
    axis: of the figure. does: what the method does in so many ms, in a sentence.
    """

    cost: str
    factor: float
    name: str
    head: str
    aside: str
    axis: str
    does: str


@dataclass(frozen=True)
class Wording:
    """The words of a task's pages.

    entrant: what is ranked. picture: what it makes. pictures: the head of the column that counts them. each: what
    follows the number of pictures that a table is about. compared: how differences are taken. scores: the caption of a
    cell's metrics. whole_set: the remark beside a metric that is of no single picture. reading: how to read ranks;
    whiskers, groups: what to know of them where there are any. few_seeds: the footnote where there are fewer than
    three. bounds: what stands in a row of its own as ceiling or floor of the metrics that know one, by which of the two
    it is; bounds_note: its footnote. costs_reading: below the table of costs.
    """

    entrant: str
    picture: str
    pictures: str
    each: str
    compared: str
    scores: str
    whole_set: str
    reading: str
    whiskers: str
    groups: str
    few_seeds: str
    bounds: tuple[tuple[Bound, str], ...]
    bounds_note: str
    costs_reading: str
    speed: Speed
