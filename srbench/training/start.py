"""Weights that a training starts from: read without running anything, and put into networks as far as they fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from srbench.contract.fit import Start
from srbench.errors import SrbenchError
from srbench.training.channels import Conversion, Tensors
from srbench.weights.lookup import WeightsDamaged, read_tensors

if TYPE_CHECKING:
    import torch

Networks = Mapping[str, "torch.nn.Module"]
Converted = Literal["colour to grey", "grey to colour"]

WRAPPERS = ("params_ema", "params", "state_dict", "model_state_dict", "model", "net")
"""Names under which programs keep a network's tensors in their checkpoints; averaged ones come before others."""
PREFIXES = ("module.", "netG.")
"""What stands before every name where a network was wrapped when it was saved."""
LEAST = 0.5
"""The share of a network's learned tensors, or of its learned numbers, that has to fit; with less it is another one."""
_MOST_NAMED = 6
_CONVERTED: Mapping[Converted, str] = {
    "colour to grey": "for grey, of weights for colour: the first layer's are summed over its channels, the last's "
    "averaged",
    "grey to colour": "for colour, of weights for grey: the first layer's are divided by 3 and repeated, the last's "
    "repeated",
}


class DoesNotFit(SrbenchError):
    """Weights of which too little fits the networks that were to start from them."""


@dataclass(frozen=True)
class Fit:
    """What of a network came from given weights.

    fitted, total: learned tensors, how many of how many. anew: the parts that keep their initial weights. converted:
    from which channels to which, where they differ. left: how many tensors of the file belong to no part of it.
    """

    network: str
    fitted: int
    total: int
    anew: tuple[str, ...] = ()
    converted: Converted | None = None
    left: int = 0

    def __str__(self) -> str:
        """In words: `41 of 43 tensors of generator; upsampler begins anew`."""
        if not self.fitted:
            return f"{self.network} begins anew"
        parts = [f"{'all' if not self.anew else f'{self.fitted} of'} {self.total} tensors of {self.network}"]
        if self.converted is not None:
            parts.append(_CONVERTED[self.converted])
        if self.anew:
            parts.append(f"{_some(self.anew)} begin{'s' if len(self.anew) == 1 else ''} anew")
        if self.left:
            parts.append(f"{self.left} more in the file belong to no part of it")
        return "; ".join(parts)


def begin_with(
    start: Start,
    networks: Networks,
    in_own_names: Callable[[Tensors], Tensors] = lambda tensors: tensors,
    otherwise: Callable[[], Networks | None] = lambda: None,
) -> list[Fit]:
    """Put the weights that a training starts from into networks, as far as they fit, as `start_from` does.

    in_own_names: gives tensors of a network the names that they have here.
    """
    held = {name: in_own_names(tensors) for name, tensors in read_start(start.path).items()}
    return start_from(networks, held, start.told, otherwise)


def told_of(start: Start, fits: Sequence[Fit]) -> str:
    """What a training started from, and how far it fitted, in a sentence for readers of its results."""
    return f"It started from the weights of {start.told}: {'. '.join(map(str, fits))}."


def read_start(path: Path) -> dict[str, dict[str, torch.Tensor]]:
    """The tensors of a file, by network: of a model that srbench saved by the names that it has there, else under "".

    Raises `WeightsDamaged` for a file that is not there, damaged, or holds anything else than tensors by name.
    """
    import torch

    if not path.is_file():
        raise WeightsDamaged(f"there is no file of weights {path}")
    held: Any = read_tensors(path)
    for _ in range(2):  # a wrapper in a wrapper
        if isinstance(held, Mapping):
            held = next((held[name] for name in WRAPPERS if isinstance(held.get(name), Mapping)), held)
    if not isinstance(held, Mapping) or not held:
        raise WeightsDamaged(f"{path} holds no tensors by name")
    for name, value in held.items():
        if not isinstance(name, str) or not isinstance(value, torch.Tensor):
            raise WeightsDamaged(f"{path} holds {type(value).__name__} under {name!r}; it should hold tensors by name")
    for prefix in PREFIXES:
        if all(name.startswith(prefix) for name in held):
            held = {name.removeprefix(prefix): value for name, value in held.items()}
    if not all("/" in name for name in held):
        return {"": dict(held)}
    found: dict[str, dict[str, torch.Tensor]] = {}
    for name, value in held.items():
        network, _, own = name.partition("/")
        found.setdefault(network, {})[own] = value
    return found


