"""Find plugins, load them one at a time, and list the broken ones with the reason.

Loading imports a plugin's module but no lazy target, so that `srbench list` needs no torch. A plugin that fails to
load, implements an unknown hook, or takes a name that another plugin has, is reported; it never stops the others.
"""

from __future__ import annotations

import importlib.metadata
import sys
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from importlib.metadata import EntryPoint
from typing import Any, Literal, get_args

import pluggy

from srbench.contract import hookspecs
from srbench.contract.entry import Entry, imported
from srbench.contract.task import Task
from srbench.contract.weights_file import WeightsFile
from srbench.errors import SrbenchError, nearest
from srbench.registry.sources import GROUP, built_on, sources

Kind = Literal[
    "method",
    "dataset",
    "metric",
    "extractor",
    "degradation",
    "format",
    "protocol",
    "task",
    "executor",
    "section",
    "tracker",
]
KINDS: tuple[Kind, ...] = get_args(Kind)

# Whatever a stranger's plugin does (a module that calls sys.exit() included), the others go on; Ctrl-C still works.
_ANY_FAULT = (Exception, SystemExit)
_BASES: dict[Kind, str] = {
    "method": "srbench.contract.method:Method",
    "dataset": "srbench.contract.dataset:Dataset",
    "metric": "srbench.contract.metric:Metric",
    "extractor": "srbench.contract.extractor:Extractor",
    "degradation": "srbench.contract.degradation:Degradation",
    "format": "srbench.contract.format:Format",
    "executor": "srbench.contract.executor:Executor",
    "section": "srbench.contract.section:Section",
    "tracker": "srbench.contract.tracker:Tracker",
}
"""What the target of an entry is derived from."""
_VALUES: dict[Kind, str] = {"protocol": "srbench.contract.protocol:Protocol", "task": "srbench.contract.task:Task"}
"""Of what class it is, where it is a value."""
_BESIDES: dict[Kind, str] = {
    "metric": "a class derived from srbench.ImageMetric or srbench.SetMetric",
    "degradation": "a class derived from srbench.Degradation, with the entry's name",
}


class PluginError(SrbenchError):
    """A name that no plugin offers, that two offer, or whose code cannot be loaded."""


@dataclass(frozen=True)
class Plugin:
    """An installed distribution's entry point."""

    name: str
    distribution: str
    version: str
    module: str

    @cached_property
    def sources(self) -> dict[str, str]:
        """A sha256 over the code of its distribution, and of each plugin's that it builds on, by distribution.

        A changed plugin so never reuses old results; see `srbench.registry.sources`.
        """
        return sources(self.distribution, self.module)

    def provenance(self) -> dict[str, Any]:
        """Distribution, version and sources: what a key holds of a plugin."""
        return {"distribution": self.distribution, "version": self.version, "source": self.sources}


@dataclass(frozen=True)
class Registered:
    """An entry together with the plugin that offers it."""

    kind: Kind
    entry: Entry
    plugin: Plugin

    def load(self) -> Any:
        """The entry's class (or value), imported now if it was lazy. Raises `PluginError`."""
        target = self.entry.target
        if isinstance(target, str):
            try:
                target = imported(target)
            except _ANY_FAULT as error:
                raise PluginError(
                    f"{self._owner()} cannot be loaded from {self.entry.target!r}: {_reason(error)}"
                ) from error
        if not self._fits(target):
            raise PluginError(f"{self._owner()} is {target!r}; it should be {self._wanted()}")
        return target

    def _owner(self) -> str:
        return f"{self.kind} {self.entry.name!r} of {self.plugin.distribution}"

    def _wanted(self) -> str:
        if self.kind in _VALUES:
            return f"a srbench.{_class_name(_VALUES[self.kind])} value with the entry's name"
        return _BESIDES.get(self.kind, f"a class derived from srbench.{_class_name(_BASES[self.kind])}")

    def _fits(self, target: Any) -> bool:
        if self.kind in _VALUES:
            return type(target) is imported(_VALUES[self.kind]) and target.name == self.entry.name
        derived = isinstance(target, type) and issubclass(target, imported(_BASES[self.kind]))
        return derived and (self.kind != "degradation" or getattr(target, "name", None) == self.entry.name)


