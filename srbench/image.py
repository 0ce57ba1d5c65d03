"""Pictures on disk and in memory, in their native depth.

In memory a picture is a numpy array `(H, W, C)` with C 1 (grey) or 3 (RGB): `uint8`, `uint16` or `float32`. Its
*peak* is the value that means white: 255, 65535 or 1.0, or what the dataset declares (a 12-bit sensor: 4095).
Torch appears only in the two functions that cross over to tensors, so that looking at a dataset needs no torch.
"""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from srbench.errors import SrbenchError

if TYPE_CHECKING:
    import PIL.ImageFile
    import tifffile
    import torch

Image = npt.NDArray[Any]

PEAKS: dict[str, float] = {"uint8": 255.0, "uint16": 65535.0, "float32": 1.0}
SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".ppm", ".pgm"})
MAX_PIXELS = 1024**3 // 12
"""A header that promises more pixels than this is refused before anything is decoded; Pillow's own limit, so that every
format has the same one."""

_BAND = 2**22
"""How many values are converted at once where an image is gone through in bands."""

_PILLOW_FORMATS = ("PNG", "JPEG", "BMP", "TIFF", "WEBP", "PPM", "GIF")
_ORIENTATION = 0x0112
_ASSOCIATED, _UNASSOCIATED = 1, 2
"""What a further sample of a TIFF may be: alpha by which the colours are multiplied, or are not."""


class ImageError(SrbenchError):
    """A picture that cannot be read as one grey or RGB image; the message names the file."""


def peak_of(image: Image) -> float:
    """The white of an array by its type: 255 for uint8, 65535 for uint16, 1.0 for float32."""
    try:
        return PEAKS[image.dtype.name]
    except KeyError:
        raise ImageError(f"pictures are uint8, uint16 or float32, not {image.dtype.name}") from None


def read_image(path: str | os.PathLike[str]) -> Image:
    """Read one picture, losing nothing.

    Returns `(H, W, C)`, C 1 or 3, in the file's own depth (float16 and float64 become float32; 1, 2 and 4 bits become
    the 8-bit values they stand for). The content decides the format, not the suffix. Palettes become the colours they
    stand for (grey, when all are grey), an opaque alpha channel is dropped, an EXIF rotation is applied, colour
    profiles are not. What has no single honest reading (transparency, CMYK, several frames, an odd depth, NaN, a
    damaged or empty file) raises `ImageError` with the file's name.
    """
    image, alpha = read_with_alpha(path)
    if alpha is not None:
        raise ImageError(f"{path}: has transparent pixels, which have no single colour; flatten it first")
    return image


def read_with_alpha(path: str | os.PathLike[str]) -> tuple[Image, Image | None]:
    """Read one picture that may be transparent: colours as `read_image` has them, and alpha `(H, W, 1)`.

    Alpha is of the same depth, with the same white; None where the picture is opaque. Colours are straight: those that
    a file holds multiplied by alpha are divided by it again.
    """
    path = Path(path)
    with _blaming(path):
        image = _decode_tiff(path) if _is_tiff(path) else _decode_pillow(path)
    if image.dtype in (np.float16, np.float64):
        with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is refused below
            image = image.astype(np.float32)
    if image.ndim != 3 or image.shape[-1] not in (1, 2, 3, 4):
        raise ImageError(f"{path}: has the shape {image.shape}; a picture has 1 or 3 channels")
    if image.dtype.name not in PEAKS:
        raise ImageError(f"{path}: its pixels are {image.dtype.name}; use uint8, uint16 or float32")
    if image.dtype == np.float32 and not np.isfinite(image).all():
        raise ImageError(f"{path}: holds values that are not finite (NaN or infinity)")
    image = image.astype(image.dtype.newbyteorder("="), copy=False)
    colours = image.shape[-1] - (image.shape[-1] + 1) % 2  # the even counts are those with alpha
    alpha = image[..., colours:]
    opaque = bool((alpha == peak_of(image)).all())
    return np.ascontiguousarray(image[..., :colours]), None if opaque else np.ascontiguousarray(alpha)


def image_size(path: str | os.PathLike[str]) -> tuple[int, int]:
    """Height and width of the picture that `read_image` would return, from the header alone.

    Raises `ImageError` when there is no such header. An orientation that stands behind the pixels (allowed in a PNG)
    is not seen.
    """
    path = Path(path)
    with _blaming(path):
        if _is_tiff(path):
            import tifffile

            with tifffile.TiffFile(path) as tiff:
                page = _only_page(path, tiff)
                height, width, orientation = page.imagelength, page.imagewidth, _tiff_orientation(page)
        else:
            with _open_pillow(path) as opened:
                width, height = opened.size
                in_header = opened.format != "PNG" or "exif" in opened.info
                orientation = _exif_orientation(opened) if in_header else 1
        return (width, height) if orientation >= 5 else (height, width)


