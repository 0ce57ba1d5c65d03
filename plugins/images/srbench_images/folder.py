"""A folder of your own pictures."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from srbench import Dataset, DatasetError, Item
from srbench.pictures import Curve
from srbench.types import Natural, OpenFraction, Positive

from .contents import Classes, Contents, Groups, Split
from .gathering import Found
from .listing import safe_id
from .meaning import Meaning, Normalise, Span
from .naming import Ids, NamelessError, discreet, named
from .splitting import balanced
from .treatment import Treatment


class Folder(Dataset):
    """A folder of pictures of any format that is installed: HR, of which LR is made as the protocol says, or LR alone.

    With the folders `test` and `train` in it these are the splits; without, every picture is tested on, unless `split`
    says otherwise. Source and licence are yours.

    Presets are what published archives call their columns; `path` and `table` are still to be given. `mammography`
    takes the middle of digital mammograms, each from its own darkest to brightest value, and tests on a tenth of the
    patients.
    """

    looked_for = frozenset({"table"})
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
        "kaggle-astronomy": {"classes": "folders", "split": "seeded"},
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
        classes: Classes | None = None,
        masks: str | None = None,
        groups: Groups | None = None,
        group: re.Pattern[str] | None = None,
        split: Split | None = None,
        share: OpenFraction = 0.2,
        seed: Natural = 0,
        stratified: bool = True,
        balance: bool = False,
        peak: Positive | None = None,
        range: Span | None = None,
        normalise: Normalise = "none",
        curve: Curve = "linear",
        knee: Positive | None = None,
        pivot: float | None = None,
        window: Span | None = None,
        unit: str = "",
        grey: bool = False,
        crop: Natural | None = None,
        resize: Positive | None = None,
        subgroups: list[str] | None = None,
        ids: Ids | None = None,
        lr_alone: bool = False,
    ) -> None:
        """Where the pictures are, and what is known of them.

        path: the folder, an archive of it (zip, tar), a folder of zip archives, or a DICOMDIR, for the files that it
        lists. name: what it is called in tables. files: which files below it, as a pattern.

        format: parameters of formats by their names (`{fits: {hdu: SCI}}`). only: facts that a file's header has to
        tell (`{Modality: MG}`). spacing: only pictures whose pixels are so far apart, in the header's unit.

        table: a CSV file, relative to the matrix. columns: which of its columns is `file`, `label`, `group`, `split`,
        `mask`; a list for `label` are columns of which one is 1. classes: where labels are from: the folder that a file
        lies in, or the table; the latter where it has them. masks: where the mask of a picture is, seen from the
        folder, with `{stem}` for the picture's name: `masks/{stem}_segmentation.png`, `../masks/{stem}.png`.

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
        side afterwards. subgroups: columns of the table, or facts of headers, by which boards divide the test images
        (`[site, device]`); their values are published. ids: `coded` keeps names out of records and pages, and is the
        default where a header names patients. lr_alone: the pictures are LR, and nobody has their HR: they are upscaled
        as they are, and tested on by what needs no HR.
        """
        if lr_alone and (masks is not None or "mask" in (columns or {})):
            raise DatasetError("`masks` are of HR, which pictures with `lr_alone` do not have")
        self.lr_alone = lr_alone
        self.path, self.name, self.ids = path, name, ids
        self.seed, self.balance = seed, balance
        self.contents = Contents(
            path=path,
            files=files,
            format=format or {},
            only=only or {},
            spacing=spacing,
            table=table,
            columns=columns or {},
            classes=classes,
            masks=masks,
            groups=groups,
            group=group and re.compile(group),
            split=split,
            share=share,
            seed=seed,
            stratified=stratified,
            subgroups=tuple(subgroups or ()),
        )
        self.treatment = Treatment(grey, crop, None if resize is None else int(resize))
        self.meaning = Meaning(peak, range, normalise, curve, knee, pivot, window, unit, self.treatment)
        self._names_patients = False

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
        return self.contents.remarks(self.ids != "names")

    @cached_property
    def _splits(self) -> dict[str, list[Item]]:
        contents = self.contents
        with discreet(self.ids or "names"):
            self._names_patients = contents.names_patients
        if self.ids == "names" and self._names_patients and contents.grouped_by_header:
            raise NamelessError(
                "headers name patients, so `ids` are coded; with `ids: names`, say `groups: none`, `folders` or `table`"
            )
        ids: Ids = "coded" if self.coded else "names"
        with discreet(ids):
            splits = contents.divided(self.coded)
            if not splits.get("test"):
                raise DatasetError(f"{self.path}: no picture is in the test split")
            contents.check_subgroups()
            made = {split: self._items(split, inside) for split, inside in splits.items()}
        return named(made, ids, contents.group)

    def _items(self, split: str, found: Sequence[Found]) -> list[Item]:
        contents, items, taken = self.contents, [], dict[str, Found]()
        for one in found:
            shown = contents.place_in_split(one)
            image = safe_id(one.called(shown))
            other = taken.setdefault(image.lower(), one)
            if other is not one:
                raise DatasetError(
                    f"{self.path}: {other.place} and {one.place} would both have the id {image!r}; rename or remove one"
                )
            values, mask = self.meaning.of(one, lambda: contents.levels), contents.mask_of(one)
            picture = self.treatment.of(one.picture, values, self.meaning.cut_off)
            items.append(
                Item(
                    image,
                    None if self.lr_alone else picture,
                    lone_lr=picture if self.lr_alone else None,
                    label=contents.label_of(one),
                    mask=None if mask is None else self.treatment.of_mask(mask),
                    group=contents.group_of(one),
                    values=values,
                    spacing=one.frame.spacing if one.frame and not (self.treatment.resize or self.lr_alone) else None,
                    spacing_unit="mm" if one.frame is None else one.frame.spacing_unit,
                    name=str(shown),
                    attributes=contents.attributes_of(one),
                )
            )
        if split == "train" and self.balance:
            kept = balanced({item.id: item.label for item in items}, self.seed)
            items = [item for item in items if item.id in kept]
        return sorted(items, key=lambda item: item.id)
