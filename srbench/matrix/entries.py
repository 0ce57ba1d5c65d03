"""The file's lists of methods, datasets and metrics: entries of plugins, with parameters and the names they go by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from srbench.contract.extractor import Extractor, ExtractorUse
from srbench.errors import SrbenchError
from srbench.matrix.fields import Fields, is_safe
from srbench.matrix.nodes import KeyValue, Node, describe, plain, shorten
from srbench.registry import parameters
from srbench.registry.configured import Use, named_by
from srbench.registry.registry import Kind, Registered, Registry

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


@dataclass(frozen=True)
class _Parts:
    """A use, taken apart: the entry's name, the name to show (if the file gives one), and the parameters."""

    entry: Node
    shown: Node | None = None
    given: dict[str, KeyValue] = field(default_factory=dict)


class Uses:
    """Reads uses: `NAME`, `NAME: {parameters}` or `{use: NAME, as: SHOWN, parameters}`.

    registry: where names are looked up. folder: what paths among the parameters are relative to. Faults go to `fields`.
    """

    def __init__(self, registry: Registry, folder: Path, fields: Fields) -> None:
        self._registry, self._folder, self._fields = registry, folder, fields
        self._fault = fields.fault
        self._datasets: list[Use] = []

    def listed(self, node: Node, kind: Kind) -> list[Named]:
        """The uses of a list that are as they should be, each with a name of its own."""
        named = [self.use(item, kind) for item in self._fields.items(node, f"{kind}s")]
        return self.distinct([use for use in named if use is not None], "use `as` to name the second")

    def use(self, node: Node, kind: Kind) -> Named | None:
        """One use; None where not even its name can be read."""
        parts = self._parts(node, kind)
        if parts is None:
            return None
        apart = {key: parts.given.pop(key)[1] for key in _APART if key in parts.given} if kind == "method" else {}
        extractor = self._extractor_of(parts) if kind == "metric" else None
        entry, shown, given = parts.entry, parts.shown, parts.given
        name = entry.text if shown is None else self._fields.name(shown, "`as`")
        examined = self._examined(kind, entry.text, parts)
        if examined is None:
            return Named(name, node, None)
        registered, complete, arguments, sound = examined
        if shown is None:
            place: Node = entry
            if kind == "dataset" and isinstance(complete.get("name"), str) and complete["name"]:
                name = complete["name"]
                place = given["name"][1] if "name" in given else entry
            if not is_safe(name):
                self._fault(place, f"{shorten(name)!r} will not do as a name in tables; give another one with `as`")
        use = Use(name, registered, complete, arguments)
        if kind == "dataset":  # the same one each time, since what is found out of it is remembered by it
            use = next((known for known in self._datasets if known == use), use)
            self._datasets.append(use)
        if kind == "metric" and sound:
            use = self._with_extractor(use, parts, extractor)
        return Named(name, node, use, **apart)

    def _examined(
        self, kind: Kind, name: str, parts: _Parts, beside: Mapping[str, Any] = MappingProxyType({})
    ) -> tuple[Registered, dict[str, Any], dict[str, Any], bool] | None:
        """The entry, its parameters complete and as given, and whether they are right; None where there is no entry.

        beside: parameters that stand elsewhere.
        """
        arguments = {**beside, **{key: plain(value) for key, (_, value) in parts.given.items()}}
        try:
            registered = self._registry.get(kind, name)
            complete, errors = parameters.examine(registered.load(), arguments, self._folder)
        except SrbenchError as error:
            self._fault(parts.entry, str(error))
            return None
        for wrong in errors:
            self._parameter_fault(wrong, parts)
        looked_for: frozenset[str] = getattr(registered.load(), "looked_for", frozenset())
        for key, (_, value) in parts.given.items():
            for path in [] if key in looked_for else _missing_paths(complete.get(key)):
                self._fault(value, f"{key}: there is no file or folder {shorten(str(path))!r}")
        return registered, complete, arguments, not errors

    def _parts(self, node: Node, kind: Kind) -> _Parts | None:
        """The parts of any form of a use."""
        if not isinstance(node.value, list | dict):
            return None if self.entry(node, kind) is None else _Parts(node)
        pairs = dict(node.value) if isinstance(node.value, dict) else {}
        if "use" in pairs:
            entry = self.entry(pairs.pop("use")[1], kind)
            shown = pairs.pop("as", (None, None))[1]
            return None if entry is None else _Parts(entry, shown, pairs)
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
        return _Parts(entry, None, given)

    def entry(self, node: Node, kind: Kind) -> Node | None:
        """The name of an entry, whether there is one or not."""
        if isinstance(node.value, str) and len(node.value) <= 100:
            return node
        article = "an" if kind[0] in "aeiou" else "a"
        self._fault(node, f"expected the name of {article} {kind}, found {describe(node)}")
        return None

    def _parameter_fault(self, error: parameters.ParameterError, parts: _Parts) -> None:
        """Note a fault at the key when that is wrong, at the value when that is, at the entry for what is not there."""
        key, value = parts.given.get(error.parameter, (parts.entry, parts.entry))
        self._fault(key if isinstance(error, parameters.UnknownParameterError) else value, str(error))

    def _extractor_of(self, metric: _Parts) -> _Parts | None:
        """The extractor under a metric's parameter of that name, which then holds its entry's name alone."""
        if "extractor" not in metric.given:
            return None
        key, value = metric.given["extractor"]
        parts = self._parts(value, "extractor")
        if parts is None:
            del metric.given["extractor"]
        else:
            metric.given["extractor"] = key, parts.entry
        return parts

    def _with_extractor(self, metric: Use, parts: _Parts, given: _Parts | None) -> Use:
        """The metric with the extractor that it asks for; a wrong one is reported where the file names it.

        given: what the file says of it, where it says something.
        """
        try:
            asked = metric.create().extractor()
        except parameters.ParameterError as error:
            self._parameter_fault(error, parts)
            return metric
        except SrbenchError as error:
            self._fault(parts.entry, str(error))
            return metric
        except Exception as error:  # a plugin's fault, or parameters that do not go together
            self._fault(parts.entry, f"{metric.name}: {type(error).__name__}: {error}")
            return metric
        return (
            metric if asked is None else replace(metric, extractor=self._extractor(asked, given or _Parts(parts.entry)))
        )

    def _extractor(self, asked: ExtractorUse, parts: _Parts) -> Use | None:
        """The extractor that a metric asks for, with the parameters that the file gives it; None where it is wrong."""
        on = parts.given.pop("on", None)
        name, beside = named_by(asked)
        examined = self._examined("extractor", name, parts, beside)
        if examined is None or not examined[-1]:
            return None
        registered, complete, arguments, _ = examined
        shown = asked.name if parts.shown is None else self._fields.name(parts.shown, "`as`")
        use = Use(shown, registered, complete, arguments)
        try:
            extractor: Extractor = use.create()
        except parameters.ParameterError as error:
            self._parameter_fault(error, parts)
            return None
        except SrbenchError as error:
            self._fault(parts.entry, str(error))
            return None
        except Exception as error:  # a plugin's fault
            self._fault(parts.entry, f"{shown}: {type(error).__name__}: {error}")
            return None
        if on is None:
            return use
        if not extractor.learns:
            self._fault(on[0], f"`on`: {shorten(shown)!r} does not learn, so there is nothing that it could learn on")
            return None
        known = {one.name: one for one in self._datasets}
        dataset = self.use(on[1], "dataset")
        if dataset is None or dataset.thing is None:
            return use
        if known.get(dataset.name, dataset.thing) != dataset.thing:
            self._fault(on[1], f"`on`: {shorten(dataset.name)!r} names two datasets; use `as` to name the second")
        return replace(use, on=dataset.thing)

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
