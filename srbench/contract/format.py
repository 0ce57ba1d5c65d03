"""What a format is: a kind of file that holds pictures, read and written by a plugin."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from srbench.pictures import Image, ImageError, Scale, Values

HEAD = 1024
"""How many bytes of a file `Format.recognises` is shown."""


@dataclass(frozen=True)
class Frame:
    """One picture of a file, as far as its header tells of it.

    key: which of the file's pictures it is, in letters, digits, `.`, `_` and `-`; empty where the file holds only one.
    size: height and width, where the header says so. values: what its numbers mean, where the header says so.
    spacing: the distance of the middles of pixels, down and across, in `spacing_unit`. group: what the picture belongs
    to, a patient say, as the header names it. It is private: whoever makes a dataset of frames codes it. facts: what
    else the header says that a person may choose frames by, `Modality` for example.
    """

    path: Path
    key: str = ""
    size: tuple[int, int] | None = None
    values: Values | None = None
    spacing: tuple[float, float] | None = None
    spacing_unit: str = "mm"
    group: str | None = None
    facts: Mapping[str, str] = field(default_factory=dict)


class IndexFile(ImageError):
    """A file that lists others (a DICOMDIR) and holds no picture itself. files: those that it lists, there or not."""

    def __init__(self, message: str, files: Sequence[Path] = ()) -> None:
        super().__init__(message)
        self.files = tuple(files)


class Format(ABC):
    """A kind of file that holds pictures: which there are, the pixels of each, and the same kind of file of SR.

    Parameters are those of `__init__`, typed, with defaults for all of them: `folder` takes them by the format's name.
    suffixes: how the names of such files end, in lower case. version: to be raised when the same file gives other
    pixels. Every method raises `ImageError` that names the file and says what is wrong with it, whatever is in it:
    files come from strangers.
    """

    suffixes: ClassVar[tuple[str, ...]]
    version: ClassVar[int] = 1

    def recognises(self, path: Path, head: bytes) -> bool:
        """Whether a file is of this kind. head: its first bytes, 1,024 at most."""
        return path.name.lower().endswith(self.suffixes)

    def listed(self, path: Path, head: bytes) -> Sequence[Path] | None:
        """The files below its folder that an index lists, there or not; None for a file that is no index.

        head: as for `recognises`. An index is never asked for frames.
        """
        return None

    @abstractmethod
    def frames(self, path: Path) -> Sequence[Frame]:
        """The pictures of a file, from its header alone: no pixels are decoded.

        Raises `ImageError` where it holds none, or none that anybody should use, and says why.
        """

    @abstractmethod
    def read(self, frame: Frame) -> Image:
        """The pixels `(H, W, C)` of a frame, C 1 or 3, in a type that holds them without loss, NaN where nothing was
        measured: numbers in the frame's `values.unit`, bright where the picture is bright.
        """

    def besides(self, path: Path) -> Sequence[str]:
        """The names of a file's pictures that are not among its frames, because parameters did not ask for them.

        In a file of SR they are as they were; whoever makes one tells so.
        """
        return ()

    def write(self, path: Path, source: Path, images: Sequence[Image], scale: Scale, made_by: str) -> None:
        """Write SR of all frames of the file `source` as a file of the same kind.

        images: in the order of `frames`, as `read` would give them, `scale` times as high and wide (rounded down).
        Spacing and origin follow the scale: the corner of the picture stays where it is. What tells whose picture it
        is, is left out. made_by: the method, for the file's own history. A format that only reads leaves this as it is.
        """
        raise ImageError(f"{source}: {type(self).__name__} files are not written, only read")
