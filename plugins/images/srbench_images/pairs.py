"""Folders of HR and LR pictures that belong together: measured pairs, or LR made by somebody else."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

from srbench import Dataset, DatasetError, DatasetMissing, Formats, Frame, Item, Picture, Values
from srbench.errors import nearest
from srbench.pictures import Scale, image_size, is_picture, reduced, scale_of

from .gathering import roots
from .listing import is_of_format, pictures, remark
from .naming import Ids, NamelessError, discreet, named
from .table import TABLE, Facts, read_table

_BESIDE = (TABLE, "README.txt")
_UNFINISHED = "UNFINISHED"
"""What `srbench prepare` leaves beside the splits, the latter only while it is at work."""
_SPLITS = ("test", "validation", "train")
_SCALE_SUFFIX = re.compile(r"(?P<stem>.+?)[._-]?[xX](?P<scale>[1-9][0-9]?)")
_MOST = 16
"""The largest denominator of a scale that is found from sizes; with larger ones any two sizes make a fraction."""


@dataclass(frozen=True)
class _Side:
    """One of a pair: a file, or a page of it, where a format reads it."""

    picture: Picture
    frame: Frame

    def __str__(self) -> str:
        return f"{self.path} {self.frame.key}".rstrip()

    @property
    def path(self) -> Path:
        return self.frame.path

    @property
    def size(self) -> tuple[int, int]:
        """Height and width, from the header."""
        return self.frame.size or image_size(self.path)


@dataclass(frozen=True)
class _Pair:
    """hr: None where a split has LR alone. row: the id in the table."""

    name: str
    row: str
    hr: _Side | None
    lr: _Side
    mask: _Side | None = None

    @property
    def own(self) -> _Side:
        """What gives the image its name, group and values."""
        return self.hr or self.lr

    def fits(self, scale: Scale) -> bool:
        """Whether HR is as large as so many LR pixels, at a fraction to a whole LR pixel."""
        height, width = self.own.size
        low_height, low_width = self.lr.size
        if isinstance(scale, int):
            return (height, width) == (low_height * scale, low_width * scale)
        return (low_height, low_width) == (reduced(height, scale), reduced(width, scale))

    @cached_property
    def scale(self) -> Scale:
        """HR side / LR side, from the two headers."""
        height, width = self.own.size
        low_height, low_width = self.lr.size
        ratio = Fraction(height, low_height)
        if ratio != Fraction(width, low_width) or ratio < 1 or ratio.denominator > _MOST:
            raise DatasetError(
                f"{self.own} is {width} x {height} pixels and its LR {self.lr} is {low_width} x {low_height}; HR "
                "should be 2, 3, 4 or another number of times as large, the same in both directions; where LR was "
                "measured and its sides are rounded, say the `scale`, such as 10/7"
            )
        scale = scale_of(ratio)
        named = _SCALE_SUFFIX.fullmatch(self.lr.path.stem)
        if named and self.lr.path.stem != self.own.path.stem and int(named["scale"]) != scale:
            raise DatasetError(
                f"{self.lr}: is named x{named['scale']}, but with {low_width} x {low_height} pixels it is x{scale} of "
                f"{self.own}, which has {width} x {height}"
            )
        return scale

    def sizes(self) -> str:
        (height, width), (low_height, low_width) = self.own.size, self.lr.size
        return f"{self.own} is {width} x {height} and its LR {low_width} x {low_height}"


class Pairs(Dataset):
    """Pairs of pictures: `test/HR` and `test/LR` are tested on, `train/HR` and `train/LR` trained on.

    An LR picture has the name of its HR picture, or that name with the scale (`bird.png`: `bird.png`, `birdx4.png`,
    `bird_X4.png`); suffixes may differ. The scale is one for all pairs and found from the sizes, where they leave no
    rest. A protocol with another scale makes its LR from HR. A folder `test` with LR and no HR is upscaled as it is, at
    any scale, and has no scores against HR. Without a folder `test`, `validation` is tested on. A
    mask, where there is one, has HR's name and lies in `mask`; what else is known of images stands in `items.csv`.
    That is what `srbench prepare` writes. Of files with several pages each page is an image, which is so called with
    the page's key behind the name. Source and licence are yours.
    """

    def __init__(
        self,
        path: Path,
        name: str | None = None,
        degradation: str = "bicubic",
        format: dict[str, dict[str, Any]] | None = None,
        peak: float | None = None,
        group: re.Pattern[str] | None = None,
        ids: Ids = "names",
        scale: int | float | str | None = None,
        subgroups: list[str] | None = None,
    ) -> None:
        """Where the pairs are.

        path: the folder that holds `test` or `train`, or both; or an archive of it (zip, tar), or a folder of zip
        archives. name: what it is called in tables. degradation: the protocol degradation that these LR pictures stand
        for. format: parameters of formats by their names (`{tiff: {channel: DAPI}}`). peak: the value that means white,
        0 being black, when it is neither in the table nor that of the files' depth (255, 65535, 1.0). group: a regular
        expression that finds in the name of HR (without suffix) which group the image belongs to, in place of the
        table's: `^P[0-9]+`. ids: `coded` keeps the files' names out of records and pages. scale: HR side / LR
        side, such as 10/7, where pictures of two scanners show the same field: LR then has as many whole pixels as HR's
        sides hold, and what is left over at the right and at the bottom is cut from both. subgroups: further columns of
        `items.csv` by which boards divide the test images (`[site, device]`); their values are published.
        """
        self.path = path
        self.name = name
        self.degradation = degradation
        self.format = format or {}
        self.values = None if peak is None else Values(0.0, peak)
        self.group = None if group is None else re.compile(group)
        self.ids = ids
        self.scale = None if scale is None else scale_of(scale)
        self.subgroups = subgroups or []

    def prepare(self, root: Path) -> None:
        """Check every pair by its headers; the data root plays no part. Raises `DatasetMissing`, `DatasetError`."""
        _ = self._splits

    def train(self) -> list[Item]:
        """The pairs in `train`; none without such a folder."""
        return self._splits["train"]

    def test(self) -> list[Item]:
        """The pairs in `test`, or else `validation`; none without such a folder."""
        return self._splits["test"]

    @property
    def coded(self) -> bool:
        """Whether ids are."""
        return self.ids == "coded"

    def remarks(self) -> list[str]:
        """Sentences on what was left out."""
        folders, formats = [folder for folder in self._folders().values() if folder.is_dir()], Formats(self.format)
        found = remark(self._root, known=(*_BESIDE, *(folder.name for folder in folders)))
        for folder in folders:
            parts = [part for part in ("HR", "LR", "mask") if (folder / part).is_dir()]
            found += remark(folder, folder.name, parts)
            for part in parts:
                inside = (path for path in (folder / part).iterdir() if not is_picture(path))
                read = [path.name for path in inside if is_of_format(path, formats)]
                found += remark(folder / part, f"{folder.name}/{part}", read)
        return found

    def _folders(self) -> dict[str, Path]:
        """The folder of each split, be it there or not."""
        test = self._root / "test"
        return {"test": test if test.is_dir() else self._root / "validation", "train": self._root / "train"}

    @cached_property
    def _root(self) -> Path:
        """The folder that the splits lie in: the one that is named, or what archives hold."""
        known = roots(self.path) if self.path.exists() else iter(())
        return next((root for root in known if any((root / split).is_dir() for split in _SPLITS)), self.path)

    def _item(self, pair: _Pair, facts: Facts) -> Item:
        frame = pair.own.frame
        return Item(
            pair.name,
            None if pair.hr is None else pair.hr.picture,
            {} if pair.hr is None else {(self.degradation, self.scale or pair.scale): pair.lr.picture},
            lone_lr=pair.lr.picture if pair.hr is None else None,
            label=facts.label,
            mask=None if pair.mask is None else pair.mask.picture,
            group=facts.group or frame.group or (frame.path.name if frame.key else None),
            region=facts.region,
            values=self.values or facts.values or frame.values,
            spacing=None if pair.hr is None else frame.spacing,
            spacing_unit=frame.spacing_unit,
            attributes={name: facts.others[name] for name in self.subgroups if name in facts.others},
        )

    @cached_property
    def _splits(self) -> dict[str, list[Item]]:
        with discreet(self.ids):
            return named(self._found(), self.ids, self.group)

    def _found(self) -> dict[str, list[Item]]:
        if (self._root / _UNFINISHED).exists():
            raise DatasetError(f"{self.path}: was not prepared to its end; run `srbench prepare` again")
        folders, formats = self._folders(), Formats(self.format)
        splits = {split: _match(folder, formats) for split, folder in folders.items() if folder.is_dir()}
        if not splits:
            raise DatasetMissing(
                f"{self.path}: there is no such folder, or neither test nor train in it; pairs lie in "
                f"{self.path / 'test'}/HR and /LR"
            )
        every = [pair for pairs in splits.values() for pair in pairs]
        if self.ids != "coded" and any(pair.own.frame.group for pair in every):
            raise NamelessError("headers name patients; say `ids: coded`, so that no name is published")
        whole = [pair for pair in every if pair.hr is not None]
        for pair in whole:
            if self.scale is not None and not pair.fits(self.scale):
                raise DatasetError(f"{pair.sizes()}, which is no x{self.scale}")
            if self.scale is None and pair.scale != whole[0].scale:
                raise DatasetError(
                    f"{whole[0].sizes()} (x{whole[0].scale}), but {pair.sizes()} (x{pair.scale}); all pairs should "
                    "have one scale"
                )
        facts = self._facts({(pair.own.path.parent.parent.name, pair.row) for pair in every})
        return {
            split: [self._item(pair, facts[folder.name, pair.row]) for pair in splits.get(split, ())]
            for split, folder in folders.items()
        }

    def _facts(self, images: set[tuple[str, str]]) -> Mapping[tuple[str, str], Facts]:
        """What the table says of images, by split and name. Raises `DatasetError` where it is of others."""
        path = self._root / TABLE
        facts = read_table(path) if path.exists() else dict.fromkeys(images, Facts())
        known = dict.fromkeys(name for one in facts.values() for name in one.others)
        for name in self.subgroups:
            if name not in known:
                raise NamelessError(f"`subgroups`: {TABLE} says {name!r} of no picture.{nearest(name, known)}")
        if not path.exists():
            return facts
        if bare := sorted(images - facts.keys()):
            split, image = bare[0]
            raise DatasetError(f"{path}: has no row with the split {split!r} and the id {image!r}, which is a picture")
        if strange := sorted(facts.keys() - images):
            split, image = strange[0]
            raise DatasetError(f"{path}: has {image!r} of the split {split!r}, but there is no such picture")
        return facts


def _match(split: Path, formats: Formats) -> list[_Pair]:
    if (split / "LR").is_dir() and not (split / "HR").is_dir():
        return [pair for name, path in pictures(split / "LR", formats).items() for pair in _lone(name, path, formats)]
    high, low = pictures(split / "HR", formats), pictures(split / "LR", formats)
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
    given = pictures(split / "mask", formats) if (split / "mask").is_dir() else {}
    masks = {path.stem: path for path in given.values()}
    for stem, path in masks.items():
        if stem not in partner:
            raise DatasetError(f"{path}: has no HR in {split / 'HR'}{_hint(path, partner)}")
    return [
        pair
        for name, path in high.items()
        for pair in _pages(name, path, partner[path.stem], masks.get(path.stem), formats)
    ]


def _pages(name: str, hr: Path, lr: Path, mask: Path | None, formats: Formats) -> Iterator[_Pair]:
    """The pairs that two files hold: one, or one a page."""
    high, low = _sides(hr, formats), _sides(lr, formats)
    seen = {} if mask is None else _sides(mask, formats)
    for path, other in ((lr, low), (mask, seen)):
        if other and other.keys() != high.keys():
            raise DatasetError(f"{hr} has the pages {_listed(high)}, but {path} has {_listed(other)}")
    for key, side in high.items():
        behind = f"-{key}" if key else ""
        yield _Pair(name + behind, hr.stem + behind, side, low[key], seen.get(key))


def _lone(name: str, lr: Path, formats: Formats) -> Iterator[_Pair]:
    """What a file of LR without HR holds: one picture, or one a page."""
    for key, side in _sides(lr, formats).items():
        behind = f"-{key}" if key else ""
        yield _Pair(name + behind, lr.stem + behind, None, side)


def _sides(path: Path, formats: Formats) -> dict[str, _Side]:
    frames = formats.frames(path)
    if frames is None:
        return {"": _Side(path, Frame(path))}
    return {frame.key: _Side(part, frame) for frame, part in frames}


def _listed(keys: Iterable[str]) -> str:
    return ", ".join(keys) or "none"


def _hint(path: Path, others: dict[str, Path]) -> str:
    close = difflib.get_close_matches(path.stem, others, n=1, cutoff=0.6)
    return f". The nearest name there is {others[close[0]].name!r}; rename one of the two" if close else ""
