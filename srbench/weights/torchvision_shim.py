"""Importing torchvision, also where its wheel does not fit the installed torch.

lpips, spandrel, timm and torch-fidelity require it. The package index has no sources of it, and its Linux wheel is
built for CUDA. Beside a CPU build of torch its compiled part does not load, and the import stops at an operator that
this part would have declared. With the two operators of detection models declared, which nothing here calls, all else
of torchvision works.
"""

from __future__ import annotations

import importlib
import sys
from functools import cache
from types import ModuleType
from typing import Any


def import_torchvision() -> ModuleType:
    """Return torchvision, imported plainly, or with its operators declared where the plain import misses them.

    Raises what the plain import raises when anything else is wrong (`ModuleNotFoundError` when it is not installed).
    """
    try:
        return importlib.import_module("torchvision")
    except RuntimeError as error:
        if "operator torchvision::nms does not exist" not in str(error):
            raise
    # The submodules that did load would not be bound to a second `torchvision`.
    for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
        del sys.modules[name]
    _operators()
    return importlib.import_module("torchvision")


@cache
def _operators() -> Any:
    """What declares the operators, for as long as it lives."""
    import torch

    library: Any = torch.library.Library("torchvision", "DEF")  # type: ignore[no-untyped-call]
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    return library
