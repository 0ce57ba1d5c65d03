"""One training loop for all of them: seeded, augmented, stopped by the part held out, resumable between epochs."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from srbench.contract.fit import Interrupted
from srbench.training.loop.checkpoint import read_checkpoint, write_checkpoint

from .rows import Array

Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
Indices = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Course:
    """How long and how fast a network learns.

    epochs: at most so many passes. patience: passes without a better loss on the part held out before it stops.
    learning_rate: of AdamW (Loshchilov and Hutter 2019), falling to zero as a cosine over `epochs`.
    """

    epochs: int = 10
    patience: int = 4
    batch_size: int = 8
    learning_rate: float = 1e-3


class Source(Protocol):
    """Arrays of one shape that can be taken by their numbers: `Rows`, or one array of numbers."""

    def __len__(self) -> int:
        """How many there are."""

    def take(self, indices: Indices, /) -> Array:
        """Some of them, `(len(indices), *shape)`."""


@dataclass(frozen=True)
class Examples:
    """Inputs with their targets; `held` marks those that are not learned from."""

    inputs: Source
    targets: Source
    held: npt.NDArray[np.bool_]

    def batch(self, indices: Indices, device: str) -> tuple[torch.Tensor, torch.Tensor]:
        """Some of them as tensors, the inputs float32."""
        inputs, targets = (torch.from_numpy(rows.take(indices)) for rows in (self.inputs, self.targets))
        return inputs.to(device).float(), targets.to(device)


@dataclass(frozen=True)
class Circumstances:
    """Where a training runs. folder: holds its checkpoint, if it should keep one."""

    seed: int
    device: str = "cpu"
    folder: Path | None = None
    progress: Callable[[float, str], None] = field(default=lambda done, message: None)
    stop: Callable[[], bool] = field(default=lambda: False)


def learn(network: nn.Module, examples: Examples, loss: Loss, course: Course, where: Circumstances) -> int:
    """Train `network` in place and leave it with the weights that did best on the part held out, in evaluation mode.

    Layers that the network calls `unnormalised` start standardised. Returns the number of epochs it learned. Where
    nothing is held out, the last weights stay. The network should have been made with torch's generator seeded; all
    randomness from there on comes from `where.seed`, and torch's own generators are left as they were. Raises
    `Interrupted` when asked to stop.
    """
    fitting, held = (np.flatnonzero(examples.held == value) for value in (False, True))
    network.to(where.device)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload] # half again as fast on a CPU
    if isinstance(network, HasUnnormalised):
        chosen = np.random.default_rng(where.seed).permutation(fitting)[:STANDARDISED_ON]
        standardise(network, network.unnormalised(), examples.batch(chosen, where.device)[0])
    optimiser = torch.optim.AdamW(network.parameters(), course.learning_rate)
    state = _State()
    if where.folder is not None and (found := read_checkpoint(where.folder)) is not None:
        state = _State(**found["state"])
        network.load_state_dict(found["network"])
        optimiser.load_state_dict(found["optimiser"])
    while state.epoch < course.epochs and state.waited < course.patience:
        for group in optimiser.param_groups:
            group["lr"] = course.learning_rate * (1 + math.cos(math.pi * state.epoch / course.epochs)) / 2
        # A generator for each epoch: an epoch repeated after an interruption is the same epoch.
        with _seeded(where, state.epoch) as generator:
            network.train()
            order = fitting[torch.randperm(len(fitting), generator=generator).numpy()]
            for start in range(0, len(order), course.batch_size):
                if where.stop():
                    raise Interrupted
                inputs, targets = examples.batch(order[start : start + course.batch_size], where.device)
                if len(inputs) == 1 and len(order) > 1:
                    continue  # batch normalisation cannot do with one; another one is left over in the next epoch
                inputs, targets = _turned(inputs, targets, generator)
                optimiser.zero_grad(set_to_none=True)
                error = loss(network(inputs.contiguous(memory_format=torch.channels_last)), targets)
                error.backward()  # type: ignore[no-untyped-call]
                optimiser.step()
        network.eval()
        state.learned(_mean_loss(network, examples, held, loss, course, where.device), network)
        if where.folder is not None:
            whole = {"state": vars(state), "network": network.state_dict(), "optimiser": optimiser.state_dict()}
            write_checkpoint(where.folder, whole)
        where.progress(state.epoch / course.epochs, f"epoch {state.epoch}, held-out loss {state.best_loss:.3g}")
    if state.best is not None:
        network.load_state_dict(state.best)
    network.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload] # as it will be when loaded
    network.eval()
    return state.epoch


@dataclass
class _State:
    """How far a training has come. best: the weights with the lowest loss on the part held out."""

    epoch: int = 0
    waited: int = 0
    best_loss: float = math.inf
    best: dict[str, Any] | None = None

    def learned(self, loss: float | None, network: nn.Module) -> None:
        """Take note of another epoch and the loss after it; None where nothing is held out."""
        self.epoch += 1
        if loss is None:
            return
        self.waited += 1
        if loss < self.best_loss:
            self.best_loss, self.waited = loss, 0
            self.best = copy.deepcopy(network.state_dict())


STANDARDISED_ON = 16
"""Pictures whose statistics set the initial scale of layers."""


@runtime_checkable
class HasUnnormalised(Protocol):
    """A network that has layers without a normalisation behind them."""

    def unnormalised(self) -> list[nn.Module]:
        """Those layers, in the order in which images pass through them."""


def standardise(network: nn.Module, layers: list[nn.Module], inputs: torch.Tensor) -> None:
    """Scale and shift initial weights so that each unit of `layers` has mean 0 and deviation 1 over `inputs`.

    Without it SkinLesNet, whose inputs are all positive and which normalises nothing, often learns nothing in its
    first dozens of epochs. Mishkin and Matas, "All you need is a good init", 2016; Krähenbühl et al., "Data-dependent
    initializations of convolutional neural networks", 2016.
    """
    network.eval()
    for layer in layers:
        assert isinstance(layer, nn.Conv2d | nn.Linear) and layer.bias is not None
        seen: list[torch.Tensor] = []
        hook = layer.register_forward_hook(lambda module, given, output, seen=seen: seen.append(output.detach()))
        with torch.no_grad():
            network(inputs)
            hook.remove()
            units = seen[0].transpose(0, 1).flatten(1)
            mean, deviation = units.mean(1), units.std(1, correction=0)
            deviation = torch.where(deviation > 1e-6, deviation, 1.0)  # a unit that sees nothing change is left alone
            layer.weight.div_(deviation.view(-1, *[1] * (layer.weight.ndim - 1)))
            layer.bias.sub_(mean).div_(deviation)


class _seeded:  # noqa: N801 (a context manager, used like a function)
    """torch's global generators (dropout draws from them) seeded inside, restored outside; gives one of its own."""

    def __init__(self, where: Circumstances, epoch: int) -> None:
        self._seed = int(np.random.SeedSequence((where.seed, epoch)).generate_state(1)[0])
        devices = [torch.device(where.device)] if where.device.startswith("cuda") else []
        self._fork = torch.random.fork_rng(devices)

    def __enter__(self) -> torch.Generator:
        self._fork.__enter__()
        torch.manual_seed(self._seed)
        return torch.Generator().manual_seed(self._seed)

    def __exit__(self, *error: Any) -> None:
        self._fork.__exit__(*error)


