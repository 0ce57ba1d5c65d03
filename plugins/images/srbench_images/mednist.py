"""MedNIST: small X-ray, CT and MR images of six kinds, in a folder each."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Literal, get_args

from srbench import Dataset, DatasetMissing, Item, Members, PublishedArchive, PublishedDataset

from .listing import pictures

Kind = Literal["AbdomenCT", "BreastMRI", "CXR", "ChestCT", "Hand", "HeadCT"]

# Address and md5: MONAI, monai/apps/datasets.py. How many there are: MONAI's tutorial on MedNIST.
_ARCHIVE = PublishedArchive(
    "https://github.com/Project-MONAI/MONAI-extra-test-data/releases/download/0.8.1/MedNIST.tar.gz",
    "0bc7306e7427e00ad1c5526a6677552d",
    tuple(Members(f"MedNIST/{kind}/*.jpeg", 8954 if kind == "BreastMRI" else 10_000, kind) for kind in get_args(Kind)),
)


class MedNist(Dataset):
    """MedNIST: 58,954 grey images of 64 pixels, JPEG, of six kinds, which are their labels.

    Made available by Bradley J. Erickson, Mayo Clinic, from The Cancer Imaging Archive, the RSNA Bone Age Challenge and
    NIH ChestX-ray, CC BY-SA 4.0. It has no published split: tested on is a tenth of each kind, trained on the rest.
    Which images are of one patient is not published, and slices of one may be in both.
    """

    published = (
        PublishedDataset(
            "mednist",
            (_ARCHIVE,),
            "CC BY-SA 4.0",
            "Bradley J. Erickson, Mayo Clinic, from TCIA, the RSNA Bone Age Challenge and NIH ChestX-ray; as MONAI "
            "distributes it",
        ),
    )

    def __init__(self, kind: Kind | None = None) -> None:
        """Which images.

        kind: those of one kind only; by default all six.
        """
        self.kinds: tuple[Kind, ...] = get_args(Kind) if kind is None else (kind,)
        self._splits: dict[str, list[Item]] = {}

    def prepare(self, root: Path) -> None:
        """Find the pictures under the data root. Raises `DatasetMissing`, or `DatasetError`."""
        folder = root / "mednist"
        if not folder.is_dir():
            raise DatasetMissing(f"there is no folder {folder}. `srbench fetch mednist` makes it")
        self._splits = {"train": [], "test": []}
        for kind in self.kinds:
            items = [Item(f"{kind}-{name}", path, label=kind) for name, path in pictures(folder / kind).items()]
            tested = {item.id for item in sorted(items, key=_drawn)[: len(items) // 10]}
            for item in items:
                self._splits["test" if item.id in tested else "train"].append(item)

    def train(self) -> list[Item]:
        """Nine tenths of each kind."""
        return self._splits["train"]

    def test(self) -> list[Item]:
        """A tenth of each kind: those whose ids have the lowest sha256, which is the same draw everywhere."""
        return self._splits["test"]

    def remarks(self) -> list[str]:
        """What is not known of the images."""
        return ["MedNIST does not say which images are of one patient; slices of one may be in both splits"]


def _drawn(item: Item) -> str:
    return hashlib.sha256(item.id.encode()).hexdigest()
