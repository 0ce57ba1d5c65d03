"""What every format must be: frames from headers, pixels as promised, the same twice, no harm from any file."""

from __future__ import annotations

import re
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from srbench.contract.format import Frame
from srbench.pictures import DEPTHS, ImageError, write_image
from srbench.testing.check import CheckFailure, check
from srbench.testing.format_subject import FormatSubject, same
from srbench.testing.pictures import textured_uint8

_SAFE_KEY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")
_LARGE = 2**21
"""Pixels of a picture whose header is small beside it, in bytes."""
_DAMAGED = 6
"""So many copies of a file are cut off, and as many have bytes changed."""


@check("format", needs=("constructs",))
def recognises_its_files(subject: FormatSubject) -> None:
    """It knows its own files, and takes no PNG for one of them."""
    for path in subject.files:
        if not subject.recognises(path):
            raise CheckFailure(f"{path.name} is not recognised; look at its suffix or at its first bytes")
    other = subject.folder() / "picture.png"
    write_image(other, textured_uint8(0, 8, 8))
    if subject.recognises(other):
        raise CheckFailure("a PNG is recognised, too, and would never be read as one again")


@check("format", needs=("recognises_its_files",))
def lists_nothing_beside_pictures(subject: FormatSubject) -> None:
    """A file that holds pictures is no index of others: those of an index are taken in its place."""
    for path in subject.files:
        if (listed := subject.create().listed(path, subject.head(path))) is not None:
            raise CheckFailure(f"{path.name} lists {listed}; give None for a file that holds pictures")


@check("format", needs=("recognises_its_files",))
def gives_frames(subject: FormatSubject) -> None:
    """`frames` gives at least one `srbench.Frame` of each file, and says whose file it is."""
    for path, frames in subject.frames.items():
        if not frames or not all(isinstance(frame, Frame) for frame in frames):
            raise CheckFailure(f"frames({path.name}) gave {frames}; it should give srbench.Frame values")
        if any(frame.path != path for frame in frames):
            raise CheckFailure(f"a frame of {path} has the path {frames[0].path}")


@check("format", needs=("gives_frames",))
def keys_tell_frames_apart(subject: FormatSubject) -> None:
    """Keys are unique in a file, and safe in file names; one may be empty where a file holds one picture."""
    for path, frames in subject.frames.items():
        keys = Counter(frame.key for frame in frames)
        twice = [key for key, count in keys.items() if count > 1]
        if twice:
            raise CheckFailure(f"{path.name} has {keys[twice[0]]} frames with the key {twice[0]!r}")
        unsafe = [key for key in keys if not _SAFE_KEY.fullmatch(key) and (key or len(frames) > 1)]
        if unsafe:
            raise CheckFailure(
                f"{path.name} has a frame with the key {unsafe[0]!r}; keys are made of letters, digits, '.', '_' and "
                "'-', and do not begin with '.'"
            )


@check("format", needs=("gives_frames",))
def facts_are_text(subject: FormatSubject) -> None:
    """Facts are texts by name, the group is one, and spacing is two numbers above 0."""
    for path, frames in subject.frames.items():
        for frame in frames:
            pairs = [*frame.facts.items(), ("group", frame.group or "")]
            wrong = [(name, value) for name, value in pairs if not (isinstance(name, str) and isinstance(value, str))]
            if wrong:
                raise CheckFailure(f"{path.name} tells {wrong[0][0]!r} as {wrong[0][1]!r}; tell it as text")
            if frame.spacing is not None and not all(0 < one < float("inf") for one in frame.spacing):
                raise CheckFailure(f"{path.name} has the spacing {frame.spacing}; give None where it is not known")


@check("format", needs=("gives_frames",))
def reads_pixels(subject: FormatSubject) -> None:
    """Pixels are `(H, W, 1)` or `(H, W, 3)`, of the size that the frame told, in a type that pictures have."""
    for name, frame, image in subject.pictures():
        if not isinstance(image, np.ndarray) or image.ndim != 3 or image.shape[2] not in (1, 3):
            found = image.shape if isinstance(image, np.ndarray) else type(image).__name__
            raise CheckFailure(f"{name} is {found}; it should be (H, W, 1) or (H, W, 3)")
        if image.dtype.name not in DEPTHS:
            raise CheckFailure(f"{name} is {image.dtype.name}; pictures are {', '.join(DEPTHS)}")
        if frame.size is not None and image.shape[:2] != tuple(frame.size):
            raise CheckFailure(f"{name} has the shape {image.shape}; its frame told of {frame.size}, height and width")
        if np.isinf(image).any():
            raise CheckFailure(f"{name} holds values that are infinite; NaN means that nothing was measured")


@check("format", needs=("reads_pixels",))
def values_hold(subject: FormatSubject) -> None:
    """Every number lies between the black and the white that the frame tells of, and its type can hold both."""
    for name, frame, image in subject.pictures():
        if (values := frame.values) is None:
            continue  # whoever makes a dataset of it says what its numbers mean
        lowest, highest = float(np.nanmin(image)), float(np.nanmax(image))
        if not (values.fit(image.dtype.name) and values.hold(lowest, highest)):
            raise CheckFailure(
                f"{name} has numbers from {lowest:g} to {highest:g} in {image.dtype.name}, and its frame tells of "
                f"{values}; tell of none where the header does not know"
            )


