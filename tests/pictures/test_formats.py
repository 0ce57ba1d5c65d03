"""Files as programs write them: read as ImageMagick and Pillow read them, or refused with the property's name.

Every file has a source whose pixels are known, so that two readers that err alike would be noticed, too.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, NoReturn

import cv2
import imagecodecs
import numpy as np
import numpy.typing as npt
import pytest
import tifffile
from PIL import Image as Pillow
from PIL import ImageOps, PngImagePlugin, UnidentifiedImageError

from srbench.pictures import ImageError, image_size, read_image

Array = npt.NDArray[np.generic]
Missing = Callable[[str], NoReturn]

HEIGHT, WIDTH = 17, 23
RNG = np.random.default_rng(5)
ROWS, COLUMNS = np.mgrid[:HEIGHT, :WIDTH]
SMOOTH = np.dstack([COLUMNS * 11, ROWS * 15, (ROWS + COLUMNS) * 6])
RGB8 = (SMOOTH + RNG.integers(0, 4, SMOOTH.shape)).astype(np.uint8)
RGB16 = (SMOOTH * 257 + RNG.integers(0, 255, SMOOTH.shape)).astype(np.uint16)
GREY8, GREY16 = RGB8[..., 2:], RGB16[..., 2:]
BITS = ((ROWS // 3 + COLUMNS // 4) % 2 * 255).astype(np.uint8)[..., None]
FEW = ((ROWS * 7 + COLUMNS) % 4 * 85).astype(np.uint8)
HALF = np.full((HEIGHT, WIDTH, 1), 128, np.uint8)
OPAQUE = np.full((HEIGHT, WIDTH, 1), 255, np.uint8)
COLOURS = np.array([[255, 0, 0], [0, 90, 200], [10, 240, 30], [250, 250, 5], [0, 0, 0]], np.uint8)
FEW_COLOURS = COLOURS[(ROWS * 3 + COLUMNS // 2) % 5]
TRUTHS: dict[str, Array] = {
    "rgb8": RGB8,
    "rgb16": RGB16,
    "grey8": GREY8,
    "grey16": GREY16,
    "bits": BITS,
    "few": FEW[..., None],
    "colours": FEW_COLOURS,
    "inverted": 255 - GREY8,
    "signed": GREY8.astype(np.int16) - 128,
    "grey32": GREY16.astype(np.uint32) * 65537,
}


class Case(NamedTuple):
    """A file, what makes it, and what it holds: a truth, `~` and what is near it, or `!` and words of its refusal."""

    name: str
    make: str | Callable[[Path], object]
    holds: str
    orientation: int = 1
    magick: bool = True
    """Whether ImageMagick 6 reads it, and turns it once."""


def pillow(pixels: Array, mode: str | None = None, **options: object) -> Callable[[Path], object]:
    """Written by Pillow."""

    def write(path: Path) -> None:
        picture = Pillow.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
        (picture.convert(mode) if mode else picture).save(path, **options)

    return write


def opencv(pixels: Array, *options: int) -> Callable[[Path], object]:
    """Written by OpenCV, whose colours are BGR."""
    turned = pixels[..., [2, 1, 0, *range(3, pixels.shape[-1])]] if pixels.shape[-1] > 1 else pixels
    return lambda path: cv2.imwrite(str(path), turned, list(options))


def tiff(pixels: Array, **options: object) -> Callable[[Path], object]:
    """Written by tifffile."""
    plain = pixels[..., 0] if pixels.shape[-1] == 1 else pixels
    options = {"photometric": "minisblack" if plain.ndim == 2 else "rgb", "metadata": None, **options}
    return lambda path: tifffile.imwrite(path, plain, **options)


def exif(orientation: int) -> Pillow.Exif:
    held = Pillow.Exif()
    held[0x0112] = orientation
    return held


def texts(*parts: tuple[str, str]) -> PngImagePlugin.PngInfo:
    info = PngImagePlugin.PngInfo()
    for name, text in parts:
        info.add_text(name, text, zip=True)
    return info


def alpha(pixels: Array, mask: Array) -> Array:
    return np.concatenate([pixels, mask], axis=-1)


def indexed(path: Path, **options: object) -> None:
    picture = Pillow.fromarray(((ROWS * 3 + COLUMNS // 2) % 5).astype(np.uint8), "P")
    picture.putpalette(COLOURS.tobytes())
    picture.save(path, **options)


def frames(path: Path, **options: object) -> None:
    first, second = Pillow.fromarray(RGB8), Pillow.fromarray(255 - RGB8)
    first.save(path, save_all=True, append_images=[second], **options)


PNG = [
    Case("pillow.png", pillow(RGB8, optimize=True), "rgb8"),
    Case("pillow-1.png", pillow(BITS, "1"), "bits"),
    Case("pillow-palette.png", indexed, "colours"),
    Case("pillow-opaque.png", pillow(alpha(RGB8, OPAQUE)), "rgb8"),
    Case("pillow-half.png", pillow(alpha(RGB8, HALF)), "!transparent"),
    Case("pillow-animated.png", frames, "!2 frames"),
    Case("pillow-long-texts.png", pillow(RGB8, pnginfo=texts(("notes", "long " * 500_000), ("more", "x"))), "rgb8"),
    Case("pillow-exif.png", pillow(RGB8, exif=exif(6)), "rgb8", 6, magick=False),
    Case("opencv.png", opencv(RGB8), "rgb8"),
    Case("opencv-16.png", opencv(RGB16), "rgb16"),
    Case("opencv-grey-16.png", opencv(GREY16), "grey16"),
    Case("imagecodecs-16.png", lambda path: path.write_bytes(imagecodecs.png_encode(RGB16)), "rgb16"),
    Case("im-interlaced.png", "convert rgb8.ppm -interlace PNG OUT", "rgb8"),
    Case("im-interlaced-16.png", "convert rgb16.ppm -interlace PNG -define png:bit-depth=16 OUT", "rgb16"),
    Case("im-2.png", "convert few.pgm -define png:bit-depth=2 -define png:color-type=0 OUT", "few"),
    Case("im-oriented.png", "convert oriented.jpg OUT", "~rgb8", 6, magick=False),
    Case("im-transparent.png", "convert rgb8.ppm -alpha set -channel A -evaluate set 50% OUT", "!transparent"),
    Case("gm.png", "gm convert rgb8.ppm -comment hello OUT", "rgb8"),
    Case("gm-16.png", "gm convert rgb16.ppm OUT", "rgb16"),
    Case("gm-palette.png", "gm convert colours.ppm png8:OUT", "colours"),
    Case("pnmtopng.png", "pnmtopng -interlace -gamma 0.45 rgb8.ppm > OUT", "rgb8"),
    Case("pnmtopng-16.png", "pnmtopng grey16.pgm > OUT", "grey16"),
    Case("pnmtopng-transparent.png", "pnmtopng -transparent =black colours.ppm > OUT", "!transparent"),
    Case("pamtopng.png", "pamtopng rgb16.ppm > OUT", "rgb16"),
]

JPEG = [
    Case("pillow.jpg", pillow(RGB8, quality=92), "~rgb8"),
    Case("pillow-progressive.jpg", pillow(RGB8, progressive=True, subsampling=0), "~rgb8"),
    Case("pillow-grey.jpg", pillow(GREY8), "~grey8"),
    Case("pillow-rgb.jpg", pillow(RGB8, keep_rgb=True, quality=95), "~rgb8"),
    Case("pillow-cmyk.jpg", pillow(RGB8, "CMYK"), "!its colours are CMYK"),
    Case("pillow-exif.jpg", pillow(RGB8, exif=exif(7), comment=b"x" * 60_000), "~rgb8", 7),
    Case("pillow-preview.jpg", lambda path: frames(path, format="MPO"), "~rgb8"),
    Case("opencv.jpg", opencv(RGB8, cv2.IMWRITE_JPEG_QUALITY, 80, cv2.IMWRITE_JPEG_RST_INTERVAL, 1), "~rgb8"),
    Case("opencv-grey.jpg", opencv(GREY8, cv2.IMWRITE_JPEG_PROGRESSIVE, 1), "~grey8"),
    Case("cjpeg-arithmetic.jpg", "cjpeg -arithmetic -outfile OUT rgb8.ppm", "~rgb8"),
    Case("cjpeg-restarts.jpg", "cjpeg -restart 1 -optimize -sample 2x1 -outfile OUT rgb8.ppm", "~rgb8"),
    Case("cjpeg-rgb.jpg", "cjpeg -rgb -progressive -outfile OUT rgb8.ppm", "~rgb8"),
    Case("im.jpg", "convert rgb8.ppm -sampling-factor 4:1:1 -interlace JPEG OUT", "~rgb8"),
    Case("im-cmyk.jpg", "convert rgb8.ppm -colorspace CMYK OUT", "!its colours are CMYK"),
    Case("gm.jpg", "gm convert grey8.pgm -quality 90 OUT", "~grey8"),
    Case("pnmtojpeg.jpg", "pnmtojpeg -smooth=10 rgb8.ppm > OUT", "~rgb8"),
    Case(
        "lossless.jpg",
        lambda path: path.write_bytes(imagecodecs.ljpeg_encode(GREY8[..., 0], bitspersample=8)),
        "!lossless JPEG",
    ),
    Case("ls.jpg", lambda path: path.write_bytes(imagecodecs.jpegls_encode(GREY8[..., 0])), "!no plain JPEG"),
]

BMP = [
    Case("pillow.bmp", pillow(RGB8), "rgb8"),
    Case("pillow-grey.bmp", pillow(GREY8), "grey8"),
    Case("pillow-1.bmp", pillow(BITS, "1"), "bits"),
    Case("pillow-palette.bmp", indexed, "colours"),
    Case("pillow-opaque.bmp", pillow(alpha(RGB8, OPAQUE)), "rgb8"),
    Case("opencv.bmp", opencv(RGB8), "rgb8"),
    Case("opencv-grey.bmp", opencv(GREY8), "grey8"),
    Case("opencv-opaque.bmp", opencv(alpha(RGB8, OPAQUE)), "rgb8"),
    Case("opencv-empty-alpha.bmp", opencv(alpha(RGB8, 0 * OPAQUE)), "rgb8"),
    Case("opencv-half.bmp", opencv(alpha(RGB8, HALF)), "!transparent"),
    Case("im.bmp", "convert rgb8.ppm OUT", "rgb8"),
    Case("im-2.bmp", "convert rgb8.ppm bmp2:OUT", "rgb8"),
    Case("im-3.bmp", "convert rgb8.ppm bmp3:OUT", "rgb8"),
    Case("im-alpha.bmp", "convert rgb8.ppm -alpha set -channel A -evaluate set 50% OUT", "!transparent"),
    Case("im-run-lengths.bmp", "convert colours.ppm -type Palette -compress RLE OUT", "colours"),
    Case("im-run-lengths-3.bmp", "convert colours.ppm -type Palette -compress RLE bmp3:OUT", "colours"),
    Case("im-565.bmp", "convert colours.ppm -type TrueColor -define bmp:subtype=RGB565 OUT", "~colours"),
    Case("im-555.bmp", "convert colours.ppm -type TrueColor -define bmp:subtype=RGB555 OUT", "~colours"),
    Case("gm.bmp", "gm convert rgb8.ppm OUT", "rgb8"),
    Case("gm-1.bmp", "gm convert bits.pbm OUT", "bits"),
    Case("ppmtobmp-windows.bmp", "ppmtobmp -windows colours.ppm > OUT", "colours"),
    Case("ppmtobmp-os2.bmp", "ppmtobmp -os2 -bpp 8 colours.ppm > OUT", "colours"),
    Case("ppmtobmp-24.bmp", "ppmtobmp -bpp 24 rgb8.ppm > OUT", "rgb8"),
]

WEBP = [
    Case("pillow.webp", pillow(RGB8), "~rgb8"),
    Case("pillow-lossless.webp", pillow(RGB8, lossless=True), "rgb8"),
    Case("pillow-exif.webp", pillow(RGB8, lossless=True, exif=exif(8)), "rgb8", 8, magick=False),
    Case("pillow-opaque.webp", pillow(alpha(RGB8, OPAQUE), lossless=True), "rgb8"),
    Case("pillow-half.webp", pillow(alpha(RGB8, HALF), lossless=True), "!transparent"),
    Case("pillow-animated.webp", frames, "!2 frames"),
    Case("opencv.webp", opencv(RGB8, cv2.IMWRITE_WEBP_QUALITY, 70), "~rgb8"),
    Case("opencv-lossless.webp", opencv(RGB8, cv2.IMWRITE_WEBP_QUALITY, 101), "rgb8"),
    Case("cwebp.webp", "cwebp -quiet -q 60 rgb8.png -o OUT", "~rgb8"),
    Case("cwebp-lossless.webp", "cwebp -quiet -lossless -exact rgb8.png -o OUT", "rgb8"),
    Case("cwebp-profile.webp", "cwebp -quiet -metadata all -lossless -exact rgb8.png -o OUT", "rgb8"),
    Case("img2webp.webp", "img2webp -lossless rgb8.png -d 40 colours.png -o OUT", "!2 frames"),
    Case("im.webp", "convert rgb8.ppm -define webp:lossless=true OUT", "rgb8"),
    Case("im-half.webp", "convert rgb8.ppm -alpha set -channel A -evaluate set 50% OUT", "!transparent"),
    Case("gm.webp", "gm convert rgb8.ppm -define webp:lossless=true OUT", "rgb8"),
]

NETPBM = [
    Case("pillow.ppm", pillow(RGB8), "rgb8"),
    Case("pillow.pgm", pillow(GREY8), "grey8"),
    Case("pillow.pbm", pillow(BITS, "1"), "bits"),
    Case("pillow-16.pgm", lambda path: Pillow.fromarray(GREY16[..., 0]).save(path), "grey16"),
    Case("opencv.ppm", opencv(RGB8), "rgb8"),
    Case("opencv-16.ppm", opencv(RGB16), "rgb16"),
    Case("opencv-16.pgm", opencv(GREY16), "grey16"),
    Case("opencv.pbm", opencv(BITS, cv2.IMWRITE_PXM_BINARY, 1), "bits"),
    Case("opencv-letters.ppm", opencv(RGB8, cv2.IMWRITE_PXM_BINARY, 0), "rgb8"),
    Case("im-letters.ppm", "convert rgb8.ppm -compress none OUT", "rgb8"),
    Case("im-letters-16.pgm", "convert grey16.pgm -depth 16 -compress none OUT", "grey16"),
    Case("im-letters.pbm", "convert bits.pbm -compress none OUT", "bits"),
    Case("im-16.pam", "convert rgb16.ppm -depth 16 OUT", "rgb16"),
    Case("im-half.pam", "convert rgb8.ppm -alpha set -channel A -evaluate set 50% OUT", "!transparent"),
    Case("im.pnm", "convert grey8.pgm -comment hello OUT", "grey8"),
    Case("gm-16.ppm", "gm convert rgb16.ppm OUT", "rgb16"),
    Case("gm.pbm", "gm convert bits.pbm OUT", "bits"),
    Case("pnmtoplainpnm.pnm", "pnmtoplainpnm rgb16.ppm > OUT", "rgb16"),
    Case("plain.pbm", "pnmtoplainpnm bits.pbm > OUT", "bits"),
    Case("pamdepth.pgm", "pamdepth 4095 grey16.pgm > OUT", "!its white is 4095"),
    Case("two.ppm", "cat rgb8.ppm colours.ppm > OUT", "!2 frames"),
    Case("pamtopam.pam", "pamtopam < bits.pbm > OUT", "bits"),
]

TIFF = [
    Case("tifffile.tif", tiff(RGB8), "rgb8"),
    Case("tifffile-big.tif", tiff(RGB16, bigtiff=True, byteorder=">", compression="zlib", predictor=True), "rgb16"),
    Case("tifffile-tiles.tif", tiff(GREY16, tile=(16, 16), compression="lzw"), "grey16"),
    Case("tifffile-zstd.tif", tiff(RGB8, compression="zstd"), "rgb8"),
    Case("tifffile-jpeg.tif", tiff(RGB8, compression="jpeg", compressionargs={"level": 90}), "~rgb8"),
    Case("tifffile-jpeg-rgb.tif", tiff(RGB8, compression="jpeg", compressionargs={"outcolorspace": "rgb"}), "~rgb8"),
    Case("tifffile-opaque.tif", tiff(alpha(RGB8, OPAQUE), extrasamples=["unassalpha"]), "rgb8"),
    Case("tifffile-imagej.tif", lambda path: tifffile.imwrite(path, GREY16[..., 0], imagej=True), "grey16"),
    Case("tifffile-ome.ome.tif", lambda path: tifffile.imwrite(path, GREY8[..., 0], ome=True), "grey8"),
    Case("tifffile-signed.tif", tiff(GREY8.astype(np.int16) - 128), "signed", magick=False),
    Case("tifffile-12.tif", tiff(GREY16 // 16, bitspersample=12), "!has 12 bits"),
    Case("tifffile-32.tif", tiff(GREY16.astype(np.uint32) * 65537), "grey32", magick=False),
    Case("tifffile-cielab.tif", tiff(RGB8, photometric="cielab"), "!its colours are CIELAB"),
    Case("pillow.tif", pillow(RGB8, compression="tiff_lzw"), "rgb8"),
    Case("pillow-1.tif", pillow(BITS, "1", compression="group4"), "bits"),
    Case("pillow-palette.tif", indexed, "colours"),
    Case("pillow-packbits.tif", pillow(GREY8, compression="packbits"), "grey8"),
    Case("pillow-cmyk.tif", pillow(RGB8, "CMYK"), "!its colours are CMYK"),
    Case("pillow-lab.tif", pillow(RGB8, "LAB"), "!its colours are CIELAB"),
    Case("pillow-jpeg.tif", pillow(RGB8, compression="jpeg", quality=90, exif=exif(5)), "~rgb8", 5),
    Case("pillow-pages.tif", frames, "!2 frames"),
    Case("opencv.tif", opencv(RGB8), "rgb8"),
    Case("opencv-16.tif", opencv(RGB16), "rgb16"),
    Case("opencv-opaque.tif", opencv(alpha(RGB8, OPAQUE)), "rgb8"),
    Case("opencv-half.tif", opencv(alpha(RGB8, HALF)), "!channel 4 is not said to be alpha"),
    Case("im.tif", "convert rgb8.ppm -compress LZW -define tiff:predictor=2 OUT", "rgb8"),
    Case("im-planes.tif", "convert rgb16.ppm -interlace plane -compress Zip OUT", "rgb16"),
    Case("im-tiles.tif", "convert rgb8.ppm -define tiff:tile-geometry=16x16 OUT", "rgb8"),
    Case("im-white-is-zero.tif", "convert grey8.pgm -define quantum:polarity=min-is-white OUT", "inverted"),
    Case("im-fax.tif", "convert bits.pbm -compress Group4 OUT", "bits"),
    Case("im-fax-3.tif", "convert bits.pbm -compress Fax OUT", "bits"),
    Case("im-least-bit-first.tif", "convert bits.pbm -compress none -define tiff:fill-order=lsb OUT", "bits"),
    Case("im-2.tif", "convert few.pgm -type Grayscale -depth 2 OUT", "few"),
    Case("im-4.tif", "convert colours.ppm -type Palette -depth 4 OUT", "~colours"),
    Case("im-half.tif", "convert rgb8.ppm -alpha set -channel A -evaluate set 50% OUT", "!transparent"),
    Case("im-oriented.tif", "convert rgb8.ppm -orient LeftBottom OUT", "rgb8", 8),
    Case("im-jpeg.tif", "convert rgb8.ppm -compress JPEG -quality 95 OUT", "~rgb8"),
    Case("im-jpeg-turned.tif", "convert rgb8.ppm -compress JPEG -orient BottomRight OUT", "~rgb8", 3, magick=False),
    Case("im-pyramid.tif", "convert rgb8.ppm -define ptif:minimum-geometry=4x4 ptif:OUT", "rgb8"),
    Case("im-pages.tif", "convert rgb8.ppm grey8.pgm OUT", "!2 frames"),
    Case("im-big-endian.tif", "convert rgb16.ppm -endian MSB tiff64:OUT", "rgb16"),
    Case("im-cmyk.tif", "convert rgb8.ppm -colorspace CMYK OUT", "!its colours are CMYK"),
    Case("gm.tif", "gm convert rgb8.ppm -compress Zip OUT", "rgb8"),
    Case("gm-16.tif", "gm convert rgb16.ppm -compress LZW OUT", "rgb16"),
    Case("tiffcp-planes.tif", "tiffcp -p separate -c lzw:2 pillow.tif OUT", "rgb8"),
    Case("tiffcp-tiles.tif", "tiffcp -t -w 16 -l 16 -B -c zip:2 opencv-16.tif OUT", "rgb16"),
    Case("tiffcp-big.tif", "tiffcp -8 -c packbits pillow.tif OUT", "rgb8"),
    Case("tiffcp-fill-order.tif", "tiffcp -f lsb2msb -c g3:2d:fill pillow-1.tif OUT", "bits"),
    Case("tiffcp-jpeg.tif", "tiffcp -c jpeg:90 pillow.tif OUT", "~rgb8"),
    Case("tiffcp-jpeg-rgb.tif", "tiffcp -c jpeg:r:90 pillow.tif OUT", "~rgb8"),
    Case("tiffcp-lzma.tif", "tiffcp -c lzma pillow.tif OUT", "rgb8"),
    Case("tiffset.tif", "cp pillow.tif OUT && tiffset -s 274 3 OUT", "rgb8", 3),
    Case("ppm2tiff.tif", "ppm2tiff -c zip rgb8.ppm OUT", "rgb8"),
    Case("raw2tiff.tif", "raw2tiff -w 23 -l 17 -d short -b 1 -L grey16.raw OUT", "grey16"),
    Case("gm-fax.tif", "gm convert bits.pbm -compress Group3 OUT", "bits"),
    Case("pal2rgb.tif", "pal2rgb pillow-palette.tif OUT", "~colours"),
    Case("tiff2rgba.tif", "tiff2rgba -c lzw pillow.tif OUT", "rgb8"),
    Case("pamtotiff.tif", "pamtotiff -lzw -predictor=1 -output OUT rgb8.ppm", "rgb8"),
    Case("pamtotiff-white-is-zero.tif", "pamtotiff -miniswhite -output OUT grey16.pgm", "grey16"),
    Case("pnmtotiff.tif", "pnmtotiff -flate -color rgb16.ppm > OUT", "rgb16"),
    Case("pnmtotiffcmyk.tif", "pnmtotiffcmyk rgb8.ppm > OUT", "!its colours are CMYK"),
]
FORMATS = {"PNG": PNG, "JPEG": JPEG, "BMP": BMP, "WebP": WEBP, "netpbm": NETPBM, "TIFF": TIFF}


def write_sources(folder: Path) -> None:
    """What the programs are given, written from the formats' specifications or by Pillow."""
    for name, pixels in TRUTHS.items():
        if pixels.dtype not in (np.uint8, np.uint16):
            continue
        magic, suffix = ("P5", "pgm") if pixels.shape[-1] == 1 else ("P6", "ppm")
        header = f"{magic}\n{WIDTH} {HEIGHT}\n{np.iinfo(pixels.dtype).max}\n".encode()
        big_endian = pixels.astype(pixels.dtype.newbyteorder(">"))
        (folder / f"{name}.{suffix}").write_bytes(header + big_endian.tobytes())
    (folder / "bits.pbm").write_bytes(
        f"P4\n{WIDTH} {HEIGHT}\n".encode() + np.packbits(BITS[..., 0] == 0, axis=1).tobytes()
    )
    (folder / "grey16.raw").write_bytes(GREY16.astype("<u2").tobytes())
    Pillow.fromarray(FEW_COLOURS).save(folder / "colours.png")
    Pillow.fromarray(RGB8).save(folder / "oriented.jpg", exif=exif(6))
    Pillow.fromarray(RGB8).save(folder / "rgb8.png", icc_profile=b"profile " * 50_000)


