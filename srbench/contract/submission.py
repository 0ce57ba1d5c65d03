"""What a submission is: a method whose SR was made elsewhere, and lies in files."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from srbench.contract.method import Method, Problem
from srbench.contract.metric import Skip
from srbench.errors import SrbenchError
from srbench.pictures import Scale

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Asked:
    """An image whose SR is looked for.

    dataset, protocol: by the names that the matrix gives them. image: its id. name: what it was called where it came
    from, its file's place or name, where that is not the id: not for messages.
    """

    dataset: str
    protocol: str
    scale: Scale
    image: str
    name: str | None = None


@dataclass(frozen=True)
class Given:
    """The files of SR that were found, by image id. missing: what was looked for, by the ids of the images that have
    none. extra: files that stand among them and are of no image.
    """

    files: Mapping[str, Path]
    missing: Mapping[str, str] = field(default_factory=dict)
    extra: tuple[Path, ...] = ()


class Submission(Method):
    """SR that was made elsewhere. Nothing is upscaled, and nothing is known of its cost.

    The pictures, of any format that is installed, are part of the cells' keys; parameters are not. They are compared
    as they are where they have HR's depth; those of another depth are taken from their black and white to HR's.
    """

    @abstractmethod
    def find(self, asked: Sequence[Asked]) -> Given:
        """Look for the SR of images of one dataset, by names alone: each is among `files` or `missing`.

        Raises `SrbenchError` where it cannot be told which file is meant.
        """

    def supports(self, problem: Problem) -> Skip | None:
        """Everything: what there is, `find` says."""
        return None

    def upscale(self, lr: torch.Tensor, scale: Scale) -> torch.Tensor:
        """Not what submissions do."""
        raise SrbenchError("this SR was made elsewhere: there is nothing here that could upscale another picture")
