"""The subgroups of a test split: by each attribute that its items have, the images of every value.

Numbers of many values, such as ages, are cut at their quartiles. What names cases and does not sort them is refused:
it would publish who they are, and compare nothing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Hashable, Mapping, Sequence
from itertools import pairwise
from statistics import fmean

import numpy as np

from srbench.contract.dataset import DatasetError, Item

Subgroups = Mapping[str, Mapping[str, Sequence[str]]]
"""Image ids by attribute and value, the values in order."""

_MOST_VALUES = 8
"""Numbers of more values are cut at their quartiles; so many values may well be of one case each."""


def subgroups(dataset: str, items: Sequence[Item]) -> Subgroups:
    """The subgroups of a dataset's items. An image without a value is in none.

    Raises `DatasetError` for an attribute whose values are of one case each: for all of them, or for more than half of
    more than eight.
    """
    names = dict.fromkeys(name for item in items for name in item.attributes)
    if "class" in names:
        raise DatasetError(f"{dataset}: subgroups by 'class' are those of the labels; give the column another name")
    return {name: _divided(dataset, name, [item for item in items if item.attributes.get(name)]) for name in names}


def _divided(dataset: str, name: str, items: Sequence[Item]) -> Mapping[str, Sequence[str]]:
    units: dict[str, set[Hashable]] = {}
    for item in items:
        units.setdefault(item.attributes[name], set()).add(_unit(item))
    numbers = {value: number for value in units if math.isfinite(number := _number(value))}
    if len(numbers) == len(units) > _MOST_VALUES:
        return _quartiles(items, {item.id: numbers[item.attributes[name]] for item in items})
    alone = sum(len(found) == 1 for found in units.values())
    if alone == len(units) > 1 or (len(units) > _MOST_VALUES and 2 * alone > len(units)):
        raise DatasetError(
            f"{dataset}: subgroups by {name!r} cannot be used: {alone} of its {len(units)} values are of one image or "
            "group each, so that it names them and compares nothing; name what many have in common, a site or a device"
        )
    order = sorted(units, key=lambda value: (numbers.get(value, math.inf), _natural(value)))
    return {value: [item.id for item in items if item.attributes[name] == value] for value in order}


def _quartiles(items: Sequence[Item], numbers: Mapping[str, float]) -> Mapping[str, Sequence[str]]:
    """Four subgroups with as many cases each, or fewer where many have the same number."""
    of_units: dict[Hashable, list[float]] = {}
    for item in items:
        of_units.setdefault(_unit(item), []).append(numbers[item.id])
    quartiles = np.quantile([fmean(found) for found in of_units.values()], [0.25, 0.5, 0.75], method="higher")
    ends = list(dict.fromkeys(map(float, quartiles)))
    told = [f"{end:.10g}" for end in ends]
    between = [f"{low} to under {high}" for low, high in pairwise(told)]
    found: dict[str, list[str]] = {name: [] for name in (f"under {told[0]}", *between, f"{told[-1]} and over")}
    names = list(found)
    for image, number in numbers.items():
        found[names[int(np.searchsorted(ends, number, side="right"))]].append(image)
    return {name: images for name, images in found.items() if images}


def _unit(item: Item) -> Hashable:
    return ("image", item.id) if item.group is None else ("group", item.group)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _natural(text: str) -> list[tuple[int, str]]:
    """Sorts `site 2` before `site 10`."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", text.casefold())]
