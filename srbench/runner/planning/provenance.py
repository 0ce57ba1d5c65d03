"""What a key holds of a plugin's thing: whose code it is, which version of it, its parameters."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from srbench.contract.chain import steps_of
from srbench.contract.degradation import Degradation
from srbench.contract.protocol import Protocol
from srbench.registry.configured import Use
from srbench.registry.registry import registry, task_named
from srbench.registry.sources import MACHINE, dependencies
from srbench.runner.job.tasks import SeenFile
from srbench.store.files import sha256
from srbench.weights.lookup import place, weights_file, weights_path


def provenance(use: Use, without: Collection[str] = ()) -> dict[str, Any]:
    """What a method goes into a key with: name, versions and parameters. without: parameters that do not count."""
    params = {name: _canonical(value) for name, value in use.params.items() if name not in without}
    return {"name": use.registered.entry.name, **use.registered.plugin.provenance(), "params": params}


def instrument(use: Use) -> dict[str, Any]:
    """What a metric or extractor goes into a key with; its numbers also hang on the packages that it needs."""
    return {**provenance(use), "packages": packages(use)}


def packages(use: Use) -> dict[str, str]:
    """The versions of the packages that a metric or extractor declares to need, but for those of the machine."""
    found = dependencies([use.registered.plugin.distribution])
    return {name: version for name, version in found.items() if name not in MACHINE}


def degradation_uses(protocol: Protocol) -> tuple[Use, ...]:
    """The plugins' things that make LR under a protocol; none where nothing does, or srbench itself does.

    srbench's own degradations have versions, and its code is in no key.
    """
    found = (_degradation_use(step) for step in steps_of(protocol.degradation))
    return tuple(use for use in found if use is not None)


def _degradation_use(step: Degradation) -> Use | None:
    registered = registry().get("degradation", step.name)
    own = registered.plugin.distribution == "srbench"
    return None if own else Use(str(step), registered, step.facts())


def _degradation_facts(step: Degradation) -> dict[str, Any]:
    use = _degradation_use(step)
    if use is None:
        return step.identity()
    return {**step.identity(), "params": provenance(use)["params"], "source": use.registered.plugin.sources}


def protocol_facts(protocol: Protocol) -> dict[str, Any]:
    """What a key holds of a protocol: what its task asks for, with whose code makes LR where that is a plugin's."""
    task = task_named(protocol.task)
    decisive = {"scale", "version", *task.needed, *task.optional}
    facts = {name: value for name, value in protocol.facts().items() if name in decisive}
    if "degradation" in facts:
        made = [_degradation_facts(step) for step in steps_of(protocol.degradation)]
        facts["degradation"] = made[0] if len(made) == 1 else made
    return facts


def task_facts(protocol: Protocol) -> dict[str, Any]:
    """What a cell's key holds of the task: nothing where it is srbench's own, else its name and whose code it is."""
    plugin = registry().get("task", protocol.task).plugin
    return {} if plugin.distribution == "srbench" else {"task": {"name": protocol.task, **plugin.provenance()}}


def sources_of(uses: Iterable[Use]) -> dict[str, dict[str, str]]:
    """The sha256 of the code of what a task uses, by the plugin's distribution."""
    return {use.registered.plugin.distribution: use.registered.plugin.sources for use in uses}


def changed_plugin(planned: Mapping[str, Mapping[str, str]], uses: Iterable[Use]) -> str:
    """The name of a plugin whose code is not what the plan made its keys of; empty when there is none."""
    plugins = [use.registered.plugin for use in uses]
    return next((one.name for one in plugins if one.sources != planned.get(one.distribution, one.sources)), "")


def read_by(weights: Iterable[str], files: Iterable[Path]) -> dict[str, Any]:
    """The ingredients of a key for published weights and further files that something reads; empty where it reads none.

    Raises `WeightsMissing` for weights that are not on this machine.
    """
    declared = [weights_file(name) for name in weights]
    for file in declared:
        if not place(file).is_file():
            weights_path(file.name)  # says what is missing, and how to get it
    hashes = [sha256(path) for path in files]
    return {
        **({"weights": {file.name: file.sha256 for file in declared}} if declared else {}),
        **({"files": hashes} if hashes else {}),
    }


def degradation_files(protocol: Protocol) -> tuple[SeenFile, ...]:
    """The files that making LR reads, with their sha256."""
    paths = (path for use in degradation_uses(protocol) for path in _paths(use.params))
    return tuple(SeenFile(path, sha256(path)) for path in paths if path.is_file())


def files_of(use: Use, thing: Any) -> tuple[SeenFile, ...]:
    """The files that a method, metric or extractor reads, with their sha256; published weights, which are compared
    with what was declared when they are read, without.

    thing: what `use` makes. Those that are not there are left out.
    """
    own = dict.fromkeys(path for path in (*_paths(use.params), *getattr(thing, "files", ())) if path.is_file())
    published = [path for path in (place(weights_file(name)) for name in thing.weights) if path.is_file()]
    return (*(SeenFile(path, sha256(path)) for path in own), *(SeenFile(path, None) for path in published))


def _paths(value: Any) -> Iterator[Path]:
    if isinstance(value, msgspec.Struct):
        value = msgspec.structs.asdict(value)
    if isinstance(value, Path):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _paths(part)
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _paths(part)


def _canonical(value: Any) -> Any:
    if isinstance(value, Path):  # what a file holds, not where it lies
        return {"sha256": sha256(value)} if value.is_file() else str(value)
    if isinstance(value, msgspec.Struct):
        value = msgspec.structs.asdict(value)
    if isinstance(value, Mapping):
        return {str(name): _canonical(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_canonical(part) for part in value]
    return value
