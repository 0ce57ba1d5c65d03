"""Values that are probably not what they are taken for: a white that nothing comes near, LR as bright as no HR.

Nothing here is certain: astronomers' pictures are dark. So these are questions to a person, and never errors.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from srbench.contract.dataset import Item
from srbench.pictures import DEPTHS, in_digits

if TYPE_CHECKING:
    from srbench.runner.planning.picture_facts import PictureFacts

_FEWEST_BITS, _MOST_BITS = 8, 14
"""What sensors deliver in files of 16 bits. A picture below half of white has 15 bits, and is nothing unusual."""
_TELLING = 64
"""How many levels must lie between the darkest and the brightest pixel for a picture to say anything of its white."""
_SHIFTED = 2
"""Low bits that are 0 in every pixel: 14 bits or fewer, shifted to the top of 16. Their white is right."""
_FULL = 0.9
"""A single picture is taken for one of fewer bits only when it fills this share of them: dark ones stand in any set."""
_SINGLE_BITS = 12
_FACTOR, _APART = 2.0, 0.01
"""LR is told when its mean, black being 0, is so many times HR's, and this part of the data range away: noise in the
dark is not."""
_NAMED = 5
_USED = 0.5
"""The share of the data range that a split should use."""


def doubts(
    pictures: Sequence[tuple[Item, PictureFacts]], lr: Sequence[tuple[Item, PictureFacts, PictureFacts]]
) -> tuple[str, ...]:
    """What is probably wrong with the values of a split, a sentence each.

    pictures: every item with what is known of its HR. lr: items that bring LR, with HR and LR.
    """
    return (*(_of_white(pictures) or _of_range(pictures)), *_of_gaps(pictures), *_of_brightness(lr))


def _of_range(pictures: Sequence[tuple[Item, PictureFacts]]) -> list[str]:
    """Tell of a data range of which less than `_USED` is used: PSNR and SSIM are computed with all of it."""
    # Of 16 bits and of floats from 0 to 1 pictures may well be dark.
    if any(item.values is None and facts.depth in ("uint8", "uint16", "float32") for item, facts in pictures):
        return []
    ends = [(item.values or DEPTHS[facts.depth], facts) for item, facts in pictures]
    units = np.array([values.to_unit(np.array([facts.low, facts.high])) for values, facts in ends])
    used = float(units[:, 1].max() - units[:, 0].min()) if len(units) else 1.0
    if used >= _USED or any(facts.high == facts.low for _, facts in ends):
        return []
    lowest, highest = min(facts.low for _, facts in ends), max(facts.high for _, facts in ends)
    return [
        f"{100 * used:.2g} % of the range from black to white ({ends[0][0]}) is used: values are from "
        f"{in_digits(lowest)} to {in_digits(highest)}; is `range` right?"
    ]


def _of_gaps(pictures: Sequence[tuple[Item, PictureFacts]]) -> list[str]:
    gaps = {item.id: facts.missing / (facts.shape[0] * facts.shape[1]) for item, facts in pictures if facts.missing}
    if not gaps:
        return []
    share = 100 * sum(gaps.values()) / len(gaps)
    return [f"of {listed(list(gaps))} {share:.2g} % of the pixels were not measured (NaN)"]


def _of_white(pictures: Sequence[tuple[Item, PictureFacts]]) -> list[str]:
    telling = {
        item.id: facts
        for item, facts in pictures
        if item.values is None
        and facts.depth == "uint16"
        and facts.high - facts.low >= _TELLING
        and facts.zero_bits < _SHIFTED
    }
    if not telling:
        return []
    highest = max(facts.high for facts in telling.values())
    bits = _bits(highest)
    if bits <= _MOST_BITS:
        # Others say nothing of white by themselves, but that they are brighter.
        if any(facts.depth == "uint16" and facts.high > highest for _, facts in pictures):
            return []
        return [
            f"no value is above {2**bits - 1} (the highest is {highest:g}), but white is {DEPTHS['uint16'].high:g}: "
            f"did you mean `peak: {2**bits - 1}`?"
        ]
    fewer = [name for name, facts in telling.items() if _is_of_fewer_bits(facts)]
    brighter = sum(_bits(facts.high) > _SINGLE_BITS + 1 for facts in telling.values())
    if not fewer or 2 * brighter < len(telling):
        return []
    most = 2 ** max(_bits(telling[name].high) for name in fewer) - 1
    return [
        f"no value of {listed(fewer)} is above {most}, but others reach {highest:g}: "
        f"{'is it a picture' if len(fewer) == 1 else 'are these pictures'} of {most.bit_length()} bits among those of "
        "16? All have the same white; rescale these"
    ]


def _bits(value: float) -> int:
    return max(_FEWEST_BITS, int(value).bit_length())


def _is_of_fewer_bits(facts: PictureFacts) -> bool:
    bits = _bits(facts.high)
    return bits <= _SINGLE_BITS and facts.high >= _FULL * (2**bits - 1)


def _of_brightness(pictures: Sequence[tuple[Item, PictureFacts, PictureFacts]]) -> list[str]:
    found = {item.id: (hr.mean, lr.mean) for item, hr, lr in pictures if _is_of_another_brightness(item, hr, lr)}
    if not found:
        return []
    first, (hr_mean, lr_mean) = next(iter(found.items()))
    return [
        f"the LR of {listed(list(found))} is not as bright as its HR (the mean of {first} is {lr_mean:.4g} in LR and "
        f"{hr_mean:.4g} in HR): have both the same white?"
    ]


def _is_of_another_brightness(item: Item, hr: PictureFacts, lr: PictureFacts) -> bool:
    values = item.values or DEPTHS[hr.depth]
    darker, brighter = np.sort(values.to_unit(np.array([hr.mean, lr.mean])))
    return bool(brighter > _FACTOR * darker and brighter - darker > _APART)


def listed(names: Sequence[str]) -> str:
    """The first of some names, and how many more there are."""
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
