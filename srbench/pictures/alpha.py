"""Transparent pictures: what to do about colours that are not seen, and how transparency itself is upscaled.

A method knows nothing of alpha. It would mix the colours stored under transparent pixels, often black or rubbish, into
the visible edge; multiplying colours by alpha instead would show it a dark fringe that is not there. So unseen colours
are replaced by those of the visible pixels around them, the method upscales that, and alpha is interpolated.
"""

from __future__ import annotations

import numpy as np

from srbench.pictures import Image, Scale, Values, enlarged, to_image, to_tensor
from srbench.pictures.resize import resize


def without_unseen_colours(image: Image, alpha: Image, values: Values) -> Image:
    """The picture `(H, W, C)` with the colours of fully transparent pixels replaced by those of visible ones nearby.

    alpha: `(H, W, 1)`. Pixels that are seen at all keep their colour; where none is, all is black. What was stored
    under transparent pixels does not influence the result.
    """
    seen = alpha > 0
    if not seen.any():
        return np.full_like(image, values.low)
    filled = _filled(np.where(seen, image, 0).astype(np.float32), seen.astype(np.float32))
    filled = filled.clip(values.low, values.high)  # a rounded mean may be a last digit above what it is a mean of
    if image.dtype != np.float32:
        filled = np.floor(filled + 0.5)
    return np.where(seen, image, filled.astype(image.dtype))


def _filled(colours: Image, weight: Image) -> Image:
    """Pixels of weight 0 get the colour of the smallest block around them in which something is seen.

    Blocks are of 2 x 2, 4 x 4, ... pixels, each the weighted mean of the four below it: the pull and push of Gortler et
    al., "The Lumigraph" (1996), section 3.4.2, without its smoothing, since nothing of it is ever looked at.
    """
    height, width = weight.shape[:2]
    if (weight > 0).all() or height == width == 1:
        return colours
    even = ((0, height % 2), (0, width % 2), (0, 0))
    weights = _blocks(np.pad(weight, even))
    sums = _blocks(np.pad(colours * weight, even))
    coarse = np.divide(sums, weights, where=weights > 0, out=np.zeros_like(sums))
    coarse = _filled(coarse, np.minimum(weights, 1))
    return np.where(weight > 0, colours, coarse.repeat(2, axis=0).repeat(2, axis=1)[:height, :width])


def _blocks(values: Image) -> Image:
    """Sums over 2 x 2 pixels."""
    total: Image = values[::2, ::2] + values[1::2, ::2] + values[::2, 1::2] + values[1::2, 1::2]
    return total


def upscaled_alpha(alpha: Image, scale: Scale) -> Image:
    """Alpha `(H * scale, W * scale, 1)` from `(H, W, 1)`, by bicubic interpolation, in its own depth.

    Areas that are opaque or fully transparent stay so, which a learned method would not promise.
    """
    values = Values.of(alpha)
    height, width = (enlarged(side, scale) for side in alpha.shape[:2])
    return to_image(resize(to_tensor(alpha, values), scale)[..., :height, :width], alpha, values)
