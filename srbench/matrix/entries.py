"""The file's lists of methods, datasets and metrics: entries of plugins, with parameters and the names they go by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from srbench.contract.extractor import ExtractorUse
from srbench.errors import SrbenchError
from srbench.matrix.fields import Fields, is_safe
from srbench.matrix.nodes import KeyValue, Node, describe, plain, shorten
from srbench.registry import parameters
from srbench.registry.configured import Use, extractor_use
from srbench.registry.registry import Kind, Registry

_APART = ("resources", "limits", "train")
"""What stands among the parameters of a method and is none."""


@dataclass(frozen=True)
class Named:
    """What a list of the file holds: its name in tables, where it stands, and the thing itself unless it is wrong.

    resources, limits, train: what stands under these keys of a method.
    """

    name: str
    node: Node
    thing: Any
    resources: Node | None = None
    limits: Node | None = None
    train: Node | None = None


class Uses:
    """Reads uses: `NAME`, `NAME: {parameters}` or `{use: NAME, as: SHOWN, parameters}`.

    registry: where names are looked up. folder: what paths among the parameters are relative to. Faults go to `fields`.
    """

    def __init__(self, registry: Registry, folder: Path, fields: Fields) -> None:
        self._registry, self._folder, self._fields = registry, folder, fields
        self._fault = fields.fault

    def listed(self, node: Node, kind: Kind) -> list[Named]:
        """The uses of a list that are as they should be, each with a name of its own."""
        named = [self.use(item, kind) for item in self._fields.items(node, f"{kind}s")]
        return self.distinct([use for use in named if use is not None], "use `as` to name the second")

    def use(self, node: Node, kind: Kind) -> Named | None:
        """One use; None where not even its name can be read."""
        parts = self._parts(node, kind)
        if parts is None:
            return None
        entry, shown, given = parts
        apart = {key: given.pop(key)[1] for key in _APART if key in given} if kind == "method" else {}
        name = entry.text if shown is None else self._fields.name(shown, "`as`")
        of_extractor: dict[str, KeyValue] = {}
        if kind == "metric" and "extractor" in given and isinstance(given["extractor"][1].value, dict):
            at, inside = given["extractor"]
            extractor = self._parts(inside, "extractor")
            if extractor is None:
                return Named(name, node, None)
            given["extractor"], of_extractor = (at, extractor[0]), extractor[2]
        arguments = {key: plain(value) for key, (_, value) in given.items()}
        try:
            registered = self._registry.get(kind, entry.text)
            complete, errors = parameters.examine(registered.load(), arguments, self._folder)
        except SrbenchError as error:
            self._fault(entry, str(error))
            return Named(name, node, None)
        for wrong in errors:
            self._parameter_fault(wrong, entry, given)
        looked_for: frozenset[str] = getattr(registered.load(), "looked_for", frozenset())
        for key, (_, value) in given.items():
            for path in [] if key in looked_for else _missing_paths(complete.get(key)):
                self._fault(value, f"{key}: there is no file or folder {shorten(str(path))!r}")
        if shown is None:
            place: Node = entry
            if kind == "dataset" and isinstance(complete.get("name"), str) and complete["name"]:
                name = complete["name"]
                place = given["name"][1] if "name" in given else entry
            if not is_safe(name):
                self._fault(place, f"{shorten(name)!r} will not do as a name in tables; give another one with `as`")
        use = Use(name, registered, complete, arguments)
        if kind == "metric" and not errors:
            use = self._with_extractor(use, entry, given, of_extractor)
        return Named(name, node, use, **apart)

    def _parts(self, node: Node, kind: Kind) -> tuple[Node, Node | None, dict[str, KeyValue]] | None:
        """The entry's name, the name to show (if the file gives one), and the parameters, of any form of a use."""
        if not isinstance(node.value, list | dict):
            return None if self.entry(node, kind) is None else (node, None, {})
        pairs = dict(node.value) if isinstance(node.value, dict) else {}
        if "use" in pairs:
            entry = self.entry(pairs.pop("use")[1], kind)
            shown = pairs.pop("as", (None, None))[1]
            return None if entry is None else (entry, shown, pairs)
        if len(pairs) != 1:
            self._fault(
                node,
                f"expected a {kind}: `NAME`, `NAME: {{parameters}}` or `{{use: NAME, as: SHOWN, parameters}}`; "
                f"found {describe(node)}" + (f" with the keys {', '.join(map(shorten, pairs))}" if pairs else ""),
            )
            return None
        ((entry, inside),) = pairs.values()
        if not isinstance(inside.value, dict):
            self._fault(inside, f"{shorten(entry.text)}: expected parameters as `key: value`, found {describe(inside)}")
            return None
        given = dict(inside.value)
        if "as" in given:
            name = shorten(entry.text)
            self._fault(given.pop("as")[0], f"`as` goes together with `use`: {{use: {name}, as: ..., parameters}}")
        return entry, None, given

    def entry(self, node: Node, kind: Kind) -> Node | None:
        """The name of an entry, whether there is one or not."""
        if isinstance(node.value, str) and len(node.value) <= 100:
            return node
        self._fault(node, f"expected the name of a {kind}, found {describe(node)}")
        return None

    def _parameter_fault(self, error: parameters.ParameterError, entry: Node, given: Mapping[str, KeyValue]) -> None:
        """Note a fault at the key when that is wrong, at the value when that is, at the entry for what is not there."""
        key, value = given.get(error.parameter, (entry, entry))
        self._fault(key if isinstance(error, parameters.UnknownParameterError) else value, str(error))

    def _with_extractor(
        self, metric: Use, entry: Node, given: Mapping[str, KeyValue], of_extractor: Mapping[str, KeyValue]
    ) -> Use:
        """The metric with the extractor that it asks for; a wrong one is reported where the file names it.

        of_extractor: its parameters, where the file gives some.
        """
        asked: ExtractorUse | None = None
        try:
            asked = metric.create().extractor()
            if asked is not None and of_extractor:
                params = {key: plain(value) for key, (_, value) in of_extractor.items()}
                asked = replace(asked, params={**asked.params, **params})
            return metric if asked is None else replace(metric, extractor=extractor_use(asked, self._registry))
        except SrbenchError as error:
            message = str(error)
        except Exception as error:  # a plugin's fault, or parameters that do not go together
            message = f"{metric.name}: {type(error).__name__}: {error}"
        named = [value for key, (_, value) in given.items() if asked and metric.given[key] == asked.name]
        self._fault(named[0] if named else entry, message)
        return metric

    def distinct(self, named: Iterable[Named], remedy: str) -> list[Named]:
        """The entries but for those with a name that is there already, each of which is a fault."""
        first: dict[str, Node] = {}
        for this in (this for this in named if this.name):
            # Names become folders, and not every file system tells upper from lower case.
            before = first.setdefault(this.name.casefold(), this.node)
            if before is not this.node:
                lines = f"lines {before.line} and {this.node.line}"
                self._fault(this.node, f"{shorten(this.name)!r} is there twice, at {lines}; {remedy}")
        return [this for this in named if this.thing is not None]


def _missing_paths(value: Any) -> list[Path]:
    """The paths in a parameter's value that lead nowhere."""
    if isinstance(value, Path):
        try:
            return [] if value.exists() else [value]
        except OSError:  # a name that is too long, a folder that may not be entered
            return [value]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return [path for part in parts for path in _missing_paths(part)]
