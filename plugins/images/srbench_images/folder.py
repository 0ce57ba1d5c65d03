"""A folder of your own pictures."""

from __future__ import annotations

from pathlib import Path

from srbench.dataset import Dataset, DatasetError, Item

from .listing import is_picture, pictures


class Folder(Dataset):
    """A folder of pictures: HR; the LR is made from them as the protocol says.

    Without subfolders `train` and `test` every picture is a test item, and there is nothing to train on. With `test`,
    and `train` if you like, these are the splits. Source and licence are yours.
    """

    def __init__(self, path: Path, name: str | None = None, peak: float | None = None) -> None:
        """Where the pictures are.

        path: the folder. name: what it is called in tables. peak: the value that means white, when it is not that of
        the files' depth (255, 65535, 1.0): 4095 for a 12-bit camera's 16-bit files.
        """
        self.path = path
        self.name = name
        self.peak = peak

    def prepare(self, root: Path) -> None:
        """Check the folder; the data root plays no part. Raises `DatasetMissing` or `DatasetError`."""
        self.train()
        self.test()

    def train(self) -> list[Item]:
        """The pictures in `train`; none without such a folder."""
        return self._items(self.path / "train") if self._has_splits() and (self.path / "train").is_dir() else []

    def test(self) -> list[Item]:
        """The pictures in `test`, or in the folder itself."""
        return self._items(self.path / "test" if self._has_splits() else self.path)

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
        return [Item(name, path, peak=self.peak) for name, path in pictures(folder).items()]