@contextmanager
def _blaming(path: Path) -> Iterator[None]:
    """Turn whatever a decoder raises into an `ImageError` that names the file."""
    from PIL import Image as Pillow

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd metadata does not make a picture bad
            warnings.simplefilter("error", Pillow.DecompressionBombWarning)
            yield
    except (ImageError, MemoryError):
        raise
    except (Pillow.DecompressionBombWarning, Pillow.DecompressionBombError):
        raise ImageError(f"{path}: its header promises more than {MAX_PIXELS:,} pixels; {_REFUSED}") from None
    except Exception as error:  # every decoder has its own exceptions; whatever they say, the file is the culprit
        raise ImageError(f"{path}: not a readable picture ({type(error).__name__}: {error})") from None


_REFUSED = "refused unread. Cut it into smaller pictures."


def _is_tiff(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            head = file.read(4)
    except OSError as error:
        raise ImageError(f"{path}: cannot be read: {error.strerror or error}") from None
    if not head:
        raise ImageError(f"{path}: the file is empty")
    return head in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def _check_size(path: Path, width: int, height: int) -> None:
    if width < 1 or height < 1:
        raise ImageError(f"{path}: its header says {width} x {height} pixels")
    if width * height > MAX_PIXELS:
        raise ImageError(f"{path}: its header promises {width} x {height} pixels, more than {MAX_PIXELS:,}; {_REFUSED}")


def _open_pillow(path: Path) -> PIL.ImageFile.ImageFile:
    from PIL import Image as Pillow
    from PIL import TiffImagePlugin, WebPImagePlugin  # noqa: F401 (Pillow registers only the others by itself)

    # Only plain raster formats: a PostScript file called .png must not start Ghostscript.
    opened = Pillow.open(path, formats=_PILLOW_FORMATS)
    try:
        _check_size(path, *opened.size)
    except ImageError:
        opened.close()
        raise
    return opened


def _decode_pillow(path: Path) -> Image:
    with _open_pillow(path) as opened:
        if opened.format == "PNG":
            opened.verify()  # decoding alone does not compare all checksums; closes the file
    with _open_pillow(path) as opened:
        frames = getattr(opened, "n_frames", 1)
        # Further pictures in a camera's JPEG (MPO) are previews and gain maps, which no viewer shows.
        if frames > 1 and opened.format != "MPO":
            raise ImageError(f"{path}: holds {frames} frames; save each as a picture of its own")
        if opened.format == "PPM":
            _check_white(path, opened)
        image = _decode_png16(path) if _png_depth(path, opened) == 16 else _pixels(path, opened)
        return _upright(image, _exif_orientation(opened))


def _png_depth(path: Path, opened: PIL.ImageFile.ImageFile) -> int:
    if opened.format != "PNG":
        return 8
    with path.open("rb") as file:
        return file.read(25)[24]  # signature 8, length and name of IHDR 8, width and height 8, then the depth


def _decode_png16(path: Path) -> Image:
    # Pillow silently narrows 16-bit RGB to 8 bits.
    import imagecodecs

    image = np.asarray(imagecodecs.png_decode(path.read_bytes()))
    return image[..., None] if image.ndim == 2 else image


def _check_white(path: Path, opened: PIL.ImageFile.ImageFile) -> None:
    # Pillow rescales every white but 255 (and, in binary grey, 65535), in colour to 8 bits.
    for tile in opened.tile:
        white = tile.args[-1] if isinstance(tile.args, tuple) else 255
        if tile.codec_name.startswith("ppm") and white != 255 and opened.mode != "1":
            raise ImageError(f"{path}: its white is {white}; save it as PNG or TIFF of 8 or 16 bits")


def _pixels(path: Path, opened: PIL.ImageFile.ImageFile) -> Image:
    """The picture with alpha, if it has any, as its last channel."""
    mode = opened.mode
    if mode == "P":
        return _grey_if_colourless(np.asarray(opened.convert("RGBA")))
    if "transparency" in opened.info and mode in ("1", "L", "RGB"):
        keyed = np.asarray(opened.convert("RGBA"))
        return keyed if mode == "RGB" else keyed[..., 2:]
    if mode in ("LA", "RGBA"):
        return np.asarray(opened)
    if mode == "1":
        return np.asarray(opened.convert("L"))[..., None]
    if mode == "L":
        return np.asarray(opened)[..., None]
    if mode == "RGB":
        return np.asarray(opened)
    if mode == "I" and opened.format == "PPM":  # 65535 is white: checked above
        return np.asarray(opened).astype(np.uint16)[..., None]
    raise ImageError(f"{path}: its colours are {mode}; save it as grey or RGB")


def _exif_orientation(opened: PIL.ImageFile.ImageFile) -> int:
    try:
        return int(opened.getexif().get(_ORIENTATION, 1))
    except Exception:  # unreadable metadata says nothing about how to turn the picture
        return 1


def _upright(image: Image, orientation: int) -> Image:
    """Undo the camera's rotation; EXIF 2.3, tag Orientation, values 1 to 8 (others mean nothing)."""
    if orientation in (5, 6, 7, 8):
        image = image.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        image = image[::-1]
    if orientation in (2, 3, 6, 7):
        image = image[:, ::-1]
    return image


def _only_page(path: Path, tiff: tifffile.TiffFile) -> tifffile.TiffPage:
    import tifffile

    pages = [page.aspage() for page in tiff.pages]
    pictures = [page for page in pages if not page.is_reduced and not page.is_mask]
    # Some programs write one page header for a whole stack; only the series tells.
    frames = max(len(pictures), sum(series.size for series in tiff.series[:1]) // max(1, pages[0].size))
    if frames != 1:
        raise ImageError(f"{path}: holds {frames} frames; save each as a picture of its own")
    page = pictures[0]
    assert isinstance(page, tifffile.TiffPage)
    if page.imagedepth != 1:
        raise ImageError(f"{path}: is a volume of {page.imagedepth} slices; save each as a picture of its own")
    _check_size(path, page.imagewidth, page.imagelength)
    return page


def _tiff_orientation(page: tifffile.TiffPage) -> int:
    tag = page.tags.get(_ORIENTATION)
    return int(tag.value) if tag is not None else 1


def _decode_tiff(path: Path) -> Image:
    import tifffile

    with tifffile.TiffFile(path) as tiff:
        page = _only_page(path, tiff)
        _check_strips(path, tiff, page)
        return _upright(_tiff_colours(path, page), _tiff_orientation(page))


def _check_strips(path: Path, tiff: tifffile.TiffFile, page: tifffile.TiffPage) -> None:
    # tifffile fills strips that are not in the file with zeros.
    expected = 1 if page.is_contiguous else math.prod(page.chunked)
    strips = list(zip(page.dataoffsets, page.databytecounts, strict=False))
    held = tiff.filehandle.size
    missing = [strip for strip in strips if strip[0] == 0 or strip[1] == 0 or sum(strip) > held]
    if len(strips) < expected or missing:
        raise ImageError(f"{path}: damaged or truncated: some of its pixels are not in the file")


def _tiff_colours(path: Path, page: tifffile.TiffPage) -> Image:
    kind, bits = getattr(page.photometric, "name", str(page.photometric)), page.bitspersample
    if kind == "YCBCR" and bits == 8:
        with _open_pillow(path) as opened:
            return _pixels(path, opened)
    if kind not in ("MINISBLACK", "MINISWHITE", "RGB", "PALETTE"):
        raise ImageError(f"{path}: its colours are {kind}; save it as grey or RGB")
    if bits not in (1, 2, 4, 8, 16, 32, 64):
        raise ImageError(f"{path}: has {bits} bits a pixel; save it with 8 or 16")
    image = page.asarray()
    if page.samplesperpixel > 1 and page.planarconfig == 2:
        image = np.moveaxis(image, 0, -1)
    if image.ndim == 2:
        image = image[..., None]
    extra = tuple(int(sample) for sample in page.extrasamples)
    colours = image.shape[-1] - (extra in ((_ASSOCIATED,), (_UNASSOCIATED,)))
    if colours != (3 if kind == "RGB" else 1) or (kind == "PALETTE" and colours != image.shape[-1]):
        raise ImageError(f"{path}: is {kind} with {image.shape[-1]} channels; save it as grey or RGB")
    if kind == "PALETTE":
        return _grey_if_colourless(_look_up(image[..., 0].astype(np.intp), page.colormap))
    if bits < 8:
        image = image.astype(np.uint8) * np.uint8(255 // (2**bits - 1))
    if kind == "MINISWHITE":
        if image.dtype not in (np.uint8, np.uint16):
            raise ImageError(f"{path}: is {image.dtype.name} with white at zero; save it with black at zero")
        image = np.concatenate([np.iinfo(image.dtype).max - image[..., :colours], image[..., colours:]], axis=-1)
    return _unmultiplied(image) if extra == (_ASSOCIATED,) else image


def _unmultiplied(image: Image) -> Image:
    """Colours divided by alpha, the last channel, by which they are multiplied; black where nothing is to be seen."""
    if image.dtype.name not in (*PEAKS, "float16", "float64"):
        return image  # refused later, with its type
    peak = PEAKS.get(image.dtype.name, 1.0)
    alpha = image[..., -1:].astype(np.float64) / peak
    colours = np.divide(image[..., :-1], alpha, where=alpha > 0, out=np.zeros(image[..., :-1].shape))
    if image.dtype.kind == "u":
        colours = np.rint(np.minimum(colours, peak))
    return np.concatenate([colours.astype(image.dtype), image[..., -1:]], axis=-1)


def _look_up(indices: Image, palette: Image | None) -> Image:
    """The colours of a TIFF palette, `(3, N)` with white at 65535; in 8 bits when none of them needs more."""
    if palette is None:
        raise ValueError("a palette picture without a palette")
    for step in (257, 256):  # 8-bit colours, repeated (as the standard has it) or shifted (as some programs do)
        if not (palette % step).any():
            palette = (palette // step).astype(np.uint8)
            break
    return np.moveaxis(palette[:, indices], 0, -1)


def _grey_if_colourless(image: Image) -> Image:
    """Of an RGB picture, or RGBA, that without two of its colour channels, where all three are equal."""
    if (image[..., :3] == image[..., :1]).all():
        return image[..., [0, *range(3, image.shape[-1])]]
    return image


def write_image(path: str | os.PathLike[str], image: Image, alpha: Image | None = None) -> None:
    """Write a picture `(H, W, C)` losslessly in its own depth: PNG for uint8 and uint16, TIFF for float32.

    The name must end as `suffix_for(image)` says. alpha: `(H, W, 1)` in the same depth. `read_image` (or
    `read_with_alpha`) gives back the same array.
    """
    path = Path(path)
    if path.suffix != suffix_for(image):
        raise ImageError(f"{path}: a {image.dtype.name} picture is written as {suffix_for(image)}")
    if image.ndim != 3 or image.shape[-1] not in (1, 3) or not image.size:
        raise ImageError(f"{path}: cannot write the shape {image.shape}; it should be (H, W, 1) or (H, W, 3)")
    if alpha is not None:
        if alpha.shape != (*image.shape[:2], 1) or alpha.dtype != image.dtype:
            raise ImageError(f"{path}: alpha is {alpha.shape} {alpha.dtype}; the picture {image.shape} {image.dtype}")
        image = np.concatenate([image, alpha], axis=-1)
    image = np.ascontiguousarray(image)
    plain = image[..., 0] if image.shape[-1] == 1 else image
    if image.dtype == np.float32:
        import tifffile

        colours = "minisblack" if image.shape[-1] < 3 else "rgb"
        extra = None if alpha is None else ["unassalpha"]
        tifffile.imwrite(path, plain, photometric=colours, extrasamples=extra, compression="zlib", metadata=None)
    elif image.dtype == np.uint16:
        import imagecodecs

        path.write_bytes(imagecodecs.png_encode(plain))
    else:
        from PIL import Image as Pillow

        Pillow.fromarray(plain).save(path, compress_level=3)


def suffix_for(image: Image) -> str:
    """`.png` for uint8 and uint16, `.tiff` for float32."""
    peak_of(image)
    return ".tiff" if image.dtype == np.float32 else ".png"


def to_tensor(image: Image, peak: float, dtype: torch.dtype | None = None) -> torch.Tensor:
    """`(H, W, C)` in native depth to a tensor `(C, H, W)` with white at 1; float32 unless told."""
    import torch

    # NumPy turns, converts and divides in one pass, and without threads that would wait for each other.
    values = np.divide(image.transpose(2, 0, 1), peak, dtype=np.float32 if dtype is None else np.float64, order="C")
    return torch.from_numpy(values).to(dtype or torch.float32)


def to_image(tensor: torch.Tensor, like: Image, peak: float) -> Image:
    """A tensor `(C, H, W)` with white at 1 to `(H, W, C)` in the depth of `like`: clamped, then rounded.

    Float pictures are clamped to [0, peak] and not rounded.
    """
    channels, height, width = tensor.shape
    image = np.empty((height, width, channels), like.dtype)
    rows = max(1, _BAND // max(1, width * channels))
    for top in range(0, height, rows):  # in double precision a whole large image would take eight times its size
        scaled = (tensor[:, top : top + rows].double().clamp(0, 1) * peak).permute(1, 2, 0).cpu()
        image[top : top + rows] = (scaled if like.dtype == np.float32 else scaled.round()).numpy()
    return image
