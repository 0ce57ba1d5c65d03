"""The format: what srbench asks of a DICOM file, and errors that name it."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from srbench import Format, Frame
from srbench.pictures import Image, ImageError, Scale


class Dicom(Format):
    """DICOM files, with or without a suffix: grey in the modality's numbers (HU of CT), colour as RGB."""

    suffixes = (".dcm", ".dicom", ".ima")

    def recognises(self, path: Path, head: bytes) -> bool:
        """By name, or by `DICM` behind the preamble."""
        return super().recognises(path, head) or head[128:132] == b"DICM"

    def listed(self, path: Path, head: bytes) -> Sequence[Path] | None:
        """The files that a DICOMDIR lists."""
        from .index import is_index, listed_files

        if not is_index(head):
            return None
        with _told(path):
            return listed_files(path)

    def frames(self, path: Path) -> Sequence[Frame]:
        """A frame a picture, called `0001` and so on where a file holds several."""
        from .header import read_header

        with _told(path):
            header = read_header(path)
            return [
                Frame(
                    path,
                    key=f"{index + 1:04d}" if header.frames > 1 else "",
                    size=header.size,
                    values=header.values(index),
                    spacing=header.spacing(index),
                    group=header.group,
                    facts=header.facts,
                )
                for index in range(header.frames)
            ]

    def read(self, frame: Frame) -> Image:
        """Pixels in the smallest type that holds all that could be stored; those of MONOCHROME1 are inverted."""
        from .header import read_header
        from .pixels import read_pixels

        with _told(frame.path):
            return read_pixels(frame.path, read_header(frame.path), int(frame.key or 1) - 1)

    def write(self, path: Path, source: Path, images: Sequence[Image], scale: Scale, made_by: str) -> None:
        """Write a derived image: what describes the picture is kept, and nothing that tells whose it is."""
        from .derived import derived
        from .header import read_header

        with _told(source):
            content = derived(read_header(source), images, scale, made_by)
        path.write_bytes(content)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Make an `ImageError` of whatever a file from a stranger brings about; its faults are not printed besides."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except ImageError as error:
            raise ImageError(f"{path}: {error}") from error
        except OSError as error:
            raise ImageError(f"{path}: cannot be read: {error.strerror or error}") from error
        except Exception as error:
            said = " ".join(str(error).split()) or type(error).__name__
            raise ImageError(f"{path}: is no DICOM file, or a damaged one ({said})") from error
