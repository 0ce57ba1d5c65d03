"""What a degradation is: a way of making LR from HR."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

if TYPE_CHECKING:
    import numpy as np

    from srbench.pictures import Image, Scale, Values


class Degradation(ABC):
    """A way of making LR from HR.

    A subclass is a frozen dataclass: its fields are its parameters, with types and defaults as in `__init__`.

    name: that of its entry. version: part of every key; to be raised when the same parameters give another LR.
    """

    name: ClassVar[str]
    version: ClassVar[int] = 1

    @abstractmethod
    def lr(self, hr: Image, values: Values, scale: Scale, rng: np.random.Generator) -> Image:
        """LR `(H / scale, W / scale, C)` of HR `(H, W, C)`, in HR's type, from black (`values.low`) to white.

        H and W are multiples of the scale, of a fraction of its numerator. HR is left as it is. LR's first pixel covers
        HR's first `scale` x `scale` pixels, which may be a fraction, and so on: otherwise every SR would be shifted.
        Whatever is drawn is drawn from `rng`, which is this image's own: seeded by its id, so that the order of images
        changes nothing. Raises `SrbenchError` for a fraction where only whole scales can be done.
        """

    @property
    def draws(self) -> bool:
        """Whether LR hangs on what `rng` gives. A training then learns from one draw of an image after the other."""
        return False

    def facts(self) -> dict[str, Any]:
        """The parameters as plain values (paths too), for keys and records."""
        return asdict(cast(Any, self))

    def identity(self) -> dict[str, Any]:
        """Name, version and parameters, as plain values: what tells it from every other."""
        return {"name": self.name, "version": self.version, "params": self.facts()}

    @property
    def shipped_as(self) -> str:
        """What the LR that a dataset brings for it is called in `Item.lr`."""
        return str(self)

    def __str__(self) -> str:
        """The name, and what is not at its default, of a file the name alone: `gaussian-blur(sigma=1.6)`."""
        values = {field: getattr(self, field.name) for field in fields(cast(Any, self))}
        chosen = [
            f"{field.name}={value.name if isinstance(value, Path) else value}"
            for field, value in values.items()
            if value != field.default
        ]
        return f"{self.name}({','.join(chosen)})" if chosen else self.name
