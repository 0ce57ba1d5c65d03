"""Find plugins, load them one at a time, and list the broken ones with the reason.

Loading imports a plugin's module but no lazy target, so that `srbench list` needs no torch. A plugin that fails to
load, implements an unknown hook, or takes a name that another plugin has, is reported; it never stops the others.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.metadata
import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal, get_args

import pluggy

from srbench import hookspecs
from srbench.errors import SrbenchError, nearest

GROUP = "srbench"
Kind = Literal["method", "dataset", "metric", "extractor", "protocol", "executor"]
KINDS: tuple[Kind, ...] = get_args(Kind)


class PluginError(SrbenchError):
    """A name that no plugin offers, that two offer, or whose code cannot be loaded."""


@dataclass(frozen=True)
class Entry:
    """One thing that a plugin offers.

    target: the class (for protocols, the value) itself, or where to find it: `"package.module:Name"`. The second
    form is imported only when it is used.
    """

    name: str
    target: Any
    summary: str = ""


@dataclass(frozen=True)
class Plugin:
    """An installed distribution's entry point."""

    name: str
    distribution: str
    version: str
    module: str

    @cached_property
    def source_hash(self) -> str:
        """A sha256 over the plugin's Python files, so that a changed plugin never reuses old results."""
        digest = hashlib.sha256()
        for path in _sources(self.module.partition(".")[0]):
            digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
        return digest.hexdigest()

    def provenance(self) -> dict[str, str]:
        """Distribution, version and source hash: what a key holds of a plugin."""
        return {"distribution": self.distribution, "version": self.version, "source": self.source_hash}


def _sources(package: str) -> list[Path]:
    spec = importlib.util.find_spec(package)
    if spec is None:
        return []
    if spec.submodule_search_locations:
        roots = sorted(spec.submodule_search_locations)
        return [path for root in roots for path in sorted(Path(root).rglob("*.py"))]
    return [Path(spec.origin)] if spec.origin else []


@dataclass(frozen=True)
class Registered:
    """An entry together with the plugin that offers it."""

    kind: Kind
    entry: Entry
    plugin: Plugin

    def load(self) -> Any:
        """The entry's class (or value), imported now if it was lazy."""
        if not isinstance(self.entry.target, str):
            return self.entry.target
        module, _, attribute = self.entry.target.partition(":")
        try:
            return getattr(importlib.import_module(module), attribute)
        except Exception as error:  # a plugin may fail in any way; the message names it
            raise PluginError(
                f"{self.kind} {self.entry.name!r} of {self.plugin.distribution} cannot be loaded from "
                f"{self.entry.target!r}: {type(error).__name__}: {error}"
            ) from error


@dataclass(frozen=True)
class Broken:
    """A plugin, or a name in it, that cannot be used, and why."""

    plugin: Plugin
    reason: str


@dataclass
class Registry:
    """Everything that the installed plugins offer."""

    plugins: list[Plugin] = field(default_factory=list)
    broken: list[Broken] = field(default_factory=list)
    _entries: dict[tuple[Kind, str], list[Registered]] = field(default_factory=dict)
    _manager: pluggy.PluginManager = field(default_factory=lambda: pluggy.PluginManager(GROUP))

    def __post_init__(self) -> None:
        self._manager.add_hookspecs(hookspecs)

    @property
    def hook(self) -> Any:
        """Call an event on every plugin: `registry.hook.srbench_cell_started(cell=cell)`."""
        return self._manager.hook

    def add(self, plugin: Plugin, module: object) -> None:
        """Register one plugin's module; a fault in it goes to `broken`."""
        try:
            self._manager.register(module, name=f"{plugin.distribution}:{plugin.name}")
            self._check_hooks(module)
            offered = [(kind, entry) for kind in KINDS for entry in self._offers(module, kind)]
        except Exception as error:  # whatever a stranger's plugin does, the others go on
            if self._manager.is_registered(module):
                self._manager.unregister(module)
            self.broken.append(Broken(plugin, f"{type(error).__name__}: {error}"))
            return
        self.plugins.append(plugin)
        for kind, entry in offered:
            self._offer(Registered(kind, entry, plugin))

    def _check_hooks(self, module: object) -> None:
        known = {name for name in vars(hookspecs) if name.startswith("srbench_")}
        for caller in self._manager.get_hookcallers(module) or []:
            if caller.name not in known:
                raise PluginError(f"unknown hook {caller.name!r}.{nearest(caller.name, known)}")

    def _offers(self, module: object, kind: Kind) -> list[Entry]:
        hook = getattr(module, f"srbench_{kind}s", None)
        entries = list(hook()) if hook is not None else []
        for entry in entries:
            if not isinstance(entry, Entry):
                raise PluginError(f"srbench_{kind}s returned {entry!r}; it should return a list of srbench.Entry")
        return entries

    def _offer(self, registered: Registered) -> None:
        rivals = self._entries.setdefault((registered.kind, registered.entry.name), [])
        rivals.append(registered)
        if len(rivals) > 1:
            self.broken.append(Broken(registered.plugin, _clash(rivals)))

    def names(self, kind: Kind) -> list[str]:
        """The names of one kind, sorted."""
        return sorted(name for other, name in self._entries if other == kind)

    def entries(self, kind: Kind) -> Iterator[Registered]:
        """Everything of one kind, by name; of a name that two plugins take, both."""
        for name in self.names(kind):
            yield from self._entries[kind, name]

    def get(self, kind: Kind, name: str) -> Registered:
        """The one entry of this kind and name; `PluginError` when there is none, or more than one."""
        found = self._entries.get((kind, name), [])
        if not found:
            raise PluginError(f"unknown {kind} {name!r}.{nearest(name, self.names(kind))}{self._hint()}")
        if len(found) > 1:
            raise PluginError(_clash(found))
        return found[0]

    def _hint(self) -> str:
        if not self.broken:
            return ""
        names = ", ".join(sorted({broken.plugin.distribution for broken in self.broken}))
        return f" (Plugins that could not be loaded: {names}; see `srbench list plugins`.)"


def _clash(rivals: list[Registered]) -> str:
    first = rivals[0]
    owners = " and ".join(rival.plugin.distribution for rival in rivals)
    return f"{first.kind} {first.entry.name!r} is offered by {owners}; uninstall one of them"


def load_plugins(entry_points: list[importlib.metadata.EntryPoint]) -> Registry:
    """Load plugins from entry points, each inside a guard."""
    registry = Registry()
    for point in sorted(entry_points, key=lambda point: (point.dist.name if point.dist else "", point.name)):
        plugin = Plugin(
            name=point.name,
            distribution=point.dist.name if point.dist else point.module,
            version=point.dist.version if point.dist else "0",
            module=point.module,
        )
        try:
            module = importlib.import_module(point.module)
        except Exception as error:  # import errors of any kind: reported, not raised
            registry.broken.append(Broken(plugin, f"{type(error).__name__}: {error}"))
            continue
        registry.add(plugin, module)
    return registry


@lru_cache(maxsize=1)
def registry() -> Registry:
    """The installed plugins, loaded once a process."""
    return load_plugins(list(importlib.metadata.entry_points(group=GROUP)))
