"""MedMNIST: twelve sets of medical images at 28, 64, 128 and 224 pixels, unpacked from their npz archives."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

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
from srbench.pictures import Image

Flag = Literal[
    "pathmnist",
    "chestmnist",
    "dermamnist",
    "octmnist",
    "pneumoniamnist",
    "retinamnist",
    "breastmnist",
    "bloodmnist",
    "tissuemnist",
    "organamnist",
    "organcmnist",
    "organsmnist",
]
Size = Literal[28, 64, 128, 224]

_SIZES: tuple[Size, ...] = (28, 64, 128, 224)


class _Flag(NamedTuple):
    """channels: 1 (grey) or 3 (RGB). classes: in the order of their numbers; "" where an image has several labels.

    md5: of the archives, by size.
    """

    channels: int
    classes: str
    md5: str


_ORGANS = (
    "bladder, left femur, right femur, heart, left kidney, right kidney, liver, left lung, right lung, pancreas, spleen"
)
# As the package medmnist 3.0.2 states them: medmnist/info.py.
_FLAGS: dict[str, _Flag] = {
    "pathmnist": _Flag(
        3,
        "adipose, background, debris, lymphocytes, mucus, smooth muscle, normal mucosa, stroma, adenocarcinoma",
        "a8b06965200029087d5bd730944a56c1 55aa9c1e0525abe5a6b9d8343a507616 ac42d08fb904d92c244187169d1fd1d9 "
        "2c51a510bcdc9cf8ddb2af93af1eadec",
    ),
    "chestmnist": _Flag(
        1,
        "",
        "02c8a6516a18b556561a56cbdd36c4a8 9de6cd0b934ebb5b7426cfba5efbae16 db107e5590b27930b62dbaf558aebee3 "
        "45bd33e6f06c3e8cdb481c74a89152aa",
    ),
    "dermamnist": _Flag(
        3,
        "actinic keratosis, basal cell carcinoma, benign keratosis, dermatofibroma, melanoma, nevus, vascular lesion",
        "0744692d530f8e62ec473284d019b0c7 b70a2f5635c6199aeaa28c31d7202e1f 2defd784463fa5243564e855ed717de1 "
        "8974907d8e169bef5f5b96bc506ae45d",
    ),
    "octmnist": _Flag(
        1,
        "neovascularization, macular edema, drusen, normal",
        "c68d92d5b585d8d81f7112f81e2d0842 e229e9440236b774d9f0dfef9d07bdaf 0a97e76651ace45c5d943ee3f65b63ae "
        "abc493b6d529d5de7569faaef2773ba3",
    ),
    "pneumoniamnist": _Flag(
        1,
        "normal, pneumonia",
        "28209eda62fecd6e6a2d98b1501bb15f 8f4eceb4ccffa70c672198ea285246c6 05b46931834c231683c68f40c47b2971 "
        "d6a3c71de1b945ea11211b03746c1fe1",
    ),
    "retinamnist": _Flag(
        3,
        "grade 0, grade 1, grade 2, grade 3, grade 4",
        "bd4c0672f1bba3e3a89f0e4e876791e4 afda852cc34dcda56f86ad2b2457dbcc e48e916a24454daf90583d4e6efb1a18 "
        "eae7e3b6f3fcbda4ae613ebdcbe35348",
    ),
    "breastmnist": _Flag(
        1,
        "malignant, not malignant",
        "750601b1f35ba3300ea97c75c52ff8f6 742edef2a1fd1524b2efff4bd7ba9364 363e4b3f8d712e9b5de15470a2aaadf1 "
        "b56378a6eefa9fed602bb16d192d4c8b",
    ),
    "bloodmnist": _Flag(
        3,
        "basophil, eosinophil, erythroblast, immature granulocyte, lymphocyte, monocyte, neutrophil, platelet",
        "7053d0359d879ad8a5505303e11de1dc 2b94928a2ae4916078ca51e05b6b800b adace1e0ed228fccda1f39692059dd4c "
        "b718ff6835fcbdb22ba9eacccd7b2601",
    ),
    "tissuemnist": _Flag(
        1,
        "collecting duct, distal tubule, glomerular endothelium, interstitial endothelium, leukocyte, "
        "podocyte, proximal tubule, ascending limb",
        "ebe78ee8b05294063de985d821c1c34b 123ece2eba09d0aa5d698fda57103344 61b955355d7425a89687b06cca3ce0c2 "
        "b077128c4a949f0a4eb01517f9037b9c",
    ),
    "organamnist": _Flag(
        1,
        _ORGANS,
        "68e3f8846a6bd62f0c9bf841c0d9eacc 2dcccc29b88e6da5a01161ef20cda288 eeae80d0a227a8d099027e1b3cfd3b60 "
        "50747347e05c87dd3aaf92c49f9f3170",
    ),
    "organcmnist": _Flag(
        1,
        _ORGANS,
        "b9ceb9546e10131b32923c5bbeaea2b1 3ce34a8724ea6f548e6db4744d03b6a9 773c1f009daa3fe5d9a2a201b2a7ed94 "
        "050f5e875dc056f6768abf94ec9995d1",
    ),
    "organsmnist": _Flag(
        1,
        _ORGANS,
        "9ab87b696fb54e2a387ebe992d6ed5f1 53a6d115339d874c25e309a994ff46d3 ded0c5fa01a95dc4978b956f613e9b8e "
        "b354719e553fbbb2513d5533f52a4cb1",
    ),
}


def _name(flag: str, size: int) -> str:
    """What MedMNIST calls the file, without its suffix."""
    return flag if size == 28 else f"{flag}_{size}"


def _published(flag: str, size: Size) -> PublishedDataset:
    name = _name(flag, size)
    archive = PublishedArchive(
        f"https://zenodo.org/records/10519652/files/{name}.npz?download=1",
        _FLAGS[flag].md5.split()[_SIZES.index(size)],
        (Members("*.npy", 6),),
    )
    return PublishedDataset(
        name,
        (archive,),
        "CC BY-NC 4.0" if flag == "dermamnist" else "CC BY 4.0",
        f"MedMNIST v2, {flag} at {size} pixels (Yang et al., Scientific Data 2023, doi.org/10.5281/zenodo.10519652)",
        f"medmnist/{name}",
    )


class MedMnist(Dataset):
    """MedMNIST v2 in two dimensions (Yang et al., Scientific Data 2023): images of one size, labelled.

    Trained on is the published training split, tested on the published test split; the validation split is not used.
    ChestMNIST has no labels here, since an image has several. Which images are of one patient is not published.
    CC BY 4.0, DermaMNIST CC BY-NC 4.0.
    """

    papers: ClassVar = (
        Paper(
            ("Yang", "Shi", "Wei", "Liu", "Zhao", "Ke", "Pfister", "Ni"),
            "MedMNIST v2 - A large-scale lightweight benchmark for 2D and 3D biomedical image classification",
            2023,
            journal="Scientific Data",
        ),
    )
    terms: ClassVar = (
        Terms(
            "MedMNIST v2 (Yang et al., Scientific Data 2023, doi.org/10.5281/zenodo.10519652)",
            "CC BY 4.0; DermaMNIST CC BY-NC 4.0",
        ),
    )
    published = tuple(_published(flag, size) for flag in _FLAGS for size in _SIZES)

    def __init__(self, flag: Flag, size: Size = 28) -> None:
        """Which set.

        flag: its name, as in `pathmnist`. size: pixels of a side.
        """
        self.flag, self.size = flag, size
        self._classes = _FLAGS[flag].classes.split(", ") if _FLAGS[flag].classes else None
        self._folder: Path | None = None

    def prepare(self, root: Path) -> None:
        """Find the arrays under the data root, and compare their shapes. Raises `DatasetMissing`, `DatasetError`."""
        name = _name(self.flag, self.size)
        folder = root / "medmnist" / name
        if not folder.is_dir():
            raise DatasetMissing(f"there is no folder {folder}. `srbench fetch {name}` makes it")
        for split in ("train", "test"):
            images, labels = (_array(folder / f"{split}_{what}.npy") for what in ("images", "labels"))
            if not self._fit(images, labels):
                raise DatasetError(
                    f"{folder}: {split} has images {images.shape} of {images.dtype} and labels {labels.shape} of "
                    f"{labels.dtype}, which are not those of {name}; remove the folder, and `srbench fetch {name}` "
                    "makes it anew"
                )
        self._folder = folder

    def train(self) -> list[Item]:
        """The published training split."""
        return self._items("train")

    def test(self) -> list[Item]:
        """The published test split."""
        return self._items("test")

    def remarks(self) -> list[str]:
        """What is not known of the images."""
        return ["MedMNIST does not say which images are of one patient; intervals take them for independent"]

    def _fit(self, images: npt.NDArray[Any], labels: npt.NDArray[Any]) -> bool:
        shape = (self.size, self.size) if _FLAGS[self.flag].channels == 1 else (self.size, self.size, 3)
        if images.dtype != np.uint8 or images.shape[1:] != shape or labels.shape[:1] != images.shape[:1]:
            return False
        known = self._classes is None or bool(np.isin(labels, range(len(self._classes))).all())
        return labels.ndim == 2 and labels.dtype.kind in "ui" and known

    def _items(self, split: str) -> list[Item]:
        if self._folder is None:
            raise DatasetMissing("medmnist: prepare(root) says where the data root is; call it first")
        images = self._folder / f"{split}_images.npy"
        classes = self._classes
        return [
            Item(f"{split}-{number:06d}", partial(_image, images, number), label=classes[label[0]] if classes else None)
            for number, label in enumerate(_array(self._folder / f"{split}_labels.npy").tolist())
        ]


def _array(path: Path) -> npt.NDArray[Any]:
    """An array of which only what is looked at is read."""
    try:
        array: npt.NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise DatasetError(f"{path}: cannot be read: {error}; remove its folder, and fetch it again") from error
    return array


def _image(path: Path, number: int) -> Image:
    """One image `(H, W, C)`."""
    image: Image = np.atleast_3d(np.asarray(_array(path)[number]))
    return image
