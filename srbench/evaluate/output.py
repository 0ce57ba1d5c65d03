"""What a method returned, checked before anything is made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from srbench.errors import SrbenchError

if TYPE_CHECKING:
    import torch


class BadOutput(SrbenchError):
    """A method returned something that is no set of images: wrong shape, not finite, not float32."""


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
    # The extremes are not finite when any value is not, and take no memory of the images' size.
    if not torch.stack(output.aminmax()).isfinite().all():
        wrong = int((~torch.isfinite(output)).sum())
        raise BadOutput(f"{function} returned {wrong} of {output.numel()} values that are not finite")
    return output
