"""What can be fetched, datasets and weights alike: what is here, what is not, and how to get it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from srbench.contract.dataset import Dataset, DatasetMissing
from srbench.contract.published import PublishedDataset
from srbench.contract.weights_file import WeightsFile
from srbench.errors import SrbenchError, nearest
from srbench.registry.parameters import parameters
from srbench.registry.registry import Registered, registry
from srbench.weights.data_root import data_root
from srbench.weights.datasets import dataset_folder, dataset_state, fetch_dataset
from srbench.weights.download import Progress
from srbench.weights.lookup import fetch_weights, weights_state
from srbench.weights.offline import no_network


@dataclass(frozen=True)
class Fetchable:
    """A dataset or a file of weights, and whether it is on this machine.

    size: bytes of what is downloaded, where known. licence: None for datasets that are not downloaded, whose
    description says it. state: `here`, `absent`, `partly here`, `damaged`. what: one line on what it is.
    """

    kind: Literal["dataset", "weights"]
    name: str
    size: int | None
    licence: str | None
    state: str
    what: str


@dataclass(frozen=True)
class _Set:
    """A dataset that can be fetched by name. whole: it needs no parameters, and can say itself whether it is there."""

    name: str
    registered: Registered
    whole: bool
    published: PublishedDataset | None

    def prepare(self) -> None:
        """Raises `DatasetMissing` where it is not here, other errors where it is wrong; may use the network."""
        if self.whole:
            dataset: Dataset = self.registered.load()()
            dataset.prepare(data_root())
        elif self.published is not None and dataset_state(self.published) != "here":
            raise DatasetMissing(f"there is no folder {dataset_folder(self.published)}")

    def state(self) -> str:
        """What `Fetchable.state` says of it; uses no network."""
        try:
            with no_network():
                self.prepare()
        except (DatasetMissing, OSError):
            begun = self.published is not None and dataset_state(self.published) == "partly here"
            return "partly here" if begun else "absent"
        except SrbenchError:
            return "damaged"
        return "here"

    def fetchable(self) -> Fetchable:
        """What the list says of it."""
        summary, published = self.registered.entry.summary, self.published
        if published is None:
            return Fetchable("dataset", self.name, None, None, self.state(), summary)
        what = summary if self.whole else published.source
        return Fetchable("dataset", self.name, published.size, published.licence, self.state(), what)

    def to_download(self) -> PublishedDataset | None:
        """What is to be downloaded before it is here; None where nothing is, or nothing can be."""
        return self.published if self.state() in ("absent", "partly here") else None


def fetchables() -> list[Fetchable]:
    """Every named dataset and every file of weights. Reads the files that are there; uses no network."""
    datasets = [one.fetchable() for one in _sets()]
    weights = [
        Fetchable("weights", file.name, file.size, file.licence, weights_state(file), file.source)
        for file in _weights_files()
    ]
    return [*datasets, *weights]


def check_names(names: Sequence[str]) -> None:
    """Raise `SrbenchError` for the first name that is neither a dataset that can be fetched nor weights."""
    sets = _sets()
    known = {one.name for one in sets} | {file.name for file in _weights_files()}
    offered = set(registry().names("dataset"))
    for name in names:
        if name in offered - known:
            variants = [one.name for one in sets if one.registered.entry.name == name]
            advice = "a matrix file says where its pictures are"
            if variants:
                advice = f"fetch {' or '.join(variants[:2])}, say (`srbench fetch` lists all {len(variants)})"
            raise SrbenchError(f"the dataset {name!r} takes parameters: {advice}")
        if name not in known:
            raise SrbenchError(f"nothing to fetch is called {name!r}.{nearest(name, known)}")


def to_download(names: Sequence[str]) -> list[PublishedDataset]:
    """The published datasets among these that are not here: fetching them means accepting their terms."""
    wanted = [one.to_download() for one in _sets() if one.name in names]
    return [published for published in wanted if published is not None]


def fetch(name: str, progress: Progress = lambda here, total: None) -> list[str]:
    """Bring what is called `name` to this machine; where it lies now, in words.

    Weights and published datasets are downloaded, or gone on with. Any other dataset prepares itself; one that cannot
    be downloaded raises `DatasetMissing` with where its files go. Raises `SrbenchError`.
    """
    check_names([name])
    done = []
    for one in _sets():
        if one.name != name:
            continue
        missing = one.to_download()
        kept = [] if missing is None else fetch_dataset(missing, progress)
        one.prepare()
        done.append(f"dataset {name}: ready")
        done += [f"  kept {path}; it may be deleted" for path in kept]
    if any(file.name == name for file in _weights_files()):
        done.append(f"weights {name}: {fetch_weights(name, progress)}")
    return done


def _sets() -> list[_Set]:
    """The datasets that can be named here, variants last; one that cannot be loaded is `srbench doctor`'s affair."""
    found, variants = [], []
    for registered in registry().entries("dataset"):
        try:
            target = registered.load()
            whole = not any(parameter.required for parameter in parameters(target).values())
        except SrbenchError:
            continue
        name = registered.entry.name
        published = {one.name: one for one in target.published}
        if whole:
            found.append(_Set(name, registered, True, published.pop(name, None)))
        variants += [_Set(variant, registered, False, one) for variant, one in published.items()]
    return [*found, *variants]


def _weights_files() -> list[WeightsFile]:
    return [declared.file for declared in registry().weights]