@dataclass(frozen=True)
class DeclaredWeights:
    """A file of weights together with the plugin that declares it."""

    file: WeightsFile
    plugin: Plugin


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
    _weights: dict[str, list[DeclaredWeights]] = field(default_factory=dict)
    _manager: pluggy.PluginManager = field(default_factory=lambda: pluggy.PluginManager(GROUP))

    def __post_init__(self) -> None:
        self._manager.add_hookspecs(hookspecs)

    @property
    def hook(self) -> Any:
        """Call an event on every plugin: `registry.hook.srbench_cell_started(cell=cell)`."""
        return self._manager.hook

    @contextmanager
    def heard_by(self, *listeners: object) -> Iterator[None]:
        """Inside, have these objects hear of events as plugins do, by methods that are marked as hooks."""
        for listener in listeners:
            self._manager.register(listener)
        try:
            yield
        finally:
            for listener in listeners:
                self._manager.unregister(listener)

    def add(self, plugin: Plugin, module: object) -> None:
        """Register one plugin's module; a fault in it goes to `broken`."""
        known_as = self._manager.get_name(module)
        if known_as is not None:
            self.broken.append(Broken(plugin, f"{plugin.module} is registered already, as {known_as}"))
            return
        try:
            self._manager.register(module, name=f"{plugin.distribution}:{plugin.name}")
            self._check_hooks(module)
            offered = [(kind, entry) for kind in KINDS for entry in self._offers(module, kind)]
            files = self._declared(module)
        except _ANY_FAULT as error:
            if self._manager.is_registered(module):
                self._manager.unregister(module)
            self.broken.append(Broken(plugin, _reason(error)))
            return
        self.plugins.append(plugin)
        for kind, entry in offered:
            self._offer(Registered(kind, entry, plugin))
        for file in files:
            self._declare(DeclaredWeights(file, plugin))

    def _check_hooks(self, module: object) -> None:
        known = {name for name in vars(hookspecs) if name.startswith("srbench_")}
        for caller in self._manager.get_hookcallers(module) or []:
            if caller.name not in known:
                raise PluginError(f"unknown hook {caller.name!r}.{nearest(caller.name, known)}")
        for name in known & set(dir(module)):
            if self._manager.parse_hookimpl_opts(module, name) is None:
                raise PluginError(f"{name} is not marked as a hook; put @srbench.hookimpl above it")

    def _offers(self, module: object, kind: Kind) -> list[Entry]:
        hook = f"srbench_{kind}s"
        entries = self._returned(module, hook, "srbench.Entry")
        for entry in entries:
            _check_entry(entry, hook)
        return entries

    def _declared(self, module: object) -> list[WeightsFile]:
        files = self._returned(module, "srbench_weights", "srbench.WeightsFile")
        for file in files:
            if not isinstance(file, WeightsFile):
                raise PluginError(f"srbench_weights returned {file!r}; it should return a list of srbench.WeightsFile")
        return files

    def _returned(self, module: object, hook: str, wanted: str) -> list[Any]:
        """Everything that a module's implementations of a hook return, in one list."""
        caller: pluggy.HookCaller = getattr(self._manager.hook, hook)
        things: list[Any] = []
        for implementation in caller.get_hookimpls():
            if implementation.plugin is module:
                returned: Any = implementation.function()
                if not isinstance(returned, list | tuple):
                    raise PluginError(f"{hook} returned {returned!r}; it should return a list of {wanted}")
                things += returned
        return things

    def _offer(self, registered: Registered) -> None:
        rivals = self._entries.setdefault((registered.kind, registered.entry.name), [])
        rivals.append(registered)
        if len(rivals) > 1:
            self.broken.append(Broken(registered.plugin, _clash(rivals)))

    def _declare(self, declared: DeclaredWeights) -> None:
        rivals = self._weights.setdefault(declared.file.name, [])
        if all(declared.file != rival.file for rival in rivals):  # two plugins may well need the same file
            rivals.append(declared)
            if len(rivals) > 1:
                self.broken.append(Broken(declared.plugin, _weights_clash(rivals)))

    @property
    def weights(self) -> list[DeclaredWeights]:
        """Every file of weights that a plugin declares, by name; of a name with two meanings, both."""
        return [declared for name in sorted(self._weights) for declared in self._weights[name]]

    def weights_file(self, name: str) -> WeightsFile:
        """The declaration of the weights called `name`; `PluginError` when there is none, or more than one."""
        found = self._weights.get(name, [])
        if not found:
            raise PluginError(f"unknown weights {name!r}.{nearest(name, self._weights)}{self._hint()}")
        if len(found) > 1:
            raise PluginError(_weights_clash(found))
        return found[0].file

    def source_of(self, distribution: str) -> str:
        """The source hash of a distribution's plugin; `PluginError` when it has none."""
        for plugin in self.plugins:
            if plugin.distribution == distribution:
                return plugin.sources[distribution]
        raise PluginError(f"no plugin of {distribution} is installed")

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


