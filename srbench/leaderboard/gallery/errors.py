"""Error maps: what they show, their colours, and the one scale that all of a board have.

The scale is chosen from the errors of the first method, so that it is the same for all methods, and stays when others
are added: the smallest of 1, 2, 5, 10, 20, 50 ... hundredths of a percent that 99 % of the pixels are below in each
image that is shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from srbench.contract.protocol import Y_WEIGHTS, Channel, Protocol
from srbench.pictures import LUMA, Image, Values

Errors = npt.NDArray[np.float64]
WIDEST = 0.2
"""The absolute error, as a part of the data range, at which an error map reaches its last colour, at most."""
_SCALES = (*(float(f"{digit}e{power}") for power in (-4, -3, -2) for digit in (1, 2, 5)), 0.1, WIDEST)
_BELOW = 0.99
_UNSCORED = 255


def error_map(sr: Image, hr: Image, values: Values, protocol: Protocol) -> Errors:
    """The absolute error of what the protocol scores, `(H, W)`, as a part of the data range; NaN in the border."""
    full = np.full(sr.shape[:2], np.nan)
    border = protocol.border
    full[border : sr.shape[0] - border, border : sr.shape[1] - border] = protocol.errors(sr, hr, values)
    return full


def high_error(maps: Iterable[Errors]) -> float | None:
    """The error that 99 % of the pixels are below in each image; None where no pixel is scored."""
    scored = (known for one in maps if len(known := one[~np.isnan(one)]))
    return max((float(np.quantile(known, _BELOW)) for known in scored), default=None)


def error_scale(high: Iterable[float | None]) -> float:
    """The error at which maps reach their last colour. high: of the first method, of everything that is shown."""
    highest = max((one for one in high if one is not None), default=WIDEST)
    return next((scale for scale in _SCALES if scale >= highest), WIDEST)


def write_error(path: Path, errors: Errors, white: float) -> None:
    """Write a map as a picture. white: the error of the last colour."""
    from PIL import Image as Pillow

    steps = np.floor(np.clip(np.nan_to_num(errors) / white, 0, 1) * 254 + 0.5).astype(np.uint8)
    steps[np.isnan(errors)] = _UNSCORED
    picture = Pillow.fromarray(steps)
    picture.putpalette(_palette())
    picture.save(path, compress_level=7)


@cache
def _palette() -> bytes:
    """Magma over 255 steps, and a neutral grey for the border that is not scored."""
    import matplotlib

    steps = matplotlib.colormaps["magma"](np.linspace(0, 1, 255))[:, :3]
    colours = np.vstack([steps, [[0.5, 0.5, 0.5]]])
    return np.floor(colours * 255 + 0.5).astype(np.uint8).tobytes()


def error_weights(channel: Channel) -> tuple[float, float, float] | None:
    """How red, green and blue are added up before errors are taken; None where each counts by itself."""
    return {"y": Y_WEIGHTS, "gray": LUMA}.get(channel)


def error_colours() -> list[str]:
    """The colours from no error to the last one, as `#rrggbb`."""
    colours = np.frombuffer(_palette(), dtype=np.uint8).reshape(-1, 3)[:_UNSCORED]
    return ["#{:02x}{:02x}{:02x}".format(*colour) for colour in colours]


def error_legend() -> str:
    """The colours as a CSS gradient, from no error to the last one."""
    colours = np.frombuffer(_palette(), dtype=np.uint8).reshape(-1, 3)
    stops = ", ".join("rgb({} {} {})".format(*colours[place]) for place in np.linspace(0, 254, 9).astype(int))
    return f"linear-gradient(to right, {stops})"
