"""Make torchvision and basicsr importable where their wheels and the installed torch do not fit together.

The torchvision wheel of the package index is built for CUDA. Beside a CPU build of torch its compiled part does not
load, and the import stops at an operator that this part would have declared. Declaring the two operators of detection
models lets everything else of torchvision work; calling one of the two still fails. Nothing is touched where the plain
import works.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import sys
from dataclasses import dataclass
from types import ModuleType
from typing import Any

_SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)

_library: Any = None
"""Declares the operators for as long as it lives; None while the plain import was enough."""

_reason = ""


@dataclass(frozen=True)
class TorchvisionReport:
    """What `srbench doctor` says of torchvision.

    version: of the installed distribution, None when there is none. shimmed: whether it works only because its
    operators were declared for it. reason: why the plain import failed, empty when it did not. works: whether it can
    be imported at all.
    """

    version: str | None
    works: bool
    shimmed: bool
    reason: str


def torchvision_report() -> TorchvisionReport:
    """Import torchvision and say how that went."""
    try:
        version = importlib.metadata.version("torchvision")
    except importlib.metadata.PackageNotFoundError:
        return TorchvisionReport(None, works=False, shimmed=False, reason="torchvision is not installed")
    try:
        import_torchvision()
    except Exception as error:  # a broken installation fails in any way; the report says which
        return TorchvisionReport(version, works=False, shimmed=False, reason=f"{type(error).__name__}: {error}")
    return TorchvisionReport(version, works=True, shimmed=_library is not None, reason=_reason)


def import_torchvision() -> ModuleType:
    """Return torchvision, imported plainly, or with its operators declared where the plain import misses them.

    Raises what the plain import raises when anything else is wrong (`ModuleNotFoundError` when it is not installed).
    """
    global _reason
    try:
        return importlib.import_module("torchvision")
    except RuntimeError as error:
        if _library is not None or not _is_missing_operator(error):
            raise
        _reason = f"{type(error).__name__}: {error}"
    # The submodules that did load would not be bound to a second `torchvision`.
    for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
        del sys.modules[name]
    _declare_operators()
    return importlib.import_module("torchvision")


def _is_missing_operator(error: RuntimeError) -> bool:
    return any(f"torchvision::{schema.partition('(')[0]} does not exist" in str(error) for schema in _SCHEMAS)


def _declare_operators() -> None:
    global _library
    import torch

    _library = torch.library.Library("torchvision", "DEF")  # type: ignore[no-untyped-call]
    for schema in _SCHEMAS:
        _library.define(schema)


def import_basicsr() -> ModuleType:
    """Return basicsr 1.4.2, which needs torchvision and a module that torchvision has dropped.

    Raises what the plain import raises when anything else is wrong (`ModuleNotFoundError` when it is not installed).
    """
    import_torchvision()
    alias_functional_tensor()
    return importlib.import_module("basicsr")


def alias_functional_tensor() -> None:
    """Give `torchvision.transforms.functional_tensor` (gone since 0.17) back, with the one name basicsr takes from it.

    Does nothing where the module exists. torchvision must be importable: call `import_torchvision` first.
    """
    name = "torchvision.transforms.functional_tensor"
    if name in sys.modules or importlib.util.find_spec(name) is not None:
        return
    alias = ModuleType(name, "Stands in for a module that torchvision no longer has.")
    functional = importlib.import_module("torchvision.transforms.functional")
    alias.__dict__["rgb_to_grayscale"] = functional.rgb_to_grayscale
    sys.modules[name] = alias
