"""LR that is drawn anew while a training goes on, where a degradation draws."""

from __future__ import annotations

from srbench.pictures import Image
from srbench.training.data.pairs import Pair


class Draws:
    """LR of training images, another draw of an image whenever patches have covered the area of the one before.

    So LR is degraded about once for each of its pixels that is learned from, and every patch is the protocol's LR of
    the whole image. Which draw comes when hangs on `covered` alone, so that a resumed training meets the same.

    seed: the training's. covered: the LR pixels that patches took of each image and size until now.
    """

    def __init__(self, seed: int) -> None:
        self.covered: dict[str, int] = {}
        self._seed = seed
        self._latest: dict[str, tuple[int, Image]] = {}

    def lr(self, pair: Pair, area: int) -> Image:
        """The LR to cut the next patch from, which has so many pixels; where nothing is drawn, that of the pair."""
        if pair.redraw is None:
            return pair.lr
        name = f"{pair.size:g} {pair.id}"
        covered = self.covered.get(name, 0)
        self.covered[name] = covered + area
        number = covered // (pair.lr.shape[0] * pair.lr.shape[1])
        if name not in self._latest or self._latest[name][0] != number:
            self._latest[name] = number, pair.redraw((self._seed, number))
        return self._latest[name][1]
