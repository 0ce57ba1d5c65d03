"""Dividing a set into a training and a test split, whole groups to either."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from random import Random

from .naming import NamelessError


def divided(
    groups: Sequence[str], labels: Sequence[str | None], share: float, seed: int, stratified: bool
) -> list[bool]:
    """Which images are tested on: whole groups, until every class has its share.

    groups: the group of each image. labels: its class. share: of the images to be tested on, in (0, 1). seed: of the
    order in which groups are asked. stratified: each class for itself, as far as groups that hold several allow.

    Groups come in an order that the seed and their names decide, each by itself, so that another group in the set moves
    no other one in it. Raises `NamelessError` where one of the splits would be empty.
    """
    members: dict[str, list[int]] = {}
    for place, group in enumerate(groups):
        members.setdefault(group, []).append(place)
    classes = labels if stratified else [None] * len(labels)
    total = Counter(classes)
    tested: Counter[str | None] = Counter()
    chosen: set[str] = set()
    for group in sorted(members, key=lambda group: hashlib.sha256(f"{seed}|{group}".encode()).hexdigest()):
        held = Counter(classes[place] for place in members[group])
        rarest = min(held, key=lambda label: (total[label], str(label)))
        if tested[rarest] + held[rarest] / 2 <= share * total[rarest]:
            chosen.add(group)
            tested += held
    if not chosen or len(chosen) == len(members):
        raise NamelessError(
            f"{len(members)} groups of {len(groups)} images cannot be divided with `share: {share:g}`: one split would "
            "be empty"
        )
    return [group in chosen for group in groups]


def balanced(labels: Mapping[str, str | None], seed: int) -> set[str]:
    """Images, by id, so many of each class as the rarest has; drawn."""
    by_class: dict[str | None, list[str]] = {}
    for image, label in labels.items():
        by_class.setdefault(label, []).append(image)
    fewest = min(map(len, by_class.values()))
    drawn = Random(seed)
    return {image for label in sorted(by_class, key=str) for image in drawn.sample(sorted(by_class[label]), fewest)}
