"""The sets that papers know by name, found under the data root.

`NAME/HR/ID.png` holds HR; `NAME/LR_bicubic/X4/IDx4.png` (also X2, X3, X8) the LR that came with it, if any. A flat
`NAME/ID.png` is HR alone. Those that somebody publishes with a checksum, `srbench fetch` gets.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from srbench import (
    Dataset,
    DatasetError,
    DatasetMissing,
    Item,
    Members,
    Paper,
    PublishedArchive,
    PublishedDataset,
    Terms,
)
from srbench.pictures import is_picture

from .listing import pictures, remark

_SCALES = (2, 3, 4, 8)


def _benchmark(name: str, folder: str, count: int, licence: str, source: str) -> tuple[PublishedDataset]:
    """One of the four sets in the archive of EDSR's authors, with its LR at x2, x3 and x4."""
    folders = ["HR", *(f"LR_bicubic/X{scale}" for scale in (2, 3, 4))]
    archive = PublishedArchive(
        "https://cv.snu.ac.kr/research/EDSR/benchmark.tar",
        "4ace41d33c2384b97e6b320cd0afd6ba",  # as torchSR states it: torchsr/datasets/benchmarks.py
        tuple(Members(f"benchmark/{folder}/{one}/*.png", count, one) for one in folders),
    )
    made_by = "LR and archive: Lim et al., CVPR Workshops 2017 (EDSR)"
    return (PublishedDataset(name, (archive,), licence, f"{source}; {made_by}"),)


def _div2k(split: str, count: int, sha256: str, size: int) -> PublishedArchive:
    """HR of one split. LR is made from it as the protocol says."""
    name = f"DIV2K_{split}_HR"
    url = f"https://data.vision.ee.ethz.ch/cvl/DIV2K/{name}.zip"
    return PublishedArchive(url, sha256, (Members(f"{name}/*.png", count, "HR"),), size)


class _Named(Dataset):
    """A folder of the data root. Every picture is tested on; nothing is trained on.

    origin: where to ask for a set that is not fetched.
    """

    folder: ClassVar[str]
    origin: ClassVar[str] = ""

    def __init__(self) -> None:
        self._found: Path | None = None

    def prepare(self, root: Path) -> None:
        """Find the set under the data root. Raises `DatasetMissing` with where it looked and what belongs there."""
        folder = root / self.folder
        if not folder.is_dir():
            raise DatasetMissing(
                f"{self.folder} is not in the data root: there is no folder {folder}. {self._wanted(root)}"
            )
        if not (folder / "HR").is_dir() and not any(is_picture(path) for path in folder.iterdir()):
            raise DatasetMissing(
                f"{self.folder}: {folder} holds neither a folder HR nor pictures. {self._wanted(root)}"
            )
        self._found = folder
        self._items()

    def _wanted(self, root: Path) -> str:
        similar = [path.name for path in root.iterdir() if path.name.lower() == self.folder] if root.is_dir() else []
        if similar and similar[0] != self.folder:
            return f"Rename {root / similar[0]} to {self.folder}."
        how = (
            f"`srbench fetch {self.folder}` gets it. Or put"
            if self.published
            else f"It is not downloaded for you ({self.origin}): put"
        )
        return (
            f"{how} its HR pictures into {root / self.folder / 'HR'}, and LR, if you have it, into "
            f"{root / self.folder / 'LR_bicubic' / 'X4'} as IDx4.png. SRBENCH_DATA sets the data root."
        )

    def test(self) -> list[Item]:
        """Every picture."""
        return self._items()

    def remarks(self) -> list[str]:
        """Sentences on what was left out."""
        assert self._found is not None, "prepared"
        if (self._found / "HR").is_dir():
            return remark(self._found / "HR", "HR")
        return remark(self._found, known=("LR_bicubic",))

    def _items(self) -> list[Item]:
        if self._found is None:
            raise DatasetMissing(f"{self.folder}: prepare(root) says where the data root is; call it first")
        high = self._found / "HR"
        found = pictures(high if high.is_dir() else self._found)
        lr = {scale: _shipped(self._found / "LR_bicubic" / f"X{scale}", found, scale) for scale in _SCALES}
        return [
            Item(name, path, {("bicubic", scale): files[name] for scale, files in lr.items() if files})
            for name, path in found.items()
        ]


def _shipped(folder: Path, high: dict[str, Path], scale: int) -> dict[str, Path]:
    """The LR of every picture, by id; none of any when there is no such folder."""
    if not folder.is_dir():
        return {}
    by_stem = {path.stem: path for path in pictures(folder).values()}
    for path in high.values():
        if f"{path.stem}x{scale}" not in by_stem:
            raise DatasetError(
                f"{folder}: {path.stem}x{scale}.png is missing, the LR of {path}; add it, or remove the folder to have "
                "all LR made from HR"
            )
    return {name: by_stem[f"{path.stem}x{scale}"] for name, path in high.items()}


class Set5(_Named):
    """Set5: five photographs (Bevilacqua et al., BMVC 2012); test only. No licence is stated."""

    papers: ClassVar = (
        Paper(
            ("Bevilacqua", "Roumy", "Guillemot", "Alberi-Morel"),
            "Low-complexity single-image super-resolution based on nonnegative neighbor embedding",
            2012,
            conference="BMVC",
        ),
    )
    folder = "set5"
    published = _benchmark("set5", "Set5", 5, "none is stated", "Bevilacqua et al., BMVC 2012")