@check("format", needs=("reads_pixels",))
def reads_the_same_twice(subject: FormatSubject) -> None:
    """A second instance gives the same frames, with the same pixels."""
    other = FormatSubject(subject.name, subject.given, subject.registry, subject.files)
    if other.frames != subject.frames:
        raise CheckFailure("frames() gives others the second time")
    for (name, _, image), (_, _, again) in zip(subject.pictures(), other.pictures(), strict=True):
        if not np.array_equal(image, again, equal_nan=True) or image.dtype != again.dtype:
            raise CheckFailure(f"{name} has other pixels when it is read again")


def _damaged(path: Path, folder: Path) -> Iterator[tuple[str, Path]]:
    """Copies of a file under its own name: empty, of chance bytes, cut off, with bytes changed."""
    whole = path.read_bytes()
    rng = np.random.default_rng(len(whole))
    copies = {"that is empty": b"", "of chance bytes": rng.bytes(2000)}
    for share in range(_DAMAGED):
        copies[f"cut off behind {share + 1}/{_DAMAGED + 1}"] = whole[: len(whole) * (share + 1) // (_DAMAGED + 1)]
        changed = np.frombuffer(whole, np.uint8).copy()
        places = rng.integers(0, len(changed) if share % 2 else min(len(changed), 1000), 10)
        changed[places] = rng.integers(0, 256, len(places))
        copies[f"with changed bytes ({share})"] = changed.tobytes()
    for words, content in copies.items():
        copy = folder / path.name
        copy.write_bytes(content)
        yield words, copy


@check("format", needs=("gives_frames",))
def damage_is_told(subject: FormatSubject) -> None:
    """Files that are empty, damaged or of something else raise `ImageError` with their name, and nothing else."""
    made, folder = subject.create(), subject.folder()
    for path in subject.files:
        for words, copy in _damaged(path, folder):
            try:
                for frame in made.frames(copy):
                    made.read(frame)
            except ImageError as error:
                if str(copy) not in str(error):
                    raise CheckFailure(f"a copy of {path.name} {words}: the error names no file: {error}") from None
            except Exception as error:
                raise CheckFailure(
                    f"a copy of {path.name} {words} raised {type(error).__name__}: {error}. Raise srbench.ImageError "
                    "that names the file and says what is wrong"
                ) from error


def _writes(subject: FormatSubject) -> bool:
    return subject.writes


@check("format", needs=("reads_pixels",), applies=_writes)
def writes_what_it_reads(subject: FormatSubject) -> None:
    """Frames that are written in the scale 1 are read with the same numbers, black and white."""
    for path, frames in subject.frames.items():
        target, images = subject.written(path, 1)
        if not subject.recognises(target):
            raise CheckFailure(f"what is written from {path.name} is not recognised")
        again = FormatSubject(subject.name, subject.given, subject.registry, [target])
        found = list(again.pictures())
        if len(found) != len(images):
            raise CheckFailure(f"{path.name} has {len(images)} frames; what is written from it has {len(found)}")
        for frame, image, (_, other, read) in zip(frames, images, found, strict=True):
            if not same(image, read):
                raise CheckFailure(f"{path.name} {frame.key} has other pixels when it was written and is read again")
            if frame.values is not None and other.values not in (None, frame.values):
                raise CheckFailure(f"{path.name} had {frame.values}; what is written from it has {other.values}")


@check("format", needs=("writes_what_it_reads",), applies=_writes)
def writes_sr(subject: FormatSubject) -> None:
    """SR is written in its own size, with the spacing of the source divided by the scale."""
    for path, frames in subject.frames.items():
        target, images = subject.written(path, 2)
        for frame, image, made in zip(frames, images, subject.create().frames(target), strict=True):
            if made.size is not None and tuple(made.size) != image.shape[:2]:
                raise CheckFailure(f"{path.name} x2 has {image.shape[:2]} pixels; its frame tells of {made.size}")
            expected = None if frame.spacing is None else tuple(one / 2 for one in frame.spacing)
            right = made.spacing == expected or (made.spacing and expected and np.allclose(made.spacing, expected))
            if not right or made.spacing_unit != frame.spacing_unit:
                raise CheckFailure(
                    f"{path.name} x2 has the spacing {made.spacing} {made.spacing_unit}; it should be {expected} "
                    f"{frame.spacing_unit}"
                )


@check("format", needs=("writes_what_it_reads",), applies=_writes)
def written_is_nobodys(subject: FormatSubject) -> None:
    """What a picture belongs to, a patient say, is not in what is written."""
    for path, frames in subject.frames.items():
        target, _ = subject.written(path, 1)
        content = target.read_bytes()
        for group in {frame.group for frame in frames if frame.group}:
            if group in {frame.group for frame in subject.create().frames(target)} or group.encode() in content:
                raise CheckFailure(f"what is written from {path.name} tells the group of its source; leave it out")


@check("format", needs=("writes_sr",), applies=_writes)
def frames_need_no_pixels(subject: FormatSubject) -> None:
    """`frames` looks at headers alone: that of a large picture takes less memory than its pixels."""
    path = min(subject.files, key=lambda one: one.stat().st_size)
    small = sum(subject.create().read(frame).nbytes for frame in subject.frames[path])
    target, images = subject.written(path, int(np.ceil((_LARGE / small) ** 0.5)))
    tracemalloc.start()
    try:
        subject.create().frames(target)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    pixels = sum(image.nbytes for image in images)
    if peak > pixels / 2:
        raise CheckFailure(
            f"frames took {peak:,} bytes of memory for a file whose pixels have {pixels:,}; read the header alone: "
            "thousands of files are looked through before one is chosen"
        )
