"""basicsr's networks, without the rest of basicsr.

`import basicsr` imports all of it: OpenCV (which needs libGL on the machine), SciPy, data sets, and a module that
torchvision has dropped. Its networks need none of that. So their modules are imported as parts of a package of our
own, which has basicsr's folder of networks as its path. basicsr itself stays as it is, imported or not.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from srbench.errors import SrbenchError
from srbench.weights.torchvision_shim import import_torchvision

if TYPE_CHECKING:
    import torch

_ARCHS = f"{__package__}.basicsr_archs"
"""What basicsr's folder `archs` is called here."""
_BARE = ("basicsr", "basicsr.ops", "basicsr.utils")
"""Packages that its modules import from."""


class NetworksMissing(SrbenchError):
    """basicsr is not installed."""


def rrdb_net(channels: int, scale: int, blocks: int, features: int, growth: int) -> torch.nn.Module:
    """`RRDBNet` with initial weights: LR `(N, channels, H, W)` to SR, for `scale` 4, or 2 where H and W are even."""
    network: torch.nn.Module = _module("rrdbnet_arch").RRDBNet(
        channels, channels, scale=scale, num_feat=features, num_block=blocks, num_grow_ch=growth
    )
    return network


def discriminator(channels: int, features: int, side: int) -> torch.nn.Module:
    """`VGGStyleDiscriminator` with initial weights: `(N, channels, side, side)`, side 128 or 256, to `(N, 1)`."""
    network: torch.nn.Module = _module("discriminator_arch").VGGStyleDiscriminator(channels, features, side)
    return network


@cache
def _module(name: str) -> ModuleType:
    spec = importlib.util.find_spec("basicsr")  # finds it, and does not run it
    if spec is None or spec.submodule_search_locations is None:
        raise NetworksMissing(
            "the networks of ESRGAN are those of basicsr, which is not installed: "
            "`pip install setuptools wheel cython numpy`, then `pip install --no-build-isolation basicsr==1.4.2`"
        )
    root = Path(next(iter(spec.submodule_search_locations)))
    import_torchvision()
    if _ARCHS not in sys.modules:
        sys.modules[_ARCHS] = _package(_ARCHS, root / "archs")
    with _bare_packages(root):
        return importlib.import_module(f"{_ARCHS}.{name}")


@contextmanager
def _bare_packages(root: Path) -> Iterator[None]:
    """Packages under basicsr's names whose submodules can be imported and that import nothing themselves."""
    before = _take_out()
    try:
        for name in _BARE:
            sys.modules[name] = _package(name, root.joinpath(*name.split(".")[1:]))
        # The one name that the modules take from a package instead of from a submodule.
        logger = importlib.import_module("basicsr.utils.logger")
        sys.modules["basicsr.utils"].__dict__["get_root_logger"] = logger.get_root_logger
        yield
    finally:
        _take_out()
        sys.modules.update(before)


def _take_out() -> dict[str, ModuleType]:
    names = [name for name in sys.modules if name.partition(".")[0] == "basicsr"]
    return {name: sys.modules.pop(name) for name in names}


def _package(name: str, folder: Path) -> ModuleType:
    package = ModuleType(name, "Stands for a folder of basicsr.")
    package.__path__ = [str(folder)]
    return package
