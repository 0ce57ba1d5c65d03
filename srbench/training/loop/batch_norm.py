"""Batch normalisation over the whole batch where several processes share it, as one process alone would do it.

Torch's SyncBatchNorm does the same on GPUs only; this is plain tensors, and so the same wherever it runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from srbench.training.loop.group import Group

if TYPE_CHECKING:
    import torch
    from torch.nn.modules.batchnorm import _BatchNorm

    Total = Callable[[torch.Tensor], torch.Tensor]


def share_batch_norm(networks: Iterable[torch.nn.Module], group: Group) -> None:
    """While they are in training mode, let these networks' batch normalisation see what all processes see."""
    if group.size > 1:
        total = _adding_up(group)
        for module in _normalising(networks):
            vars(module)["forward"] = partial(_normalised, module, total)


def unshare_batch_norm(networks: Iterable[torch.nn.Module]) -> None:
    """Let them normalise as they are written again."""
    for module in _normalising(networks):
        vars(module).pop("forward", None)


def _normalising(networks: Iterable[torch.nn.Module]) -> Iterator[_BatchNorm]:
    from torch.nn.modules.batchnorm import _BatchNorm

    return (module for network in networks for module in network.modules() if isinstance(module, _BatchNorm))


def _normalised(module: _BatchNorm, total: Total, x: torch.Tensor) -> torch.Tensor:
    """What `module` makes of the part `(N, C, ...)` of a batch that this process has. Computed in 32 bits at least."""
    import torch

    if not module.training:
        normal: torch.Tensor = type(module).forward(module, x)
        return normal
    module._check_input_dim(x)  # type: ignore[no-untyped-call]
    values = x if x.dtype == torch.float64 else x.float()
    shape, over = (1, -1, *[1] * (x.dim() - 2)), [0, *range(2, x.dim())]
    sums = values.new_full((x.shape[1] + 1,), x.numel() / x.shape[1])
    sums = total(torch.cat([values.sum(over), sums[-1:]]))
    count, mean = sums[-1].detach(), sums[:-1] / sums[-1].detach()
    centred = values - mean.view(shape)
    variance = total(centred.square().sum(over)) / count
    made = centred * (variance + module.eps).rsqrt().view(shape)
    if module.affine:
        made = made * module.weight.view(shape) + module.bias.view(shape)
    if module.track_running_stats:
        _remember(module, mean.detach(), variance.detach() * count / (count - 1))
    return made.to(x.dtype)


def _remember(module: _BatchNorm, mean: torch.Tensor, variance: torch.Tensor) -> None:
    """Take statistics of a batch into those that evaluation uses."""
    assert module.num_batches_tracked is not None
    assert module.running_mean is not None and module.running_var is not None
    module.num_batches_tracked.add_(1)
    factor = 1 / float(module.num_batches_tracked) if module.momentum is None else module.momentum
    for running, latest in ((module.running_mean, mean), (module.running_var, variance)):
        running.mul_(1 - factor).add_(latest.to(running.dtype), alpha=factor)


def _adding_up(group: Group) -> Total:
    """The sum over the processes, whose gradient is that of what all of them make of it."""
    import torch

    def added_up(part: torch.Tensor) -> torch.Tensor:
        whole = part.clone()
        group.add_up([whole])
        return whole

    class Sum(torch.autograd.Function):
        @staticmethod
        def forward(context: Any, part: torch.Tensor) -> torch.Tensor:
            return added_up(part)

        @staticmethod
        def backward(context: Any, *gradients: torch.Tensor) -> torch.Tensor:
            return added_up(gradients[0])

    total: Total = Sum.apply
    return total