def _class_name(place: str) -> str:
    return place.partition(":")[2]


def _check_entry(entry: object, hook: str) -> None:
    if not isinstance(entry, Entry):
        raise PluginError(f"{hook} returned {entry!r}; it should return a list of srbench.Entry")
    if not isinstance(entry.name, str) or not entry.name or not entry.name.isprintable() or " " in entry.name:
        raise PluginError(f"{hook} returned an entry named {entry.name!r}; a name is text without spaces")
    if not isinstance(entry.summary, str):
        raise PluginError(f"{hook}: the summary of {entry.name!r} is {entry.summary!r}; it should be text")
    if isinstance(entry.target, str) and not all(entry.target.partition(":")):
        raise PluginError(f"{hook}: the target of {entry.name!r} is {entry.target!r}; it should be 'module:Name'")


def _clash(rivals: list[Registered]) -> str:
    what = f"{rivals[0].kind} {rivals[0].entry.name!r}"
    owners = list(dict.fromkeys(rival.plugin.distribution for rival in rivals))
    if len(owners) == 1:
        return f"{what} is offered {len(rivals)} times by {owners[0]}; one of them needs another name"
    return f"{what} is offered by {' and '.join(owners)}; uninstall one of them"


def _weights_clash(rivals: list[DeclaredWeights]) -> str:
    owners = " and ".join(dict.fromkeys(rival.plugin.distribution for rival in rivals))
    return f"weights {rivals[0].file.name!r} are declared as different files by {owners}; one needs another name"


def _reason(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def load_plugins(entry_points: Iterable[EntryPoint]) -> Registry:
    """Load plugins from entry points, each inside a guard."""
    return _loaded((_plugin(point), point) for point in entry_points)


def _loaded(plugins: Iterable[tuple[Plugin, EntryPoint]]) -> Registry:
    registry = Registry()
    for plugin, point in sorted(plugins, key=lambda pair: (pair[0].distribution, pair[0].name)):
        try:
            module = point.load()
        except _ANY_FAULT as error:
            registry.broken.append(Broken(plugin, _reason(error)))
            continue
        registry.add(plugin, module)
    return registry


def _plugin(point: EntryPoint) -> Plugin:
    module = point.value.partition(":")[0].strip()
    # What is left of a distribution that was removed by hand has no metadata, so no name and no version.
    metadata = point.dist.metadata if point.dist else None
    name, version = (metadata["Name"], metadata["Version"]) if metadata else (None, None)
    return Plugin(name=point.name, distribution=name or module, version=version or "0", module=module)


_confined_to: Collection[str] | None = None


def confine(distributions: Collection[str]) -> None:
    """Have this process know, from now on, no plugins but those of some distributions, what these require, and ours."""
    global _confined_to
    _confined_to = {"srbench", *distributions, *(name for one in distributions for name in built_on(one))}
    registry.cache_clear()


@lru_cache(maxsize=1)
def registry() -> Registry:
    """The installed plugins, loaded once a process."""
    known = ((replace(plugin), point) for plugin, point in _installed(tuple(sys.path)))
    return _loaded(pair for pair in known if _confined_to is None or pair[0].distribution in _confined_to)


def look_for_plugins() -> None:
    """Look for the installed plugins, without loading any, so that forks of this process need not."""
    _installed(tuple(sys.path))
    built_on(GROUP)


@lru_cache(maxsize=1)
def _installed(_: tuple[str, ...]) -> tuple[tuple[Plugin, EntryPoint], ...]:
    return tuple((_plugin(point), point) for point in importlib.metadata.entry_points(group=GROUP))


def code_of(kind: Kind, name: str) -> dict[str, Any]:
    """What a key holds of the plugin that offers an entry: distribution, version, and a sha256 of its code.

    Raises `PluginError` where there is no such entry.
    """
    return registry().get(kind, name).plugin.provenance()


def task_named(name: str) -> Task:
    """A task of the installed plugins. Raises `PluginError` where there is none of this name."""
    task: Task = registry().get("task", name).load()
    return task