def start_from(
    networks: Networks, held: Mapping[str, Tensors], told: str, otherwise: Callable[[], Networks | None]
) -> list[Fit]:
    """Put the tensors of a file into networks, as far as they fit; what does not fit keeps its initial weights.

    A tensor fits one of the same name and shape; one of a layer that sees or makes the image's channels, also where
    these are three instead of one, or one instead of three. held: as `read_start` gives it; a single network is put
    into each one that it fits. told: whose they are. otherwise: the same networks for the other number of channels,
    where they can be made. Raises `DoesNotFit` where less than half of every network would fit, and `WeightsDamaged`
    for values that are not finite; the networks are then as they were.
    """
    import torch

    others: Networks | None = None
    fits, chosen = list[Fit](), list[tuple[torch.Tensor, torch.Tensor]]()
    refused = list[Fit]()
    for name, network in networks.items():
        given = next(iter(held.values())) if len(held) == 1 else held.get(name, {})
        own = network.state_dict(keep_vars=True)
        conversion = None
        if any(key in own and own[key].shape != one.shape for key, one in given.items()):
            others = (otherwise() or {}) if others is None else others
            conversion = _conversion(network, others.get(name), given)
        found = dict(_fitting(own, given, conversion))
        fit = _fit(name, network, found, len(given.keys() - own.keys()))
        learned = dict(network.named_parameters())
        share = sum(learned[key].numel() for key in found.keys() & learned.keys())
        too_few = fit.fitted < LEAST * fit.total and share < LEAST * sum(one.numel() for one in learned.values())
        if not found or too_few:
            refused.append(fit)
            fits.append(Fit(name, 0, fit.total))
            continue
        if broken := [key for key, (one, _) in found.items() if not bool(one.isfinite().all())]:
            raise WeightsDamaged(f"{told}: {len(broken)} tensors hold values that are not finite ({_some(broken)})")
        fits.append(fit)
        chosen += [(own[key], one) for key, (one, _) in found.items()]
    if not chosen:
        raise DoesNotFit(f"the weights of {told} do not fit: {_why(refused, networks, held)}")
    with torch.no_grad():
        for tensor, one in chosen:
            tensor.copy_(one)
    return fits


def _conversion(network: torch.nn.Module, other: torch.nn.Module | None, given: Tensors) -> Conversion | None:
    """From the other number of channels, where that is what the tensors are for."""
    if other is None:
        return None
    own, theirs = network.state_dict(), other.state_dict()
    differ = [key for key in own.keys() & theirs.keys() & given.keys() if own[key].shape != theirs[key].shape]
    is_other = any(given[key].shape == theirs[key].shape for key in differ)
    return Conversion(network, other) if is_other else None


def _fitting(
    own: Tensors, given: Tensors, conversion: Conversion | None
) -> Iterator[tuple[str, tuple[torch.Tensor, Converted | None]]]:
    """What fits, by the network's own names, and how it was converted."""
    for key, tensor in own.items():
        one: torch.Tensor | None = given.get(key)
        if one is None or one.is_floating_point() != tensor.is_floating_point():
            continue
        how: Converted | None = None
        if conversion is not None and conversion.concerns(key):
            how = "colour to grey" if one.numel() > tensor.numel() else "grey to colour"
            how = None if one.shape == tensor.shape else how
            one = conversion.made(key, given)
        if one is not None and one.shape == tensor.shape:
            yield key, (one, how)


def _fit(
    name: str, network: torch.nn.Module, found: Mapping[str, tuple[torch.Tensor, Converted | None]], left: int
) -> Fit:
    learned = [key for key, _ in network.named_parameters()]
    conversions = [converted for _, converted in found.values() if converted is not None]
    anew = [key for key in learned if key not in found]
    converted = next(iter(conversions), None)
    return Fit(name, len(learned) - len(anew), len(learned), _parts(anew, learned), converted, left)


def _parts(anew: Sequence[str], learned: Sequence[str]) -> tuple[str, ...]:
    """The parts of a network that tensors are of: the outermost of which none else is, otherwise the layers."""
    rest = {key.partition(".")[0] for key in learned if key not in set(anew)}
    outer = ((key, key.partition(".")[0]) for key in anew)
    return tuple(dict.fromkeys(key.rpartition(".")[0] if part in rest else part for key, part in outer))


def _why(refused: Sequence[Fit], networks: Networks, held: Mapping[str, Tensors]) -> str:
    """Why nothing was taken, in words."""
    fit = max(refused, key=lambda one: one.fitted)
    given = next(iter(held.values())) if len(held) == 1 else held.get(fit.network, {})
    own = networks[fit.network].state_dict()
    said = f"{fit.fitted} of {fit.total} tensors of {fit.network} are there in its shape"
    others = [
        f"{key} is {tuple(one.shape)} instead of {tuple(own[key].shape)}"
        for key, one in given.items()
        if key in own and own[key].shape != one.shape
    ]
    unknown = [key for key in given if key not in own]
    reasons = (("have another shape", others), ("belong to no part of it", unknown))
    told = [f"{len(names)} {what} ({_some(names)})" for what, names in reasons if names]
    if not given:
        told = [f"there are networks called {', '.join(held)}"]
    return "; ".join([said, *told])


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_MOST_NAMED]) + (", ..." if len(names) > _MOST_NAMED else "")
