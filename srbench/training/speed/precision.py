"""Mixed precision: which number format forward and backward passes use, and the loss scaling that fp16 needs.

Torch's own autocast and GradScaler, without a framework around them: Lightning Fabric hides its scaler, while here one
scaler has to serve several optimisers, gradient clipping and checkpoints; and importing it takes longer than everything
else that a training does before its first step.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from srbench.contract.fit import Precision
from srbench.devices.kinds import kind_of
from srbench.errors import SrbenchError

if TYPE_CHECKING:
    import torch


class PrecisionError(SrbenchError):
    """A precision that the device does not compute in."""


def check_precision(precision: Precision, device: torch.device) -> None:
    """Raise `PrecisionError` where a training in this precision makes no sense on the device."""
    kind = kind_of(device)
    if precision == "fp16" and not kind.scales:
        raise PrecisionError("precision fp16 needs a GPU; on a CPU use precision: bf16, or 32")
    if told := kind.lacks(precision, str(device)):
        raise PrecisionError(told)


def trained_parameters(optimiser: torch.optim.Optimizer) -> list[torch.nn.Parameter]:
    """What an optimiser updates."""
    return [p for group in optimiser.param_groups for p in group["params"] if p.requires_grad]


def autocast(precision: Precision, device: str) -> AbstractContextManager[object]:
    """The context in which networks compute in a precision, on a device that has it.

    A device that only knows shapes (`meta`) computes nothing, and knows no such context.
    """
    import torch

    dtype = {"32": None, "tf32": None, "bf16": torch.bfloat16, "fp16": torch.float16}[precision]
    kind = torch.device(device).type
    if dtype is None or not torch.amp.is_autocast_available(kind):
        return nullcontext()
    return torch.autocast(kind, dtype=dtype)


class MixedPrecision:
    """Autocast, and one loss scale for all optimisers. But for fp16 nothing is scaled.

    A step whose gradients are not finite is left out by the scaler, which then lowers its scale; such steps are
    counted, and are no divergence.
    """

    def __init__(self, precision: Precision, device: torch.device) -> None:
        import torch

        self._precision, self._device = precision, str(device)
        self._scaler = torch.amp.GradScaler(device.type, enabled=precision == "fp16")
        self._one = torch.ones((), device=device)
        self._skipped = torch.zeros((), dtype=torch.int64, device=device)

    def autocast(self) -> AbstractContextManager[object]:
        """The context of a forward pass."""
        return autocast(self._precision, self._device)

    def backward(self, loss: torch.Tensor, parameters: list[torch.nn.Parameter]) -> None:
        """Add the gradient of a loss to that of these parameters, and of no others."""
        self._scaler.scale(loss).backward(inputs=parameters)  # type: ignore[no-untyped-call]

    def step(self, optimisers: Iterable[torch.optim.Optimizer], clip: float | None) -> None:
        """Update what the optimisers update; the gradient of each is first clipped to a norm of `clip`."""
        import torch

        optimisers = list(optimisers)
        if clip is not None:
            for optimiser in optimisers:
                self._scaler.unscale_(optimiser)
                torch.nn.utils.clip_grad_norm_(trained_parameters(optimiser), clip)
        if not self._scaler.is_enabled():
            for optimiser in optimisers:
                optimiser.step()
            return
        before = self._scaler.scale(self._one)
        for optimiser in optimisers:
            self._scaler.step(optimiser)
        self._scaler.update()
        # A product with the scale is the public way to it that does not wait for the GPU.
        self._skipped += self._scaler.scale(self._one) < before

    @property
    def skipped(self) -> int:
        """Steps left out since `clear_skipped`."""
        return int(self._skipped)

    def clear_skipped(self) -> None:
        """Count from 0 again."""
        self._skipped.zero_()

    def state(self) -> dict[str, Any]:
        """Everything, for `restore`."""
        return {"scaler": self._scaler.state_dict(), "skipped": self.skipped}

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from there."""
        self._scaler.load_state_dict(state["scaler"])
        self._skipped.fill_(state["skipped"])
