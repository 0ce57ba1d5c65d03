"""The file's list of protocols: by name, with changes, or written out in full."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, get_args

from srbench.contract.chain import in_turn, steps_of
from srbench.contract.degradation import Degradation
from srbench.contract.framing import Framing
from srbench.contract.protocol import Channel, Protocol
from srbench.contract.task import Task
from srbench.errors import SrbenchError, in_words
from srbench.matrix.entries import Named, Uses
from srbench.matrix.fields import Fields
from srbench.matrix.nodes import KeyValue, Node, describe, shorten
from srbench.pictures import Scale, scale_of
from srbench.registry.parameters import parameters
from srbench.registry.registry import Registry


class Protocols:
    """Reads protocols: `NAME`, `{use: NAME, as: SHOWN, changes}`, or `{as: SHOWN, everything}`.

    registry: where names are looked up. Faults go to `fields`.
    """

    def __init__(self, registry: Registry, uses: Uses, fields: Fields, task: Task) -> None:
        self._registry, self._uses, self._fields, self._task = registry, uses, fields, task
        self._fault = fields.fault

    def listed(self, node: Node) -> tuple[Protocol, ...]:
        """The protocols of a list that are as they should be, each with a name of its own."""
        named = [self._protocol(item) for item in self._fields.items(node, "protocols")]
        known = [this for this in named if this is not None]
        return tuple(this.thing for this in self._uses.distinct(known, "leave one out, or name it with `as`"))

    def _protocol(self, node: Node) -> Named | None:
        pairs = set(node.value) if isinstance(node.value, dict) else set()
        if not isinstance(node.value, list | dict):
            entry = self._uses.entry(node, "protocol")
            return None if entry is None else Named(entry.text, entry, self._offered(entry))
        needed = self._task.needed
        if not pairs & {"use", "as"}:
            full = ", ".join(f"{key}: ..." for key in needed)
            self._fault(
                node,
                f"expected a protocol: `NAME`, `{{use: NAME, as: SHOWN, changes}}` or `{{as: SHOWN, {full}}}`; "
                f"found {describe(node)}",
            )
            return None
        keys = self._fields.keys(node, ("use", "as", *needed, *self._task.optional), "a protocol")
        assert keys is not None, "one of its keys is there"
        base = self._base(node, keys)
        changes = {key: self._value(key, value) for key, (_, value) in keys.items() if key not in ("use", "as")}
        if "as" in keys:
            name = self._fields.name(keys["as"][1], "`as`")
            self._check_name(name, keys["as"][1], base, changed=bool(changes))
        elif changes:
            self._fault(keys["use"][0], "a protocol with changes is another protocol: name it with `as`")
            return None
        else:
            name = base.name if base else ""
        complete = base is not None and None not in changes.values()
        return Named(name, node, replace(base, name=name, **changes) if base and complete else None)

    def _base(self, node: Node, keys: Mapping[str, KeyValue]) -> Protocol | None:
        """The protocol that is used, or else one of which nothing stays where everything is written out."""
        if "use" in keys:
            entry = self._uses.entry(keys["use"][1], "protocol")
            return None if entry is None else self._offered(entry)
        missing = [key for key in self._task.needed if key not in keys]
        for key in missing:
            self._fault(node, f"the key {key!r} is missing; without `use` a protocol is written out in full")
        return None if missing else Protocol("", 1, task=self._task.name)

    def _offered(self, entry: Node) -> Protocol | None:
        try:
            protocol: Protocol = self._registry.get("protocol", entry.text).load()
            for step in steps_of(protocol.degradation):
                self._registry.get("degradation", step.name)
        except SrbenchError as error:
            self._fault(entry, str(error))
            return None
        if protocol.task != self._task.name:
            self._fault(entry, f"{protocol.name!r} is a protocol of {protocol.task}; {asks_for(self._task)}")
            return None
        wrong = ", ".join(_misfits(protocol, self._task))
        if wrong:
            self._fault(entry, f"{protocol.name!r} does not fit the task {self._task.name}: see its {wrong}")
            return None
        return protocol

    def _check_name(self, name: str, node: Node, base: Protocol | None, *, changed: bool) -> None:
        """A name that plugins offer stays the name of what they offer."""
        same = base is not None and base.name == name and not changed
        if name in self._registry.names("protocol") and not same:
            self._fault(node, f"`as`: {shorten(name)!r} is the name of another protocol; use another name")

    def _value(self, key: str, node: Node) -> Any:
        """The value of a key; None where it is wrong."""
        what = f"`{key}`"
        if key == "channel":
            return self._fields.choice(node, what, get_args(Channel))
        if key == "framing":
            return self._fields.choice(node, what, get_args(Framing))
        if key == "degradation":
            return self._degradation(node)
        if key == "scale":
            return self._scale(node)
        return self._fields.whole(node, what, least=0 if key in ("border", "seed") else 1)

    def _scale(self, node: Node) -> Scale | None:
        if isinstance(node.value, list | dict):
            self._fault(node, f"`scale`: expected a number from 1 up, such as 4, 1.5 or 10/7; found {describe(node)}")
            return None
        try:
            return scale_of(node.value)
        except SrbenchError as error:
            self._fault(node, f"`scale`: {error}")
            return None

    def _degradation(self, node: Node) -> Degradation | None:
        """One degradation, or a list of those that follow each other."""
        listed = self._fields.items(node, "degradations") if isinstance(node.value, list) else [node]
        steps = [self._step(item) for item in listed]
        known = [step for step in steps if step is not None]
        return in_turn(known) if known and len(known) == len(steps) else None

    def _step(self, node: Node) -> Degradation | None:
        named = self._uses.use(node, "degradation")
        use = None if named is None else named.thing
        if use is None or use.params.keys() != parameters(use.registered.load()).keys():  # told already
            return None
        if use.name != use.registered.entry.name:
            self._fault(node, "what a degradation is called stands in no table: leave `as` out")
        try:
            made: Degradation = use.create()
        except Exception as error:  # a plugin's fault, or parameters that do not go together
            self._fault(node, f"{use.name}: {in_words(error)}")
            return None
        return made


def _misfits(protocol: Protocol, task: Task) -> list[str]:
    """What a protocol lacks that its task needs, and what it says besides, which no key would hold."""
    usual = Protocol("", 1)
    lacking = [key for key in task.needed if getattr(protocol, key) is None]
    asked = {"name", "scale", "version", "task", *task.needed, *task.optional}
    others = [field.name for field in fields(Protocol) if field.name not in asked]
    return lacking + [name for name in others if getattr(protocol, name) != getattr(usual, name)]


def asks_for(task: Task) -> str:
    """What a matrix asks for, for messages about what does something else."""
    return f"this matrix asks for {task.name}"
