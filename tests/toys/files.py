"""Picture files written part by part, so that they can say what no program would."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image as Pillow

from srbench.pictures import ImageError, read_image

Array = npt.NDArray[np.generic]
NOISE = np.random.default_rng(13).integers(0, 256, (12, 17, 3), dtype=np.uint8)
ROWS, COLUMNS = np.mgrid[:16, :24]
RGB8 = np.dstack([COLUMNS * 10, ROWS * 15, (ROWS + COLUMNS) * 6]).astype(np.uint8)
GREY8 = RGB8[..., 0].copy()
LAYOUTS = [(order, big) for order in "<>" for big in (False, True)]
Tags = list[tuple[int, int, int, int]]


def header(order: str, big: bool, first: int) -> bytes:
    mark = b"II" if order == "<" else b"MM"
    if big:
        return mark + struct.pack(f"{order}HHHQ", 43, 8, 0, first)
    return mark + struct.pack(f"{order}HI", 42, first)


def directory(order: str, big: bool, tags: Tags, following: int) -> bytes:
    """A directory of whole numbers; each tag is its number, the kind and count of its values, and these or a place."""
    wide = "Q" if big else "I"
    entries = b""
    for tag, kind, count, value in tags:
        number = {3: "H", 4: "I", 16: "Q"}[kind]
        inline = count == 1
        entries += struct.pack(f"{order}HH{wide}", tag, kind, count)
        entries += struct.pack(order + (number if inline else wide), value).ljust(8 if big else 4, b"\0")
    return struct.pack(order + ("Q" if big else "H"), len(tags)) + entries + struct.pack(order + wide, following)


def plain(offset: int, *further: tuple[int, int, int, int]) -> Tags:
    """The tags of a grey picture of 24 x 16 whose pixels stand at a place."""
    tags = [(256, 3, 1, 24), (257, 3, 1, 16), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1)]
    tags += [(273, 4, 1, offset), (277, 3, 1, 1), (278, 3, 1, 16), (279, 4, 1, 384)]
    numbers = {tag[0] for tag in further}
    return sorted([*(tag for tag in tags if tag[0] not in numbers), *further])


def put(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def refused(path: Path, reason: str) -> None:
    """Refused with the reason, and with the file's name first."""
    with pytest.raises(ImageError, match=reason) as caught:
        read_image(path)
    assert str(caught.value).startswith(f"{path}: ")


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(*front: bytes, behind: tuple[bytes, ...] = (), rows: int = 12) -> bytes:
    """A PNG of `NOISE` with further chunks before and behind its pixels, of which `rows` are in the file."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 17, 12, 8, 2, 0, 0, 0))
    pixels = b"".join(b"\0" + row.tobytes() for row in NOISE[:rows])
    parts = [header, *front, chunk(b"IDAT", zlib.compress(pixels)), *behind, chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def jpeg(*segments: bytes) -> bytes:
    """A JPEG of `NOISE` with further segments at its front."""
    buffer = io.BytesIO()
    Pillow.fromarray(NOISE).save(buffer, "JPEG", quality=95)
    whole = buffer.getvalue()
    parts = [b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment for segment in segments]
    return whole[:2] + b"".join(parts) + whole[2:]


def exif(orientation: int, order: str = ">", kind: int = 3) -> bytes:
    """EXIF of one tag."""
    value = struct.pack(order + {3: "HH", 4: "I"}[kind], orientation, *([0] if kind == 3 else []))
    mark = b"MM" if order == ">" else b"II"
    return mark + struct.pack(f"{order}HIHHHI", 42, 8, 1, 0x0112, kind, 1) + value + bytes(4)


def xmp(orientation: int, as_element: bool = False) -> bytes:
    said = (
        f"><tiff:Orientation>{orientation}</tiff:Orientation></rdf:Description>"
        if as_element
        else f' tiff:Orientation="{orientation}"/>'
    )
    return f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description{said}</rdf:RDF></x:xmpmeta>'.encode()


def raw_profile(content: bytes) -> bytes:
    """A profile in letters, as ImageMagick writes it."""
    letters = content.hex()
    lines = "\n".join(letters[start : start + 72] for start in range(0, len(letters), 72))
    return f"\nexif\n{len(content):8}\n{lines}\n".encode()


NAME = b"Raw profile type exif"
SOURCES: dict[str, Callable[[int], bytes]] = {
    "EXIF": lambda value: chunk(b"eXIf", exif(value)),
    "EXIF, little-endian": lambda value: chunk(b"eXIf", exif(value, "<", 4)),
    "EXIF in a compressed text": lambda value: chunk(
        b"zTXt", NAME + b"\0\0" + zlib.compress(raw_profile(b"Exif\0\0" + exif(value)))
    ),
    "EXIF in a text": lambda value: chunk(b"tEXt", NAME + b"\0" + raw_profile(b"Exif\0\0" + exif(value))),
    "XMP": lambda value: chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp(value)),
    "XMP, compressed": lambda value: chunk(
        b"iTXt", b"XML:com.adobe.xmp\0\1\0en\0\0" + zlib.compress(xmp(value, as_element=True))
    ),
}


READ = """
import resource, sys
from srbench.pictures import ImageError, image_size, read_image

read_image(sys.argv[1])  # everything that reading needs is loaded
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 2**28, used + 2**28))
for name in sys.argv[2:]:
    for read in (read_image, image_size):
        try:
            read(name)
            print("read")
        except ImageError as error:
            print(str(error).removeprefix(f"{name}: "))
"""


def outcomes(whole: Path, paths: list[Path]) -> list[str]:
    """What becomes of each file, read and measured, by a process that may take 256 MiB more than for a picture."""
    command = [sys.executable, "-c", READ, str(whole), *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()
