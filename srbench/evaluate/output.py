"""What a method returned, checked before anything is made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from srbench.errors import SrbenchError

if TYPE_CHECKING:
    import torch


class BadOutput(SrbenchError):
    """A method returned something that is no set of images: wrong shape, not finite, not float32."""


class NotFinite(BadOutput):
    """Values that are infinite, or no numbers. advice: what may help, if anything is known."""

    def __init__(self, told: str, advice: str = "") -> None:
        super().__init__(f"{told}. {advice}" if advice else told)


def finite(what: str, output: torch.Tensor, advice: str = "") -> torch.Tensor:
    """The images `(N, C, H, W)`. Raises `NotFinite` where a value is infinite, or no number; `what` returned them."""
    import torch

    # The extremes are not finite when any value is not, and take no memory of the images' size.
    if torch.stack(output.aminmax()).isfinite().all():
        return output
    by_image = (~torch.isfinite(output)).flatten(1).sum(1)
    images = f" in {int((by_image > 0).sum())} of {len(by_image)} images" if len(by_image) > 1 else ""
    told = f"{what} returned {int(by_image.sum())} of {output.numel()} values{images} that are not finite"
    raise NotFinite(told, advice)


def checked(output: object, shape: tuple[int, ...], function: str, wanted: str) -> torch.Tensor:
    """The images that a method's function returned; raises `BadOutput` when they are none, of this shape.

    wanted: what messages say before the shape, such as "it should be".
    """
    import torch

    if not isinstance(output, torch.Tensor):
        raise BadOutput(f"{function} returned {type(output).__name__} instead of a tensor")
    if tuple(output.shape) != shape:
        raise BadOutput(f"{function} returned the shape {tuple(output.shape)}; {wanted} {shape}")
    if output.dtype != torch.float32:
        raise BadOutput(f"{function} returned {output.dtype}; it should be torch.float32")
    return finite(function, output)
