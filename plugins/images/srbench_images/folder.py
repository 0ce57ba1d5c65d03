"""A folder of your own pictures."""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path

from srbench import Dataset, DatasetError, Item, Values
from srbench.pictures import is_picture

from .listing import pictures, remark
from .naming import Ids, discreet, named


class Folder(Dataset):
    """A folder of pictures: HR; the LR is made from them as the protocol says.

    Without subfolders `train` and `test` every picture is a test item, and there is nothing to train on. With `test`,
    and `train` if you like, these are the splits. Source and licence are yours.
    """

    def __init__(
        self,
        path: Path,
        name: str | None = None,
        peak: float | None = None,
        group: re.Pattern[str] | None = None,
        ids: Ids = "names",
    ) -> None:
        """Where the pictures are.

        path: the folder. name: what it is called in tables. peak: the value that means white, 0 being black, when it
        is not that of the files' depth (255, 65535, 1.0): 4095 for a 12-bit camera's 16-bit files. group: a regular
        expression that finds in a file's name (without suffix) which group the image belongs to, the patient or the
        scene: `^P[0-9]+`. ids: `coded` keeps the files' names out of records and pages.
        """
        self.path = path
        self.name = name
        self.values = None if peak is None else Values(0.0, peak)
        self.group = None if group is None else re.compile(group)
        self.ids = ids

    def prepare(self, root: Path) -> None:
        """Check the folder; the data root plays no part. Raises `DatasetMissing` or `DatasetError`."""
        _ = self._splits

    def train(self) -> list[Item]:
        """The pictures in `train`; none without such a folder."""
        return self._splits.get("train", [])

    def test(self) -> list[Item]:
        """The pictures in `test`, or in the folder itself."""
        return self._splits["test"]

    def remarks(self) -> list[str]:
        """Sentences on what was left out."""
        known = ("train", "test") if self._has_splits() else ()
        found = remark(self.path, known=known)
        for split in ("train", "test"):
            if (self.path / split).is_dir():
                found += remark(self.path / split, split)
        return found

    @cached_property
    def _splits(self) -> dict[str, list[Item]]:
        with discreet(self.ids):
            if self._has_splits():
                folders = {split: self.path / split for split in ("train", "test") if (self.path / split).is_dir()}
            else:
                folders = {"test": self.path}
            found = {split: self._items(folder) for split, folder in folders.items()}
        return named(found, self.ids, self.group)

    def _has_splits(self) -> bool:
        train, test = (self.path / split for split in ("train", "test"))
        if not train.is_dir() and not test.is_dir():
            return False
        if not test.is_dir():
            raise DatasetError(f"{self.path}: has the folder train but no folder test; what should be tested on?")
        loose = [path.name for path in sorted(self.path.iterdir()) if is_picture(path)]
        if loose:
            raise DatasetError(f"{self.path}: {loose[0]} lies beside test; move it into test or train")
        return True

    def _items(self, folder: Path) -> list[Item]:
        return [Item(name, path, values=self.values) for name, path in pictures(folder).items()]