def programs(case: Case) -> list[str]:
    """The programs that make a file; ImageMagick by the one that nothing else is called."""
    first = [part.split()[0] for part in case.make.split("&&")] if isinstance(case.make, str) else []
    return ["identify" if name == "convert" else name for name in first]


def make(case: Case, folder: Path) -> None:
    if isinstance(case.make, str):
        command = case.make.replace("OUT", case.name)
        made = subprocess.run(command, shell=True, cwd=folder, capture_output=True, text=True, check=False)
        assert made.returncode == 0, f"{command}: {made.stderr}"
    else:
        case.make(folder / case.name)


def turned(pixels: Array, orientation: int) -> Array:
    """As Pillow turns it, one channel at a time, for it has no colours of 16 bits."""
    channels = []
    for channel in np.moveaxis(pixels, -1, 0):
        picture = Pillow.fromarray(np.ascontiguousarray(channel))
        picture.getexif()[0x0112] = orientation
        channels.append(np.asarray(ImageOps.exif_transpose(picture)).astype(pixels.dtype))
    return np.stack(channels, axis=-1)


def by_magick(names: list[str], folder: Path) -> dict[str, Array]:
    """The pictures as ImageMagick reads them, in colour with 16 bits; one process for all."""
    steps = ("-auto-orient", "+set", "comment", "-depth", "16", "-write")
    each = [["(", name, *steps, f"ppm:{name}.seen", ")"] for name in names]
    command = ["convert", "-quiet", *(word for words in each for word in words), "null:"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    seen = {}
    for name in names:
        content = (folder / f"{name}.seen").read_bytes()
        header = re.match(rb"P6\s(\d+)\s(\d+)\s65535\s", content)
        assert header is not None, name
        width, height = int(header[1]), int(header[2])
        seen[name] = np.frombuffer(content[header.end() :], ">u2").reshape(height, width, 3)
    return seen


def by_pillow(path: Path) -> Array | None:
    """The picture as Pillow reads it, in 8 bits; None of what it cannot read."""
    try:
        with Pillow.open(path) as picture:
            return np.asarray(ImageOps.exif_transpose(picture).convert("RGB"))
    except UnidentifiedImageError:  # PAM, and BigTIFF of big-endian order
        return None


def faults(case: Case, path: Path) -> str | None:
    """What is wrong in how a file is read, against its truth and Pillow."""
    try:
        found = read_image(path)
    except ImageError as error:
        right = case.holds.startswith("!") and case.holds[1:] in str(error).removeprefix(f"{path}: ")
        return None if right else str(error)
    if case.holds.startswith("!"):
        return "is read"
    if image_size(path) != found.shape[:2]:
        return f"{image_size(path)} is said to be its size, and is not"
    truth = turned(TRUTHS[case.holds.removeprefix("~")], case.orientation)
    if found.shape != truth.shape or found.dtype != truth.dtype:
        return f"is {found.shape} {found.dtype}"
    distance = np.abs(found.astype(float) - truth)
    if distance.mean() > 15 if case.holds.startswith("~") else distance.any():
        return f"is {distance.mean()} levels from what was written, {distance.max()} at most"
    seen = by_pillow(path)
    if found.dtype == np.uint8 and seen is not None and not (seen == found).all():
        return "is something else to Pillow"
    return None


@pytest.mark.parametrize("form", FORMATS)
def test_files_of_many_programs_are_read_as_others_read_them_or_refused_in_words(
    form: str, tmp_path: Path, missing: Missing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PngImagePlugin, "MAX_TEXT_CHUNK", 2**26)  # for Pillow's own reading
    write_sources(tmp_path)
    absent = {name for case in FORMATS[form] for name in programs(case) if not shutil.which(name)}
    cases = [case for case in FORMATS[form] if not absent.intersection(programs(case))]
    for case in cases:
        make(case, tmp_path)
    found = {case.name: faults(case, tmp_path / case.name) for case in cases}
    if shutil.which("identify"):
        others = [case for case in cases if case.magick and not case.holds.startswith("!")]
        seen_by = by_magick([case.name for case in others], tmp_path)
        for name, _, holds, *_ in others:
            ours, seen = read_image(tmp_path / name), seen_by[name]
            level = 65535 // np.iinfo(ours.dtype).max
            # A palette's colours have 16 bits, which mean 8; what a JPEG's numbers stand for is rounded here or there.
            near = 2 * level if holds.startswith("~") else level - 1
            if seen.shape[:2] != ours.shape[:2] or np.abs(seen.astype(int) - ours.astype(int) * level).max() > near:
                found[name] = found[name] or "is something else to ImageMagick"
    assert {name: fault for name, fault in found.items() if fault} == {}
    if absent:
        missing(f"install {', '.join(sorted(absent))}")