def _turned(
    inputs: torch.Tensor, targets: torch.Tensor, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Each picture flipped and turned by quarters at random, its mask (targets with pixels) with it."""
    poses = torch.randint(8, (len(inputs),), generator=generator).tolist()
    masks = targets.ndim == inputs.ndim
    return (
        torch.stack([_posed(image, pose) for image, pose in zip(inputs, poses, strict=True)]),
        torch.stack([_posed(mask, pose) for mask, pose in zip(targets, poses, strict=True)]) if masks else targets,
    )


def _posed(image: torch.Tensor, pose: int) -> torch.Tensor:
    turned = torch.rot90(image, pose % 4, (-2, -1))
    return turned.flip(-1) if pose >= 4 else turned


def _mean_loss(
    network: nn.Module, examples: Examples, indices: Indices, loss: Loss, course: Course, device: str
) -> float | None:
    if not len(indices):
        return None
    total = 0.0
    with torch.inference_mode():
        for start in range(0, len(indices), course.batch_size):
            inputs, targets = examples.batch(indices[start : start + course.batch_size], device)
            total += float(loss(network(inputs), targets)) * len(inputs)
    return total / len(indices)


def outputs(network: nn.Module, inputs: Source, device: str, batch_size: int = 16) -> torch.Tensor:
    """What a network in evaluation mode makes of all inputs, on the CPU."""
    made = []
    with torch.inference_mode():
        for start in range(0, len(inputs), batch_size):
            rows = inputs.take(np.arange(start, min(start + batch_size, len(inputs))))
            made.append(network(torch.from_numpy(rows).to(device).float()).cpu())
    return torch.cat(made)
