"""What the splits of a dataset hold, in the words of a table: how many images and groups, their size, depth and LR."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from srbench.leaderboard.board.contents import BoardSplit
from srbench.leaderboard.words.numerals import DASH, listing, plural

_Kind = TypeVar("_Kind", int, str)
_SPLITS = {"train": "trained on", "test": "tested on"}
_COLOURS = {1: "grey", 3: "colour"}
_DEPTHS = {"uint8": "8 bits", "uint16": "16 bits", "float32": "32-bit floating point"}


@dataclass(frozen=True)
class SplitLine:
    """A split as its row in the table. lr: whose its LR is, where not all of it is made from HR."""

    name: str
    images: int
    groups: int
    size: str
    kind: str
    lr: str


def split_lines(splits: Sequence[BoardSplit | str]) -> list[SplitLine]:
    """The splits that are known in full; those that an earlier srbench told in a line are left out."""
    return [_line(one) for one in splits if isinstance(one, BoardSplit)]


def split_words(splits: Sequence[BoardSplit | str]) -> list[str]:
    """The splits that are known as a line alone."""
    return [one for one in splits if isinstance(one, str)]


def _line(one: BoardSplit) -> SplitLine:
    return SplitLine(
        _SPLITS.get(one.split, one.split),
        one.images,
        one.groups,
        _size(one.smallest, one.largest),
        ", ".join(filter(None, (_listed(one.channels, _COLOURS), _listed(one.depths, _DEPTHS)))) or DASH,
        _lr(one.lr, one.lone, one.images),
    )


def _size(smallest: tuple[int, int] | None, largest: tuple[int, int] | None) -> str:
    """`384 × 172 to 384 × 384`: width and height."""
    if smallest is None or largest is None:
        return DASH
    ends = dict.fromkeys(f"{width:,} × {height:,}" for height, width in (smallest, largest))
    return " to ".join(ends)


def _listed(found: Sequence[_Kind], words: Mapping[_Kind, str]) -> str:
    return listing([words.get(one, str(one)) for one in found])


def _lr(shipped: Mapping[str, int], lone: int, images: int) -> str:
    """LR that comes with the images, or LR alone; empty where all of it is made from HR."""
    told = [name if count == images else f"{name} (of {plural(count, 'image')})" for name, count in shipped.items()]
    words = [f"comes with HR: {'; '.join(told)}"] if told else []
    if lone:
        words.append("alone, without HR" if lone == images else f"alone, without HR: {plural(lone, 'image')}")
    return "; ".join(words)
