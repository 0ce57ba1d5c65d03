"""The tensors of a TorchScript archive, read without running any of its code.

OpenAI publishes CLIP as such archives: a zip file with the module's attributes as a pickle, the tensors' bytes beside
it, and code that `torch.jit.load` would compile.
"""

from __future__ import annotations

import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from srbench.weights import WeightsDamaged

if TYPE_CHECKING:
    import torch

_STORAGES = {
    "HalfStorage": "float16",
    "FloatStorage": "float32",
    "DoubleStorage": "float64",
    "LongStorage": "int64",
    "IntStorage": "int32",
    "BoolStorage": "bool",
}


def tensors_of(path: Path) -> dict[str, torch.Tensor]:
    """Parameters and buffers of the archived module by their names, on the CPU. Raises `WeightsDamaged`."""
    try:
        with zipfile.ZipFile(path) as archive:
            (name,) = (name for name in archive.namelist() if name.count("/") == 1 and name.endswith("/data.pkl"))
            with archive.open(name) as file:
                module = _Attributes(file, archive, name.removesuffix("data.pkl")).load()
    except MemoryError:
        raise
    except Exception as error:  # whatever a damaged or malicious pickle raises
        raise WeightsDamaged(f"{path} cannot be read as a TorchScript archive: {error}") from error
    return dict(_named(module, ""))


def _named(module: object, prefix: str) -> Sequence[tuple[str, torch.Tensor]]:
    import torch

    found: list[tuple[str, torch.Tensor]] = []
    for name, value in vars(module).items() if isinstance(module, _Module) else ():
        if isinstance(value, torch.Tensor):
            found.append((prefix + name, value))
        else:
            found += _named(value, f"{prefix}{name}.")
    return found


class _Module:
    """What an archive says of a module: its attributes."""

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        vars(self).update(state)


class _Attributes(pickle.Unpickler):
    """Makes modules without code, and tensors; anything else in the pickle is refused."""

    def __init__(self, file: Any, archive: zipfile.ZipFile, folder: str) -> None:
        super().__init__(file)
        self._archive, self._folder = archive, folder

    def find_class(self, module: str, name: str) -> Any:
        """What stands for a class or function of the archive. Raises `pickle.UnpicklingError`."""
        if module.startswith("__torch__"):
            return type(name, (_Module,), {})
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _tensor
        if module == "torch" and name in _STORAGES:
            return name
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if module == "torch.jit._pickle":  # lists of numbers, with or without what they are lists of
            return _first
        raise pickle.UnpicklingError(f"it holds {module}.{name}, which is neither a module nor a tensor")

    def persistent_load(self, pid: Any) -> torch.Tensor:
        """The values of a tensor, in one line."""
        import torch

        _, storage, key, _, count = pid
        data = bytearray(self._archive.read(f"{self._folder}data/{key}"))
        values = torch.frombuffer(data, dtype=getattr(torch, _STORAGES[storage])) if data else torch.empty(0)
        if len(values) != count:
            raise pickle.UnpicklingError(f"a tensor of {count} values has {len(values)}")
        return values


def _tensor(values: torch.Tensor, offset: int, size: Sequence[int], stride: Sequence[int], *_: object) -> torch.Tensor:
    return values.as_strided(tuple(size), tuple(stride), offset)


def _first(value: Any, *_: object) -> Any:
    return value
