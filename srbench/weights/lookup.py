"""Published weights on this machine: found, verified, read without running anything, and fitted exactly.

Weights lie in the folder `weights` of the data root, under the names their publishers gave them. A file is used only
when its sha256 is the declared one, and read only as tensors.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from srbench.contract.weights_file import WeightsFile as WeightsFile
from srbench.errors import SrbenchError
from srbench.registry.registry import registry
from srbench.store.archives import refuse_compressed
from srbench.store.files import sha256
from srbench.weights.data_root import data_root
from srbench.weights.download import Progress, download, part_of

if TYPE_CHECKING:
    import torch

FOLDER = "weights"
State = Literal["here", "partly here", "absent", "damaged"]
_SHOWN = 3


class WeightsError(SrbenchError):
    """Weights that cannot be used; the message says why and what to do."""


class WeightsMissing(WeightsError):
    """Weights that are not on this machine; the message holds the command that fetches them."""


class WeightsDamaged(WeightsError):
    """A file that is not what its name says: the wrong hash, not tensors, or tensors that do not fit the network."""


def weights_file(name: str) -> WeightsFile:
    """What the installed plugins declare under this name; `PluginError` when that is nothing, or two things."""
    return registry().weights_file(name)


def weights_path(name: str) -> Path:
    """The verified file of the weights called `name`.

    Raises `WeightsMissing` when it is not there, `WeightsDamaged` when its sha256 is not the declared one. The file is
    read in full once a process.
    """
    declared = weights_file(name)
    path = place(declared)
    if not path.is_file():
        raise WeightsMissing(
            f"the weights {name!r} ({_megabytes(declared)}{declared.licence}) are not on this machine; `srbench fetch "
            f"{name}` gets them, or put the file {declared.file} into the folder {FOLDER} of the data root"
        )
    found = sha256(path)
    if found != declared.sha256:
        shorter = f", and it has {path.stat().st_size} of {declared.size} bytes" if _truncated(path, declared) else ""
        raise WeightsDamaged(
            f"{path} is not the file that {name!r} stands for: its sha256 is {found}, it should be {declared.sha256}"
            f"{shorter}. It was not read; `srbench fetch {name}` replaces it."
        )
    return path


def place(declared: WeightsFile) -> Path:
    """Where a file of weights belongs, whether it is there or not."""
    return weights_folder() / declared.file


def weights_folder() -> Path:
    """The folder `weights` of the data root."""
    return data_root() / FOLDER


def weights_state(declared: WeightsFile) -> State:
    """Whether the file is there, and what it should be."""
    path = place(declared)
    if path.is_file():
        return "here" if sha256(path) == declared.sha256 else "damaged"
    return "partly here" if part_of(path, declared.sha256).is_file() else "absent"


def fetch_weights(name: str, progress: Progress = lambda here, total: None) -> Path:
    """Make sure that the weights are there: verify what is, otherwise fetch, or go on fetching. `DownloadError`."""
    declared = weights_file(name)
    path = place(declared)
    if weights_state(declared) != "here":
        download(declared.url, path, checksum=declared.sha256, size=declared.size, progress=progress)
    return weights_path(name)


def load_weights(name: str) -> dict[str, torch.Tensor]:
    """The tensors of the weights called `name`, by their names in the file, on the CPU.

    Nothing in the file is run: safetensors, or `torch.load` with `weights_only=True`. Raises as `weights_path` does,
    and `WeightsDamaged` when the file holds anything else than named tensors.
    """
    path = weights_path(name)
    held = read_tensors(path, f"{path} ({name!r})")
    if not isinstance(held, Mapping) or not held:
        raise WeightsDamaged(f"{path} ({name!r}) holds {_described(held)}; it should hold tensors by name")
    import torch

    for key, value in held.items():
        if not isinstance(key, str) or not isinstance(value, torch.Tensor):
            raise WeightsDamaged(
                f"{path} ({name!r}) holds {_described(value)} under {key!r}; it should hold tensors by name"
            )
    return dict(held)


def read_tensors(path: Path, called: str | None = None) -> Any:
    """What a file of weights holds, on the CPU, without running anything in it.

    Safetensors by its suffix, otherwise `torch.load` with `weights_only=True`. called: what messages call the file; by
    default its path. Raises `WeightsDamaged` for a file that is neither, or holds pickled objects besides tensors.
    """
    import safetensors
    import safetensors.torch
    import torch

    called = called or str(path)
    try:
        if path.suffix == ".safetensors":
            return safetensors.torch.load_file(path)
        refuse_compressed(path)
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise WeightsDamaged(
            f"{called} holds pickled objects that are not tensors, which could run code; it was not loaded. "
            f"Save it as safetensors. ({str(error).splitlines()[0]})"
        ) from error
    except MemoryError:
        raise
    except Exception as error:  # a damaged file fails anywhere in the readers, torch's with an IndexError
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise WeightsDamaged(f"{called} cannot be read as weights: {reason}") from error


def load_state(module: torch.nn.Module, state: Mapping[str, torch.Tensor], name: str) -> None:
    """Put weights into a network, every one of them and nothing else.

    name: what messages call the weights. The module's tensors become those of `state`, moved to their type and device
    (a module on the `meta` device gets its real tensors this way). Raises `WeightsDamaged`, leaving the module as it
    is, when a tensor is missing, left over, of another shape or of another kind of number, or holds a value that is not
    finite: a network of which a part keeps its random weights, or gets codes in place of weights, gives plausible
    numbers.
    """
    own = module.state_dict()
    faults = _misfits(own, state)
    if not faults:
        fitted = {
            key: state[key].to(dtype=tensor.dtype, device=state[key].device if tensor.is_meta else tensor.device)
            for key, tensor in own.items()
        }
        if broken := [key for key, tensor in fitted.items() if not bool(tensor.isfinite().all())]:
            faults.append(f"{len(broken)} tensors hold values that are not finite ({_some(broken)})")
    if faults:
        raise WeightsDamaged(f"the weights {name!r} do not fit {type(module).__name__}: {'; '.join(faults)}")
    module.load_state_dict(fitted, strict=True, assign=True)


def _misfits(own: Mapping[str, torch.Tensor], state: Mapping[str, torch.Tensor]) -> list[str]:
    """Why the tensors of `state` cannot become those of a network; empty where they can."""
    faults = []
    shared = [(key, tensor, state[key]) for key, tensor in own.items() if key in state]
    if missing := [key for key in own if key not in state]:
        faults.append(f"{len(missing)} of {len(own)} tensors are missing ({_some(missing)})")
    if extra := [key for key in state if key not in own]:
        faults.append(f"{len(extra)} tensors belong to no part of it ({_some(extra)})")
    if wrong := [
        f"{key} is {tuple(given.shape)} instead of {tuple(tensor.shape)}"
        + (", as if transposed" if sorted(given.shape) == sorted(tensor.shape) else "")
        for key, tensor, given in shared
        if given.shape != tensor.shape
    ]:
        faults.append(f"{len(wrong)} tensors have another shape ({_some(wrong)})")
    if other := [
        f"{key} is {_type(given)} instead of {_type(tensor)}"
        for key, tensor, given in shared
        if _kind(given) != _kind(tensor)
    ]:
        faults.append(f"{len(other)} tensors hold another kind of number ({_some(other)})")
    if strange := [key for key, _, given in shared if not _is_plain(given)]:
        faults.append(f"{len(strange)} tensors are not plain arrays of numbers ({_some(strange)})")
    return faults


def _truncated(path: Path, declared: WeightsFile) -> bool:
    return declared.size is not None and path.stat().st_size < declared.size


def _megabytes(declared: WeightsFile) -> str:
    return "" if declared.size is None else f"{declared.size / 1e6:.0f} MB, "


def _described(value: Any) -> str:
    nothing = isinstance(value, Mapping) and not value
    return "nothing" if nothing else f"an object of type {type(value).__name__}"


def _type(tensor: torch.Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def _kind(tensor: torch.Tensor) -> tuple[bool, bool]:
    """Numbers of one kind differ in precision only: fractions (real or complex), or whole numbers."""
    return tensor.is_floating_point(), tensor.is_complex()


def _is_plain(tensor: torch.Tensor) -> bool:
    import torch

    return tensor.layout == torch.strided and not tensor.is_meta and not tensor.is_quantized


def _some(names: list[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
