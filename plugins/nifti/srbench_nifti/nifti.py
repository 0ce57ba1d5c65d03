"""NIfTI, which nibabel understands: the slices of a volume along one axis of the body."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from srbench import Format, Frame, Image, ImageError, Scale

if TYPE_CHECKING:
    from .volume import Volume


class Nifti(Format):
    """Slices of NIfTI-1 and NIfTI-2 volumes, as radiologists look at them.

    The patient's right is at the left of axial and coronal slices, the front at the top of axial and at the left of
    sagittal ones, the head at the top of coronal and sagittal ones. They are counted from 0 in RAS+ orientation: from
    left to right, from back to front, from bottom to top. Further dimensions, time for example, are counted in the key
    behind the slice: `017.003`.

    Numbers are those of the file with its slope and intercept. Nobody knows which mean black and white: `cal_min` and
    `cal_max` are what a viewer was set to, so that the dataset has to declare them.
    """

    suffixes = (".nii", ".nii.gz")

    def __init__(self, axis: Literal["axial", "sagittal", "coronal"] = "axial") -> None:
        """axis: along which axis of the body a volume is cut."""
        self.axis = axis
        self._last: tuple[object, Volume] | None = None

    def frames(self, path: Path) -> Sequence[Frame]:
        """Every slice of every further dimension; `ImageError` for a header that cannot be meant."""
        volume = self._volume(path)
        return [
            Frame(
                path,
                key,
                size=volume.size,
                spacing=volume.spacing,
                spacing_unit=volume.unit,
                facts={"datatype": volume.datatype} | ({"volume": key.partition(".")[2]} if "." in key else {}),
            )
            for key in volume.keys
        ]

    def read(self, frame: Frame) -> Image:
        """The slice `(H, W, C)`: whole numbers as they are, in the smallest type that holds their kind, float32 where
        the file scales them or has floats (those of 64 bits are rounded).
        """
        return self._volume(frame.path).slice(frame.key)

    def write(self, path: Path, source: Path, images: Sequence[Image], scale: Scale, made_by: str) -> None:
        """A volume whose slices are `images`, lying where `source` lies: both affines, units and the intent follow.

        Types are kept where they hold the values; scaled whole numbers become float32. Nothing else of the header is
        carried over, nor its extensions: free text may hold names.
        """
        path.write_bytes(
            self._volume(source).enlarged(images, scale, made_by, compressed=path.name.lower().endswith(".gz"))
        )

    def _volume(self, path: Path) -> Volume:
        # The last one is kept with its voxels: a .nii.gz is decompressed once, not once for each slice. nibabel takes
        # half a second to import, which only those pay who have such files.
        from .volume import Volume

        try:
            status = path.stat()
        except OSError as error:
            raise ImageError(f"{path}: cannot be read: {error.strerror or error}") from error
        identity = (path, status.st_size, status.st_mtime_ns)
        if self._last is None or self._last[0] != identity:
            self._last = identity, Volume(path, self.axis)
        return self._last[1]