class Set14(_Named):
    """Set14: 14 pictures (Zeyde et al., 2010); test only. No licence is stated."""

    papers: ClassVar = (
        Paper(
            ("Zeyde", "Elad", "Protter"),
            "On single image scale-up using sparse-representations",
            2010,
            conference="Curves and Surfaces",
        ),
    )
    folder = "set14"
    published = _benchmark("set14", "Set14", 14, "none is stated", "Zeyde et al., Curves and Surfaces 2010")


class Bsd100(_Named):
    """BSD100: the 100 test photographs of the Berkeley Segmentation Dataset (Martin et al., ICCV 2001); test only.

    Berkeley allows non-commercial research and education.
    """

    papers: ClassVar = (
        Paper(
            ("Martin", "Fowlkes", "Tal", "Malik"),
            "A database of human segmented natural images and its application to evaluating segmentation algorithms "
            "and measuring ecological statistics",
            2001,
            conference="ICCV",
        ),
    )
    folder = "bsd100"
    published = _benchmark(
        "bsd100", "B100", 100, "non-commercial research and education only", "Martin et al., ICCV 2001"
    )


class Urban100(_Named):
    """Urban100: 100 photographs of buildings (Huang et al., CVPR 2015), test only. From Flickr, Creative Commons."""

    papers: ClassVar = (
        Paper(
            ("Huang", "Singh", "Ahuja"),
            "Single image super-resolution from transformed self-exemplars",
            2015,
            conference="CVPR",
        ),
    )
    folder = "urban100"
    published = _benchmark(
        "urban100",
        "Urban100",
        100,
        "photographs from Flickr, each under a Creative Commons licence of its author's choice",
        "Huang et al., CVPR 2015 (github.com/jbhuang0604/SelfExSR)",
    )


class Manga109(_Named):
    """Manga109: a page of each of 109 comics (Matsui et al. 2017); test only.

    Their authors allow academic research, and forbid to pass the pages on; whoever wants them asks the University of
    Tokyo.
    """

    papers: ClassVar = (
        Paper(
            ("Matsui", "Ito", "Aramaki", "Fujimoto", "Ogawa", "Yamasaki", "Aizawa"),
            "Sketch-based manga retrieval using Manga109 dataset",
            2017,
            journal="Multimedia Tools and Applications",
        ),
    )
    terms: ClassVar = (
        Terms(
            "Matsui et al. 2017", "academic research; the pages may not be passed on (asked of the University of Tokyo)"
        ),
    )
    folder = "manga109"
    origin = "ask for it at http://www.manga109.org/en/; it may not be passed on"


class Div2k(_Named):
    """DIV2K (Agustsson and Timofte, CVPR Workshops 2017): 0001 to 0800 are trained on, 0801 to 0900 tested on.

    Pictures with other names are tested on. The authors allow academic research only.
    """

    papers: ClassVar = (
        Paper(
            ("Agustsson", "Timofte"),
            "NTIRE 2017 challenge on single image super-resolution: Dataset and study",
            2017,
            conference="CVPR workshops",
        ),
    )
    folder = "div2k"
    # Hashes and sizes: TensorFlow Datasets, url_checksums/div2k.txt.
    published = (
        PublishedDataset(
            "div2k",
            (
                _div2k("train", 800, "9d0b9c463f6e35b6c62cc6a930ee2224f670b34c1df841a57670f9acf0f6c335", 3_530_603_713),
                _div2k("valid", 100, "20dd31fd84d777bc1cf5d6b7654a3f569c0aec74458ae094122ad1d0489900fc", 448_993_893),
            ),
            "academic research only; the rights of the photographs are their owners'",
            "Agustsson and Timofte, CVPR Workshops 2017 (data.vision.ee.ethz.ch/cvl/DIV2K)",
        ),
    )

    def train(self) -> list[Item]:
        """Pictures 0001 to 0800."""
        return [item for item in self._items() if _in_training(item.id)]

    def test(self) -> list[Item]:
        """Pictures 0801 to 0900, and any others that are not numbered 0001 to 0800."""
        return [item for item in self._items() if not _in_training(item.id)]


def _in_training(name: str) -> bool:
    return name.isdecimal() and 1 <= int(name) <= 800


class T91(_Named):
    """T91: 91 small photographs (Yang et al., IEEE TIP 2010), the training set of SRCNN. No licence is stated.

    A set to train on: its test split is empty, because a score on what was trained on says nothing. To test other
    methods on these photographs, give their folder to the dataset `folder`.
    """

    papers: ClassVar = (
        Paper(
            ("Yang", "Wright", "Huang", "Ma"),
            "Image super-resolution via sparse representation",
            2010,
            journal="IEEE Transactions on Image Processing",
        ),
    )
    terms: ClassVar = (Terms("Yang et al., IEEE TIP 2010; part of their code", "none is stated"),)
    folder = "t91"
    origin = "it is part of the code of Yang et al., http://www.ifp.illinois.edu/~jyang29/codes/ScSR.rar"

    def train(self) -> list[Item]:
        """The 91 pictures."""
        return self._items()

    def test(self) -> list[Item]:
        """Empty: a score on what was trained on says nothing."""
        return []
