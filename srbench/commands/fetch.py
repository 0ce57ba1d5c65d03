"""What can be fetched, datasets and weights alike: what is here, what is not, and how to get it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from srbench.contract.dataset import Dataset, DatasetMissing
from srbench.contract.weights_file import WeightsFile
from srbench.errors import SrbenchError, nearest
from srbench.registry.parameters import parameters
from srbench.registry.registry import Registered, registry
from srbench.weights.data_root import data_root
from srbench.weights.download import Progress
from srbench.weights.lookup import fetch_weights, weights_state
from srbench.weights.offline import no_network


@dataclass(frozen=True)
class Fetchable:
    """A dataset or a file of weights, and whether it is on this machine.

    size: bytes, where known. licence: None for datasets, whose description says it. state: `here`, `absent`, `partly
    here`, `damaged`. what: one line on what it is.
    """

    kind: Literal["dataset", "weights"]
    name: str
    size: int | None
    licence: str | None
    state: str
    what: str


def fetchables() -> list[Fetchable]:
    """Every named dataset and every file of weights. Reads the files that are there; uses no network."""
    datasets = [
        Fetchable("dataset", registered.entry.name, None, None, _dataset_state(registered), registered.entry.summary)
        for registered in _named_datasets()
    ]
    weights = [
        Fetchable("weights", file.name, file.size, file.licence, weights_state(file), file.source)
        for file in _weights_files()
    ]
    return [*datasets, *weights]


def check_names(names: Sequence[str]) -> None:
    """Raise `SrbenchError` for the first name that is neither a dataset that can be fetched nor weights."""
    known = {registered.entry.name for registered in _named_datasets()} | {file.name for file in _weights_files()}
    offered = set(registry().names("dataset"))
    for name in names:
        if name in offered - known:
            raise SrbenchError(f"the dataset {name!r} takes parameters: a matrix file says where its pictures are")
        if name not in known:
            raise SrbenchError(f"nothing to fetch is called {name!r}.{nearest(name, known)}")


def fetch(name: str, progress: Progress = lambda here, total: None) -> list[str]:
    """Bring what is called `name` to this machine; where it lies now, in words.

    Weights are downloaded, or gone on with. A dataset prepares itself; one that cannot be downloaded raises
    `DatasetMissing` with where its files go. Raises `SrbenchError`.
    """
    check_names([name])
    done = []
    if any(registered.entry.name == name for registered in _named_datasets()):
        dataset: Dataset = registry().get("dataset", name).load()()
        dataset.prepare(data_root())
        done.append(f"dataset {name}: ready")
    if any(file.name == name for file in _weights_files()):
        done.append(f"weights {name}: {fetch_weights(name, progress)}")
    return done


def _named_datasets() -> list[Registered]:
    """The datasets that need no parameters; one that cannot be loaded is `srbench doctor`'s affair."""
    named = []
    for registered in registry().entries("dataset"):
        try:
            if not any(parameter.required for parameter in parameters(registered.load()).values()):
                named.append(registered)
        except SrbenchError:
            continue
    return named


def _dataset_state(registered: Registered) -> str:
    try:
        with no_network():
            registered.load()().prepare(data_root())
    except (DatasetMissing, OSError):
        return "absent"
    except SrbenchError:
        return "damaged"
    return "here"


def _weights_files() -> list[WeightsFile]:
    return [declared.file for declared in registry().weights]
