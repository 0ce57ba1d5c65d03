"""An outside program as a method: any executable that turns one picture file into a larger one."""

from __future__ import annotations

import re
import shutil
import tempfile
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

import srbench
from srbench.errors import SrbenchError, nearest
from srbench.pictures import (
    Image,
    ImageError,
    Scale,
    Values,
    enlarged,
    read_image,
    suffix_for,
    to_image,
    to_tensor,
    write_image,
)
from srbench.types import Count, Positive

from .processes import run as run_program

if TYPE_CHECKING:
    import torch

Depth = Literal[8, 16, 32]

_PLACEHOLDERS = ("input", "output", "scale")
_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_-]*)\}")
_TYPES: dict[Depth, type[np.generic]] = {8: np.uint8, 16: np.uint16, 32: np.float32}
_LOSSLESS = 1e-3
"""How far from a whole number a value may lie, in steps of the depth, to count as one of its values."""


class CommandError(SrbenchError):
    """A program that cannot be run, or did not leave the picture that was asked for."""


class Command(srbench.Method):
    """An outside program, run on each image.

    run: the program and its arguments, one by one; there is no shell. In them, {input}, {output} and {scale} stand for
    the picture to be read, the one to be written, and the factor. The program is a name that is found on the PATH, an
    absolute path, or one of files. files: paths by name, relative to the matrix file; {NAME} in run stands for the
    file. What the program and these files hold is part of the result's key. seconds: how long one image may take; then
    the program and everything it started are killed. depth: bits of the input: 8 and 16 are PNG, 32 is a TIFF of floats
    with white at 1; left out, 8 where that loses nothing of the image, otherwise 16. scales: the factors that the
    program can do; left out, any.

    The program runs in an empty folder that is removed afterwards. It may write PNG, TIFF or any other picture that
    srbench reads, of 8 or 16 bits or float, whatever the name of the output says; it must have exactly the size asked
    for. Grey may come back in colour (channels are averaged), colour as grey. Time, memory and output are the
    program's; time includes starting it, and writing and reading the files.
    """

    def __init__(
        self,
        run: list[str],
        files: dict[str, Path] | None = None,
        seconds: Positive = 60.0,
        depth: Depth | None = None,
        scales: list[Count] | None = None,
    ) -> None:
        self._run, self._named = list(run), dict(files or {})
        self._seconds, self._depth, self._scales = seconds, depth, scales
        if not self._run or not all(self._run):
            raise CommandError("run: a list is needed: the program, then its arguments, none of them empty")
        for name in _PLACEHOLDERS:
            if name in self._named:
                raise CommandError(f"files: {{{name}}} already stands for something; take another name")
        used = {name for argument in self._run for name in _PLACEHOLDER.findall(argument)}
        for name in sorted(used - {*_PLACEHOLDERS, *self._named}):
            raise CommandError(f"run: unknown placeholder {{{name}}}.{nearest(name, [*_PLACEHOLDERS, *self._named])}")
        for name in ("input", "output"):
            if name not in used:
                raise CommandError(f"run: no argument holds {{{name}}}, which stands for the {name} picture")
        for name in sorted(set(self._named) - used):
            raise CommandError(f"files: {{{name}}} is in no argument of run")

    @cached_property
    def _program(self) -> Path | str:
        """Where the program is, or why it cannot be run."""
        name = self._filled(self._run[0], {})
        if "/" in name and not Path(name).is_absolute():
            return f"{name!r} is a relative path; give it a name in `files`, and write {{NAME}} in its place"
        found = shutil.which(name)
        if found is None:
            reason = "is not an executable file" if "/" in name else "is not on the PATH"
            return f"the program {name!r} {reason}"
        return Path(found)

    @property
    def files(self) -> tuple[Path, ...]:  # type: ignore[override]
        """The program; those of the parameter are in the key already."""
        return (self._program,) if isinstance(self._program, Path) else ()

    def supports(self, problem: srbench.Problem) -> srbench.Skip | None:
        """What the program is said to do, where it is installed."""
        if isinstance(self._program, str):
            return srbench.Skip(self._program)
        if self._scales is not None and problem.scale not in self._scales:
            listed = ", ".join(map(str, self._scales))
            return srbench.Skip(f"upscales by {listed}, the protocol asks for {problem.scale}")
        return super().supports(problem)

    def upscale(self, lr: torch.Tensor, scale: Scale) -> torch.Tensor:
        """SR of LR `(N, 1 or 3, H, W)`, one image after the other."""
        import torch

        return torch.cat([self._one(image.cpu(), scale)[None] for image in lr]).to(lr.device)

    def _one(self, lr: torch.Tensor, scale: Scale) -> torch.Tensor:
        if isinstance(self._program, str):
            raise CommandError(self._program)
        image = self._in_depth(lr)
        with tempfile.TemporaryDirectory(prefix="srbench-command-") as scratch:
            folder = Path(scratch)
            source, target = (folder / f"{name}{suffix_for(image)}" for name in ("input", "output"))
            write_image(source, image)
            values = {"input": str(source), "output": str(target), "scale": str(scale)}
            arguments = [str(self._program), *(self._filled(argument, values) for argument in self._run[1:])]
            try:
                ended = run_program(arguments, folder, self._seconds)
            except OSError as error:
                raise CommandError(f"{self._program} cannot be run: {error.strerror or error}") from None
            said = f"; it said: {ended.printed}" if ended.printed else "; it said nothing"
            if ended.code is None:
                raise CommandError(
                    f"{self._program} was killed after {self._seconds:g} s with an image of {_size(image)}; raise "
                    f"`seconds` if it needs more{said}"
                )
            if ended.code != 0:
                how = f"signal {-ended.code}" if ended.code < 0 else f"exit code {ended.code}"
                raise CommandError(f"{self._program} ended with {how} on an image of {_size(image)}{said}")
            if not target.is_file():
                raise CommandError(f"{self._program} ended well but left no {target.name}{said}")
            try:
                sr = read_image(target)
            except ImageError as error:
                raise CommandError(f"{self._program} left no picture that can be read: {error}") from None
        height, width = (enlarged(side, scale) for side in image.shape[:2])
        if sr.shape[:2] != (height, width):
            raise CommandError(
                f"{self._program} made {_size(sr)} of {_size(image)}; at scale {scale} it should be {width} x {height}"
            )
        return _with_channels(to_tensor(sr, Values.of(sr)), image.shape[2])

    def _in_depth(self, lr: torch.Tensor) -> Image:
        depths: tuple[Depth, ...] = (8, 16) if self._depth is None else (self._depth,)
        for depth in depths:
            like = np.empty(0, _TYPES[depth])
            values = Values.of(like)
            native = values.from_unit(lr.numpy())
            if depth == depths[-1] or np.abs(native - native.round()).max() < _LOSSLESS:
                return to_image(lr, like, values)
        raise AssertionError("the last depth is taken without question")

    def _filled(self, argument: str, values: dict[str, str]) -> str:
        known = {**{name: str(path.absolute()) for name, path in self._named.items()}, **values}
        return _PLACEHOLDER.sub(lambda found: known.get(found[1], found[0]), argument)


def _with_channels(sr: torch.Tensor, channels: int) -> torch.Tensor:
    if sr.shape[0] == channels:
        return sr
    return sr.mean(0, keepdim=True) if channels == 1 else sr.repeat(channels, 1, 1)


def _size(image: Image) -> str:
    return f"{image.shape[1]} x {image.shape[0]} pixels"
