"""A format under the checks, with the files that it is tried on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from srbench.contract.format import HEAD, Format, Frame
from srbench.errors import SrbenchError
from srbench.pictures import Image
from srbench.registry.registry import Registry
from srbench.testing.check import Subject


class FormatSubject(Subject):
    """A format, tried on files of its kind: small ones, of every sort that it reads."""

    kind = "format"

    def __init__(
        self,
        name: str,
        params: Mapping[str, Any] | None = None,
        registry: Registry | None = None,
        files: Sequence[Path] = (),
    ) -> None:
        super().__init__(name, params, registry)
        if not files:
            raise SrbenchError(f"a format is checked on files: give some that {name!r} reads")
        self.files = tuple(files)

    @cached_property
    def frames(self) -> dict[Path, list[Frame]]:
        """The frames of each file."""
        made: Format = self.create()
        return {path: list(made.frames(path)) for path in self.files}

    def pictures(self) -> Iterator[tuple[str, Frame, Image]]:
        """The picture of every frame: its name for people, the frame, the pixels."""
        made: Format = self.create()
        for path, frames in self.frames.items():
            for frame in frames:
                yield f"{path.name} {frame.key}".rstrip(), frame, made.read(frame)

    @property
    def writes(self) -> bool:
        """Whether it writes files."""
        return self.target.write is not Format.write

    def written(self, path: Path, scale: int) -> tuple[Path, list[Image]]:
        """A file made from another one and what was written into it: every pixel `scale` times in each direction."""
        made: Format = self.create()
        images = [made.read(frame).repeat(scale, 0).repeat(scale, 1) for frame in self.frames[path]]
        target = self.folder() / f"written{self.target.suffixes[0]}"
        made.write(target, path, [image.copy() for image in images], scale, "a check")
        return target, images

    def recognises(self, path: Path) -> bool:
        """Whether the format takes a file for one of its kind."""
        return bool(self.create().recognises(path, self.head(path)))

    def head(self, path: Path) -> bytes:
        """The first bytes of a file."""
        with path.open("rb") as file:
            return file.read(HEAD)


def same(one: Image, other: Image) -> bool:
    """Whether two pictures have the same numbers, of floats to six digits."""
    return one.shape == other.shape and bool(np.allclose(one, other, rtol=1e-6, atol=0, equal_nan=True))
