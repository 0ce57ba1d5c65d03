"""A right format, one that only reads, and for each check of formats a wrong one that breaks only its promise."""

from __future__ import annotations

import itertools
import struct
import tempfile
from functools import lru_cache
from pathlib import Path

import numpy as np

import srbench

HEADER = struct.Struct(">4s3H2f8s")
COUNT = itertools.count()
FOLDER = tempfile.TemporaryDirectory()


def packed(path, pictures, spacing, patient):
    count, height, width, _ = pictures.shape
    path.write_bytes(HEADER.pack(b"TOY1", count, height, width, *spacing, patient.encode()) + pictures.tobytes())


@lru_cache
def files():
    """Three pictures of one patient in a file, one in another."""
    rng, found = np.random.default_rng(0), []
    for count in (3, 1):
        path = Path(FOLDER.name) / f"{count}.toy"
        packed(path, rng.integers(0, 256, (count, 6, 8, 1), np.uint8), (0.5, 0.25), "patient1")
        found.append(path)
    return found


class Grey(srbench.Format):
    """Grey pictures behind a header."""

    suffixes = (".toy",)

    def head(self, path):
        with path.open("rb") as file:
            head = file.read(HEADER.size)
        if len(head) < HEADER.size or head[:4] != b"TOY1":
            raise srbench.ImageError(f"{path}: is no toy")
        _, count, height, width, *spacing, patient = HEADER.unpack(head)
        if not count * height * width or path.stat().st_size != HEADER.size + count * height * width:
            raise srbench.ImageError(f"{path}: is damaged")
        return count, (height, width), tuple(spacing), patient.decode("latin-1")

    def frames(self, path):
        count, size, spacing, patient = self.head(path)
        values, facts = srbench.Values(0, 255), {"kind": "toy"}
        keys = [str(index) for index in range(count)]
        return [srbench.Frame(path, key, size, values, spacing, group=patient, facts=facts) for key in keys]

    def read(self, frame):
        count, size, *_ = self.head(frame.path)
        pixels = np.frombuffer(frame.path.read_bytes()[HEADER.size :], np.uint8).reshape(count, *size, 1)
        return pixels[int(frame.key)].copy()


class Written(Grey):
    """That are written, too."""

    def write(self, path, source, images, scale, made_by):
        spacing = self.head(source)[2]
        packed(path, np.stack(images), [one / scale for one in spacing], "nobody")


class TakesEverything(Written):
    def recognises(self, path, head):
        return True


class TakesItsContentForAnothers(Written):
    def recognises(self, path, head):
        return head.startswith(b"TOY2")


class ListsNothing(Written):
    def listed(self, path, head):
        return []


class NoFrames(Written):
    def frames(self, path):
        return []


class FramesOfAnotherFile(Written):
    def frames(self, path):
        return [srbench.Frame(Path("other.toy"))]


class OneKeyForAll(Written):
    def frames(self, path):
        return [_but(frame, key="0") for frame in super().frames(path)]


class KeysAreFolders(Written):
    def frames(self, path):
        return [_but(frame, key=f"./{frame.key}") for frame in super().frames(path)]

    def read(self, frame):
        return super().read(_but(frame, key=frame.key[2:]))


class FactsAreNumbers(Written):
    def frames(self, path):
        return [_but(frame, facts={"bits": 8}) for frame in super().frames(path)]


class SpacingOfNothing(Written):
    def frames(self, path):
        return [_but(frame, spacing=(0.0, 0.0)) for frame in super().frames(path)]


class TwoDimensions(Written):
    def read(self, frame):
        return super().read(frame)[..., 0]


class InDoublePrecision(Written):
    def read(self, frame):
        return super().read(frame).astype(np.float64)


class Turned(Written):
    def read(self, frame):
        return super().read(frame).swapaxes(0, 1)


class WhiteTooLow(Written):
    def frames(self, path):
        return [_but(frame, values=srbench.Values(0, 100)) for frame in super().frames(path)]


class AnotherEachTime(Written):
    def __init__(self) -> None:
        self.number = next(COUNT)

    def frames(self, path):
        return [_but(frame, facts={"number": str(self.number)}) for frame in super().frames(path)]


class CrashesOnDamage(Written):
    def frames(self, path):
        try:
            return super().frames(path)
        except srbench.ImageError as error:
            raise ValueError("bad file") from error


class NamesNoFile(Written):
    def frames(self, path):
        try:
            return super().frames(path)
        except srbench.ImageError as error:
            raise srbench.ImageError("bad file") from error


class Loses(Written):
    def write(self, path, source, images, scale, made_by):
        super().write(path, source, [image // 2 * 2 for image in images], scale, made_by)


class KeepsSpacing(Written):
    def write(self, path, source, images, scale, made_by):
        super().write(path, source, images, 1, made_by)


class KeepsThePatient(Written):
    def write(self, path, source, images, scale, made_by):
        *_, spacing, patient = self.head(source)
        packed(path, np.stack(images), [one / scale for one in spacing], patient)


class ReadsItAll(Written):
    def frames(self, path):
        path.read_bytes()
        return super().frames(path)


def _but(frame, **changes):
    return srbench.Frame(**{**vars(frame), **changes})
