"""LR that is drawn anew while a training goes on, where a degradation draws."""

from __future__ import annotations

from srbench.pictures import Image
from srbench.training.data.cache import Kept, PictureCache
from srbench.training.data.pairs import Pair


class Draws:
    """LR of training images, another draw of an image whenever patches have covered the area of the one before.

    So LR is degraded about once for each of its pixels that is learned from, and every patch is the protocol's LR of
    the whole image. Which draw comes when hangs on `covered` alone, so that a resumed training meets the same.

    seed: the training's. cache: what keeps the latest draws; memory alone unless told. covered: the LR pixels that
    patches took of each image and size until now.
    """

    def __init__(self, seed: int, cache: PictureCache | None = None) -> None:
        self.covered: dict[str, int] = {}
        self._seed = seed
        self.cache = PictureCache() if cache is None else cache
        self._latest: dict[str, tuple[int, Kept]] = {}

    def lr(self, pair: Pair, area: int) -> Image:
        """The LR to cut the next patch from, which has so many pixels; where nothing is drawn, that of the pair.

        It stays until the next draw of the image.
        """
        if pair.redraw is None:
            return pair.lr
        name = f"{pair.size:g} {pair.id}"
        covered = self.covered.get(name, 0)
        self.covered[name] = covered + area
        number = covered // (pair.lr.shape[0] * pair.lr.shape[1])
        latest = self._latest.get(name)
        if latest is None or latest[0] != number:
            drawn = pair.redraw((self._seed, number))
            latest = number, self.cache.keep(drawn, None if latest is None else latest[1])
            self._latest[name] = latest
        return latest[1].image
