"""Other programs that results and times are compared with, where importing them takes more than `import`."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType

from srbench.weights import import_torchvision


def import_basicsr() -> ModuleType:
    """Return basicsr 1.4.2, which asks for a module that torchvision has renamed."""
    import_torchvision()
    functional = importlib.import_module("torchvision.transforms.functional")
    sys.modules.setdefault("torchvision.transforms.functional_tensor", functional)
    return importlib.import_module("basicsr")
