"""A folder of your own pictures."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal

from srbench import Dataset, DatasetError, Item, Values
from srbench.pictures import Curve
from srbench.types import Natural, OpenFraction, Positive

from .columns import Row, read_columns, row_of
from .gathering import Found, Gathered, gather
from .listing import safe_id
from .naming import Ids, NamelessError, discreet, found_in, named
from .splitting import balanced, divided
from .treatment import Treatment, levels, with_curve

Span = tuple[float, float]
_SPLITS = {"train": "train", "training": "train", "test": "test", "testing": "test"}
"""What folders, and cells of a table, call the splits; whatever else they are called is left out."""


class Folder(Dataset):
    """A folder of pictures of any format that is installed: HR; the LR is made from them as the protocol says.

    With the folders `test` and `train` in it these are the splits; without, every picture is tested on, unless `split`
    says otherwise. Source and licence are yours.

    Presets are what published archives call their columns; `path` and `table` are still to be given. `mammography`
    takes the middle of digital mammograms, each from its own darkest to brightest value, and tests on a tenth of the
    patients.
    """

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "ham10000": {"columns": {"file": "image_id", "label": "dx", "group": "lesion_id"}, "split": "groups"},
        "isic-2018": {
            "columns": {"file": "image", "label": ["MEL", "NV", "BCC", "AKIEC", "BKL", "DF", "VASC"]},
            "split": "seeded",
        },
        "isic-2020": {
            "columns": {"file": "image_name", "label": "benign_malignant", "group": "patient_id"},
            "split": "groups",
            "balance": True,
        },
        "pad-ufes-20": {"columns": {"file": "img_id", "label": "diagnostic", "group": "patient_id"}, "split": "groups"},
        "mammography": {
            "only": {"Modality": "MG"},
            "crop": 416,
            "normalise": "image",
            "split": "groups",
            "share": 0.1,
            "seed": 42,
        },
    }

    def __init__(
        self,
        path: Path,
        name: str | None = None,
        files: str = "**/*",
        format: dict[str, dict[str, Any]] | None = None,
        only: dict[str, str] | None = None,
        spacing: Positive | None = None,
        table: Path | None = None,
        columns: dict[str, str | list[str]] | None = None,
        classes: Literal["none", "folders", "table"] | None = None,
        masks: str | None = None,
        groups: Literal["none", "header", "folders", "table"] | None = None,
        group: re.Pattern[str] | None = None,
        split: Literal["none", "folders", "groups", "seeded", "table"] | None = None,
        share: OpenFraction = 0.2,
        seed: Natural = 0,
        stratified: bool = True,
        balance: bool = False,
        peak: Positive | None = None,
        range: Span | None = None,
        normalise: Literal["none", "image", "percentile"] = "none",
        curve: Curve = "linear",
        knee: Positive | None = None,
        pivot: float | None = None,
        window: Span | None = None,
        unit: str = "",
        grey: bool = False,
        crop: Natural | None = None,
        resize: Positive | None = None,
        ids: Ids | None = None,
    ) -> None:
        """Where the pictures are, and what is known of them.

        path: the folder. name: what it is called in tables. files: which files below it, as a pattern.

        format: parameters of formats by their names (`{fits: {hdu: SCI}}`). only: facts that a file's header has to
        tell (`{Modality: MG}`). spacing: only pictures whose pixels are so far apart, in the header's unit.

        table: a CSV file, relative to the matrix. columns: which of its columns is `file`, `label`, `group`, `split`,
        `mask`; a list for `label` are columns of which one is 1. classes: where labels are from: the folder that a file
        lies in, or the table; the latter where it has them. masks: where the mask of a picture is, below the folder,
        with `{stem}` for the picture's name: `masks/{stem}_segmentation.png`.

        groups: what says which pictures belong to one patient or scene: the header, which counts where nothing else is
        said, the first folder below the split's, or the table. group: an expression that finds it in the file's name
        instead: `^P[0-9]+`. split: `folders`; `table`; `seeded`: `share` of the images are tested on, `seed` draws
        them, no group is on both sides, and each class has its share if `stratified`; `groups`: the same, where every
        image has to have a group. balance: as many training images of every class as the rarest has.

        peak: the value that means white, 0 being black. range: black and white; what is beyond is cut off. normalise:
        each image's own least and most (`image`), or its percentiles 0.5 and 99.5, beyond which it is cut off. curve,
        knee, pivot: how values rise between; see `srbench.Values`. By default the knee is three standard deviations of
        the background, and the pivot its level. window: what pages show as black and white. unit: of
        the values, where no header says it.

        grey: colours become luma. crop: side of the square cut from the middle, 0 for the largest. resize: the longer
        side afterwards. ids: `coded` keeps names out of records and pages, and is the default where a header names
        patients.
        """
        self.path = path
        self.name = name
        self.files, self.format, self.only, self.spacing = files, format or {}, only or {}, spacing
        self.table, self.columns = table, columns or {}
        self.classes, self.masks, self.groups, self.group = classes, masks, groups, group and re.compile(group)
        self.split, self.share, self.seed, self.stratified, self.balance = split, share, seed, stratified, balance
        self.range = range if peak is None else (0.0, peak)
        self.cut_off = range is not None or normalise == "percentile"
        self.normalise, self.curve, self.knee, self.pivot = normalise, curve, knee, pivot
        self.window, self.unit = window, unit
        self.treatment = Treatment(grey, crop, None if resize is None else int(resize))
        self.ids = ids
        self._names_patients = False
        self._left_out: list[str] = []
        if peak is not None and range is not None:
            raise DatasetError("`peak` is the short form of a `range` from 0: give one of the two")
        if normalise != "none" and self.range is not None:
            raise DatasetError("with `normalise`, each image has its own black and white: leave `range` and `peak` out")
        if (table is None) != (columns is None):
            raise DatasetError("`table` and `columns` belong together: a file, and what is in which of its columns")
        told = {"classes": (classes, "label"), "groups": (groups, "group"), "split": (split, "split")}
        for parameter, (asked, column) in told.items():
            if asked == "table" and column not in self.columns:
                raise DatasetError(f"`{parameter}: table` needs a table, and `columns` that name the {column}")

    def prepare(self, root: Path) -> None:
        """Look at the files' headers; the data root plays no part. Raises `DatasetMissing` or `DatasetError`."""
        _ = self._splits

    def train(self) -> list[Item]:
        """The pictures to train on, if any."""
        return self._splits.get("train", [])

    def test(self) -> list[Item]:
        """The pictures to test on."""
        return self._splits["test"]

    @property
    def coded(self) -> bool:
        """Whether ids are: as asked, or because headers name patients."""
        return self.ids == "coded" or (self.ids is None and self._names_patients)

    def remarks(self) -> list[str]:
        """Sentences on what was left out."""
        _ = self._splits
        return [*self._gathered.remarks(), *self._left_out]

    @cached_property
    def _rows(self) -> dict[str, Row]:
        return {} if self.table is None else read_columns(self.table, self.columns)

    @cached_property
    def _gathered(self) -> Gathered:
        beside = frozenset() if self.masks is None else frozenset(self.path.glob(self.masks.replace("{stem}", "*")))
        if self.table is not None:
            beside |= {self.table, self.table.resolve()}
        return gather(self.path, self.files, self.format, self.only, self.spacing, beside)

    @cached_property
    def _splits(self) -> dict[str, list[Item]]:
        with discreet(self.ids or "names"):
            self._names_patients = any(one.frame and one.frame.group for one in self._decoded)
        if self._names_patients and self.ids == "names" and self.group is None and self.groups in (None, "header"):
            raise NamelessError(
                "headers name patients, so `ids` are coded; with `ids: names`, say `groups: none`, `folders` or `table`"
            )
        ids: Ids = "coded" if self.coded else "names"
        with discreet(ids):
            splits = self._divided(self._decoded)
            if not splits.get("test"):
                raise DatasetError(f"{self.path}: no picture is in the test split")
            made = {split: self._items(split, inside) for split, inside in splits.items()}
        return named(made, ids, self.group)

    @cached_property
    def _decoded(self) -> list[Found]:
        """Those whose pixels can be read, where a format reads them: one that cannot must not cost the others."""
        gathered = self._gathered
        return [one for one in gathered.pictures if one.frame is None or gathered.can_be_read(one, levels)]

    def _divided(self, found: Sequence[Found]) -> dict[str, list[Found]]:
        inside = {name for one in found if len(one.place.parts) > 1 for name in (one.place.parts[0].lower(),)}
        asked = self.split or ("folders" if inside & _SPLITS.keys() else "none")
        if asked == "none":
            return {"test": list(found)}
        if asked in ("folders", "table"):
            return self._by_name(found, asked)
        groups = [self._group(one) for one in found]
        if asked == "groups" and None in groups:
            raise DatasetError(
                f"{found[groups.index(None)].path}: belongs to no group; see `groups`, or `split: seeded`"
            )
        tested = divided(
            [group or one.name for group, one in zip(groups, found, strict=True)],
            [self._label(one) for one in found],
            self.share,
            self.seed,
            self.stratified,
        )
        sides = {"test": True, "train": False}
        return {
            split: [one for one, is_tested in zip(found, tested, strict=True) if is_tested is side]
            for split, side in sides.items()
        }

    def _by_name(self, found: Sequence[Found], asked: str) -> dict[str, list[Found]]:
        splits: dict[str, list[Found]] = {}
        others: Counter[str] = Counter()
        for one in found:
            name = self._row(one).split if asked == "table" else one.place.parts[0] if len(one.place.parts) > 1 else ""
            if asked == "folders" and not name:
                raise DatasetError(f"{self.path}: {one.place} lies beside test; move it into test or train")
            if split := _SPLITS.get(name.lower()):
                splits.setdefault(split, []).append(one)
            else:
                others[name] += 1
        if "test" not in splits:
            raise DatasetError(f"{self.path}: has the folder train but no folder test; what should be tested on?")
        if self.coded and others:  # what a folder is called may be a patient's name
            others = Counter({"neither train nor test": others.total()})
        self._left_out = [f"left out: {count} of the split {name!r}" for name, count in sorted(others.items())]
        return splits

    def _row(self, one: Found) -> Row:
        row = row_of(self._rows, one.place, one.stem)
        if row is None:
            raise DatasetError(f"{one.path}: is not in {self.table}")
        return row

    def _label(self, one: Found) -> str | None:
        asked = self.classes or ("table" if "label" in self.columns else "none")
        if asked == "none":
            return None
        label = self._row(one).label if asked == "table" else one.place.parent.name
        if not label:
            raise DatasetError(f"{one.path}: has no class; every image needs one, or `classes: none`")
        return label

    def _group(self, one: Found) -> str | None:
        if self.group is not None:
            return found_in(one.path.stem, self.group)
        if self.groups is None and "group" in self.columns:
            return self._row(one).group or None
        if self.groups == "table":
            return self._row(one).group or None
        if self.groups == "folders":
            parts = [part for part in one.place.parts[:-1] if part.lower() not in _SPLITS]
            return parts[0] if parts else None
        if self.groups in (None, "header") and one.frame is not None:
            return one.frame.group or (one.place.as_posix() if one.frame.key else None)
        return None

    def _mask(self, one: Found) -> Path | None:
        told = self._row(one).mask if "mask" in self.columns else ""
        if told:
            path = self.path / told
        elif self.masks is not None:
            path = self.path / self.masks.format(stem=one.stem)
        else:
            return None
        if not path.is_file():
            raise DatasetError(f"{one.path}: its mask {path} is not there")
        return path

    def _items(self, split: str, found: Sequence[Found]) -> list[Item]:
        items, taken = [], dict[str, Found]()
        for one in found:
            shown = one.place.relative_to(one.place.parts[0]) if self._is_split(one) else one.place
            image = safe_id(one.called(shown))
            other = taken.setdefault(image.lower(), one)
            if other is not one:
                raise DatasetError(
                    f"{self.path}: {other.place} and {one.place} would both have the id {image!r}; rename or remove one"
                )
            values, mask = self._values(one), self._mask(one)
            items.append(
                Item(
                    image,
                    self.treatment.of(one.picture, values, self.cut_off),
                    label=self._label(one),
                    mask=None if mask is None else self.treatment.of_mask(mask),
                    group=self._group(one),
                    values=values,
                    spacing=None if one.frame is None or self.treatment.resize else one.frame.spacing,
                    spacing_unit="mm" if one.frame is None else one.frame.spacing_unit,
                    name=str(shown),
                )
            )
        if split == "train" and self.balance:
            kept = balanced({item.id: item.label for item in items}, self.seed)
            items = [item for item in items if item.id in kept]
        return sorted(items, key=lambda item: item.id)

    def _is_split(self, one: Found) -> bool:
        return len(one.place.parts) > 1 and one.place.parts[0].lower() in _SPLITS

    def _values(self, one: Found) -> Values | None:
        told = one.frame.values if one.frame is not None else None
        unit = self.unit or (told.unit if told is not None else "")
        window = self.window or (told.window if told is not None else None)
        if self.normalise != "none":
            own = levels(self.treatment.of(one.picture, None, clipped=False))
            ends = (own.low, own.high) if self.normalise == "image" else (own.lowest, own.highest)
            if ends[0] == ends[1]:
                raise DatasetError(f"{one.path}: has the same value everywhere, so there is nothing to normalise")
            made = Values(*ends, unit=unit, window=window)
        elif self.range is not None:
            made = Values(*self.range, unit=unit, window=window)
        elif told is not None:
            made = replace(told, window=window)
        elif one.frame is not None:
            own = levels(one.picture)
            raise NamelessError(
                f"no header says which values mean black and white, and those of one picture are {own.low:g} to "
                f"{own.high:g}; give `range: [black, white]`, or `normalise: image`"
            )
        elif window is None and self.curve == "linear":
            return None
        else:
            raise NamelessError("`curve` and `window` need a `range`: [black, white]")
        return made if self.curve == "linear" else with_curve(made, self._backgrounds, self.knee, self.pivot)

    @cached_property
    def _backgrounds(self) -> list[Any]:
        return [levels(one.picture) for one in self._decoded]
