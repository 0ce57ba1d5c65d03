"""Folders of HR and LR pictures that belong together: measured pairs, or LR made by somebody else."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from srbench import Dataset, DatasetError, DatasetMissing, Item, Values
from srbench.pictures import image_size

from .listing import pictures, remark
from .naming import Ids, discreet, named

_SCALE_SUFFIX = re.compile(r"(?P<stem>.+?)[._-]?[xX](?P<scale>[1-9][0-9]?)")


@dataclass(frozen=True)
class _Pair:
    name: str
    hr: Path
    lr: Path

    @cached_property
    def scale(self) -> int:
        """HR side / LR side, from the two headers."""
        height, width = image_size(self.hr)
        low_height, low_width = image_size(self.lr)
        scale = height // low_height
        if (height, width) != (low_height * scale, low_width * scale) or scale < 2:
            raise DatasetError(
                f"{self.hr} is {width} x {height} pixels and its LR {self.lr} is {low_width} x {low_height}; HR should "
                "be 2, 3, 4 or another whole number of times as large, the same in both directions"
            )
        named = _SCALE_SUFFIX.fullmatch(self.lr.stem)
        if named and self.lr.stem != self.hr.stem and int(named["scale"]) != scale:
            raise DatasetError(
                f"{self.lr}: is named x{named['scale']}, but with {low_width} x {low_height} pixels it is x{scale} of "
                f"{self.hr}, which has {width} x {height}"
            )
        return scale

    def sizes(self) -> str:
        (height, width), (low_height, low_width) = image_size(self.hr), image_size(self.lr)
        return f"{self.hr} is {width} x {height} and its LR {low_width} x {low_height} (x{self.scale})"


class Pairs(Dataset):
    """Pairs of pictures: `validation/HR` and `validation/LR` are tested on, `train/HR` and `train/LR` trained on.

    An LR picture has the name of its HR picture, or that name with the scale (`bird.png`: `bird.png`, `birdx4.png`,
    `bird_X4.png`); suffixes may differ. The scale is found from the sizes and is one for all pairs. A protocol with
    another scale makes its LR from HR. Source and licence are yours.
    """

    def __init__(
        self,
        path: Path,
        name: str | None = None,
        degradation: str = "bicubic",
        peak: float | None = None,
        group: re.Pattern[str] | None = None,
        ids: Ids = "names",
    ) -> None:
        """Where the pairs are.

        path: the folder that holds `validation` and perhaps `train`. name: what it is called in tables. degradation:
        the protocol degradation that these LR pictures stand for. peak: the value that means white, 0 being
        black, when it is not that of the files' depth (255, 65535, 1.0). group: a regular expression that finds in the
        name of HR (without suffix) which group the image belongs to: `^P[0-9]+`. ids: `coded` keeps the files' names
        out of records and pages.
        """
        self.path = path
        self.name = name
        self.degradation = degradation
        self.values = None if peak is None else Values(0.0, peak)
        self.group = None if group is None else re.compile(group)
        self.ids = ids

    def prepare(self, root: Path) -> None:
        """Check every pair by its headers; the data root plays no part. Raises `DatasetMissing`, `DatasetError`."""
        _ = self._splits

    def train(self) -> list[Item]:
        """The pairs in `train`; none without such a folder."""
        return self._splits["train"]

    def test(self) -> list[Item]:
        """The pairs in `validation`."""
        return self._splits["validation"]

    def remarks(self) -> list[str]:
        """Sentences on what was left out."""
        found = remark(self.path, known=("train", "validation"))
        for split in ("train", "validation"):
            if (self.path / split).is_dir():
                found += remark(self.path / split, split, ("HR", "LR"))
                for what in ("HR", "LR"):
                    found += remark(self.path / split / what, f"{split}/{what}")
        return found

    def _item(self, pair: _Pair) -> Item:
        return Item(pair.name, pair.hr, {(self.degradation, pair.scale): pair.lr}, values=self.values)

    @cached_property
    def _splits(self) -> dict[str, list[Item]]:
        with discreet(self.ids):
            found = {split: [self._item(pair) for pair in pairs] for split, pairs in self._matched().items()}
        return named(found, self.ids, self.group)

    def _matched(self) -> dict[str, list[_Pair]]:
        for folder in (self.path, self.path / "validation"):
            if not folder.is_dir():
                raise DatasetMissing(
                    f"{folder}: there is no such folder; pairs lie in {self.path / 'validation'}/HR and /LR"
                )
        splits = {"validation": _match(self.path / "validation"), "train": []}
        if (self.path / "train").is_dir():
            splits["train"] = _match(self.path / "train")
        every = [*splits["validation"], *splits["train"]]
        for pair in every:
            if pair.scale != every[0].scale:
                raise DatasetError(f"{every[0].sizes()}, but {pair.sizes()}; all pairs should have one scale")
        return splits


def _match(split: Path) -> list[_Pair]:
    high, low = pictures(split / "HR"), pictures(split / "LR")
    free = {path.stem: path for path in low.values()}
    # Exact names first, so that `x4` at the end of an HR name is not taken for a scale.
    partner = {path.stem: free.pop(path.stem) for path in high.values() if path.stem in free}
    for stem, path in list(free.items()):
        named = _SCALE_SUFFIX.fullmatch(stem)
        wanted = named["stem"] if named else None
        if wanted is not None and wanted in {other.stem for other in high.values()}:
            if wanted in partner:
                raise DatasetError(f"{path}: {partner[wanted].name} is the LR of {wanted} already; remove one of them")
            partner[wanted] = free.pop(stem)
    for path in high.values():
        if path.stem not in partner:
            raise DatasetError(
                f"{path}: has no LR in {split / 'LR'}, where {path.stem} or {path.stem}x4 (any scale) was looked for"
                f"{_hint(path, free)}"
            )
    if free:
        extra = next(iter(free.values()))
        raise DatasetError(f"{extra}: has no HR in {split / 'HR'}{_hint(extra, {p.stem: p for p in high.values()})}")
    return [_Pair(name, path, partner[path.stem]) for name, path in high.items()]


def _hint(path: Path, others: dict[str, Path]) -> str:
    close = difflib.get_close_matches(path.stem, others, n=1, cutoff=0.6)
    return f". The nearest name there is {others[close[0]].name!r}; rename one of the two" if close else ""
