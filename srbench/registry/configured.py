"""A plugin's entry as a matrix uses it: the entry, its parameters, and the name that tables show."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from srbench.contract.extractor import ExtractorUse
from srbench.contract.protocol import Protocol
from srbench.errors import SrbenchError
from srbench.registry import parameters
from srbench.registry.registry import Registered, Registry, task_named
from srbench.registry.shared import create


@dataclass(frozen=True)
class Use:
    """A plugin's entry as the matrix uses it.

    name: what it is called in tables: the `as` of the file, the dataset's own `name` parameter, or the entry's name.
    params: complete and checked, with defaults and preset resolved. given: as the file says it, preset included.
    extractor: what a metric runs on, if on any. on: the dataset that an extractor learns on, where the file names one;
    otherwise it is the tested one. under: the protocol that a dataset is shown by, where its task shows
    datasets otherwise than they are.
    """

    name: str
    registered: Registered
    params: dict[str, Any]
    given: dict[str, Any] = field(default_factory=dict)
    extractor: Use | None = None
    under: Protocol | None = None
    on: Use | None = None

    def create(self) -> Any:
        """A new instance with these parameters: a method, dataset, metric, extractor or executor."""
        made = create(self.registered.load(), self.params)
        if self.under is None or (shown := task_named(self.under.task).shown) is None:
            return made
        return shown(made, self.under)


def named_by(asked: ExtractorUse) -> tuple[str, dict[str, Any]]:
    """The entry that is asked for, and the parameters: `ENTRY:MODEL` is the entry's parameter `model`."""
    entry, _, model = asked.name.partition(":")
    return entry, dict(asked.params) | ({"model": model} if model else {})


def extractor_use(asked: ExtractorUse, registry: Registry) -> Use:
    """The extractor that a metric asks for: an entry, or `ENTRY:MODEL` for an entry with a parameter `model`.

    Raises `SrbenchError` when there is no such entry, or its parameters are wrong.
    """
    entry, given = named_by(asked)
    registered = registry.get("extractor", entry)
    try:
        values = parameters.resolve(registered.load(), given)
    except parameters.ParameterError as error:
        raise SrbenchError(f"extractor {asked.name!r}: {error}") from error
    return Use(asked.name, registered, values, given)
