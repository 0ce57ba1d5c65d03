"""What a folder holds: its pictures, and the class, group, split and mask of each."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal

from srbench import DatasetError
from srbench.errors import nearest
from srbench.pictures import SUFFIXES

from .columns import Row, column_names, read_columns, row_of
from .gathering import Found, Gathered, gather, roots
from .naming import NamelessError, found_in
from .splitting import divided
from .treatment import Levels, levels

Classes = Literal["none", "folders", "table"]
Groups = Literal["none", "header", "folders", "table"]
Split = Literal["none", "folders", "groups", "seeded", "table"]
_SPLITS = {"train": "train", "training": "train", "test": "test", "testing": "test"}
"""What folders, and cells of a table, call the splits; whatever else they are called is left out."""


@dataclass
class Contents:
    """The pictures below a folder, and what is known of where they belong; fields are the parameters of `folder`.

    left_out: sentences on what is in neither split, known once the pictures are divided. Raises `DatasetError` for
    parameters that do not go together, and whatever is wrong with the files.
    """

    path: Path
    files: str
    format: Mapping[str, Mapping[str, object]]
    only: Mapping[str, str]
    spacing: float | None
    table: Path | None
    columns: Mapping[str, str | list[str]]
    classes: Classes | None
    masks: str | None
    groups: Groups | None
    group: re.Pattern[str] | None
    split: Split | None
    share: float
    seed: int
    stratified: bool
    subgroups: Sequence[str] = ()
    left_out: list[str] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        if (self.table is None) != (not self.columns):
            raise DatasetError("`table` and `columns` belong together: a file, and what is in which of its columns")
        told = {"classes": (self.classes, "label"), "groups": (self.groups, "group"), "split": (self.split, "split")}
        for parameter, (asked, column) in told.items():
            if asked == "table" and column not in self.columns:
                raise DatasetError(f"`{parameter}: table` needs a table, and `columns` that name the {column}")
        if not self.files or Path(self.files).is_absolute() or ".." in Path(self.files).parts:
            raise DatasetError(f"`files: {self.files}` is no pattern of files below `path`, such as `**/*.png`")
        if self.masks is not None:
            self._mask(Path(), "")

    @cached_property
    def pictures(self) -> list[Found]:
        """Those whose pixels can be read, where a format reads them: one that cannot must not cost the others."""
        gathered = self._gathered
        return [one for one in gathered.pictures if one.frame is None or gathered.can_be_read(one, levels)]

    @cached_property
    def levels(self) -> list[Levels]:
        """The levels of each."""
        return [levels(one.picture) for one in self.pictures]

    @property
    def names_patients(self) -> bool:
        """Whether a header names whom a picture is of."""
        return any(one.frame and one.frame.group for one in self.pictures)

    @property
    def grouped_by_header(self) -> bool:
        """Whether headers say which pictures belong together, and nothing else does."""
        return self.group is None and self.groups in (None, "header")

    def remarks(self, nameless: bool) -> list[str]:
        """Sentences on what was left out. nameless: without names of files."""
        return [*self._gathered.remarks(nameless), *self.left_out]

    def divided(self, nameless: bool) -> dict[str, list[Found]]:
        """The pictures of each split. nameless: what was left out is told without names."""
        inside = {one.place.parts[0].lower() for one in self.pictures if len(one.place.parts) > 1}
        asked = self.split or ("folders" if inside & _SPLITS.keys() else "none")
        if asked == "none":
            return {"test": self.pictures}
        if asked in ("folders", "table"):
            return self._by_name(asked, nameless)
        groups = [self.group_of(one) for one in self.pictures]
        if asked == "groups" and None in groups:
            raise DatasetError(
                f"{self.pictures[groups.index(None)].path}: belongs to no group; see `groups`, or `split: seeded`"
            )
        tested = divided(
            [group or one.name for group, one in zip(groups, self.pictures, strict=True)],
            [self.label_of(one) for one in self.pictures],
            self.share,
            self.seed,
            self.stratified,
        )
        sides = {"test": True, "train": False}
        return {
            split: [one for one, is_tested in zip(self.pictures, tested, strict=True) if is_tested is side]
            for split, side in sides.items()
        }

    def place_in_split(self, one: Found) -> Path:
        """A picture's place below the folder, or below the folder of its split."""
        in_split = len(one.place.parts) > 1 and one.place.parts[0].lower() in _SPLITS
        return one.place.relative_to(one.place.parts[0]) if in_split else one.place

    def label_of(self, one: Found) -> str | None:
        """The class of a picture."""
        asked = self.classes or ("table" if "label" in self.columns else "none")
        if asked == "none":
            return None
        label = self._row(one).label if asked == "table" else one.place.parent.name
        if not label:
            raise DatasetError(f"{one.path}: has no class; every image needs one, or `classes: none`")
        return label

    def group_of(self, one: Found) -> str | None:
        """Whom or what a picture is of, together with others."""
        if self.group is not None:
            return found_in(one.path.stem, self.group)
        if self.groups == "table" or (self.groups is None and "group" in self.columns):
            return self._row(one).group or None
        if self.groups == "folders":
            parts = [part for part in one.place.parts[:-1] if part.lower() not in _SPLITS]
            return parts[0] if parts else None
        if self.grouped_by_header and one.frame is not None:
            return one.frame.group or (one.place.as_posix() if one.frame.key else None)
        return None

    def attributes_of(self, one: Found) -> dict[str, str]:
        """What subgroups are made of: the cells of the columns that `subgroups` names, or facts of the header."""
        row = self._row(one).attributes if self.table is not None and self.subgroups else {}
        facts = {} if one.frame is None else one.frame.facts
        return {name: value for name in self.subgroups if (value := row.get(name) or facts.get(name))}

    def check_subgroups(self) -> None:
        """Make sure that something is known of each that `subgroups` names. Raises `NamelessError`."""
        told = [self.attributes_of(one) for one in self.pictures]
        for name in self.subgroups:
            if not any(name in attributes for attributes in told):
                columns = [] if self.table is None else column_names(self._table(self._gathered.root) or self.table)
                facts = dict.fromkeys(fact for one in self.pictures if one.frame for fact in one.frame.facts)
                said = f"`subgroups`: of no picture is {name!r} known, by a column of the table or by its header"
                raise NamelessError(f"{said}.{nearest(name, [*columns, *facts])}")

    def mask_of(self, one: Found) -> Path | None:
        """The file of a picture's mask."""
        told, root = self._row(one).mask if "mask" in self.columns else "", self._gathered.root
        if not told and self.masks is None:
            return None
        path = root / told if told else self._mask(root, one.stem)
        if not path.is_file():
            raise DatasetError(f"{one.path}: its mask {path} is not there")
        return path

    def _mask(self, root: Path, stem: str) -> Path:
        """Where `masks` says that the mask of a picture is."""
        try:
            return root / str(self.masks).format(stem=stem)
        except (LookupError, ValueError):
            raise DatasetError(
                f"`masks: {self.masks}` is no path with `{{stem}}` for a picture's name, such as `masks/{{stem}}.png`"
            ) from None

    def _masks(self, folder: Path) -> Iterator[Path]:
        """The files that may be masks of pictures in a folder: those alone are told from pictures that lie in it."""
        if self.masks is not None and self._mask(folder, "").is_relative_to(folder):
            pattern = self._mask(folder, "*").relative_to(folder)
            yield from folder.glob(str(pattern))
        if "mask" in self.columns:
            yield from (folder / row.mask for row in self._rows_in(folder).values() if row.mask)

    def _table(self, folder: Path) -> Path | None:
        """The table where it was named, or else, under its name, in the folder that holds the pictures."""
        if self.table is None or self.table.is_file():
            return self.table
        inside = folder / self.table.name
        return inside if inside.is_file() else self.table

    @cached_property
    def _rows(self) -> dict[str, Row]:
        return self._rows_in(self._gathered.root)

    def _rows_in(self, folder: Path) -> dict[str, Row]:
        table = self._table(folder)
        return {} if table is None else read_columns(table, self.columns, self.subgroups)

    @cached_property
    def _gathered(self) -> Gathered:
        for root in roots(self.path):
            folder = root if root.is_dir() else root.parent
            table = self._table(folder)
            beside = frozenset() if table is None else frozenset({table, table.resolve()})
            beside |= frozenset(self._masks(folder))
            found = gather(root, self.files, self.format, self.only, self.spacing, beside)
            if found.pictures:
                return found
        why = "".join(f"; {remark}" for remark in found.remarks(nameless=True))
        raise DatasetError(
            f"{self.path}: holds no picture (a file ending in {', '.join(sorted(SUFFIXES))}, or of a format that "
            f"`srbench list formats` names){why}"
        )

    def _by_name(self, asked: str, nameless: bool) -> dict[str, list[Found]]:
        splits: dict[str, list[Found]] = {}
        others: Counter[str] = Counter()
        for one in self.pictures:
            name = self._row(one).split if asked == "table" else one.place.parts[0] if len(one.place.parts) > 1 else ""
            if asked == "folders" and not name:
                raise DatasetError(f"{self.path}: {one.place} lies beside test; move it into test or train")
            if split := _SPLITS.get(name.lower()):
                splits.setdefault(split, []).append(one)
            else:
                others[name] += 1
        if "test" not in splits:
            raise DatasetError(f"{self.path}: has the folder train but no folder test; what should be tested on?")
        if nameless and others:  # what a folder is called may be a patient's name
            others = Counter({"neither train nor test": others.total()})
        self.left_out = [f"left out: {count} of the split {name!r}" for name, count in sorted(others.items())]
        return splits

    def _row(self, one: Found) -> Row:
        row = row_of(self._rows, one.place, one.stem)
        if row is None:
            raise DatasetError(f"{one.path}: is not in {self._table(self._gathered.root)}")
        return row
