"""The file's `train`: what is learned from, and how, for all methods and for single ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, get_args

from srbench.contract.fit import Precision
from srbench.contract.protocol import Protocol
from srbench.errors import SrbenchError, nearest
from srbench.matrix.budgets import read_budget
from srbench.matrix.entries import Named, Uses
from srbench.matrix.fields import Fields
from srbench.matrix.nodes import KeyValue, Node, describe, shorten
from srbench.matrix.training import (
    SAME,
    Curriculum,
    Lesson,
    StartFrom,
    TrainedOn,
    TrainingData,
    TrainOptions,
    lessons_of,
    name_of,
)
from srbench.registry.registry import PluginError, Registry

OPTIONS = ("budget", "precision", "compile", "micro_batches", "start")
"""The keys of `train` that a method may have, too."""
TRAIN_KEYS = ("on", *OPTIONS)
PRECISIONS: tuple[Precision, ...] = get_args(Precision)
_FORMS = "a dataset, or {first: t91, then: same}"
_CELL = "a file, the name of published weights, or a cell as {method: ..., protocol: ..., on: ...}"


@dataclass(frozen=True)
class Train:
    """What the file says of trainings: `on`, the common options, and those of methods that have some, by name."""

    on: tuple[TrainedOn, ...] = ()
    common: TrainOptions = field(default_factory=TrainOptions)
    of: Mapping[str, TrainOptions] = field(default_factory=dict)


class TrainKeys:
    """Reads `train`, at the top and at methods.

    registry: where names of weights are looked up. folder: what paths are relative to. Faults go to `fields`.
    """

    def __init__(self, registry: Registry, uses: Uses, fields: Fields, folder: Path) -> None:
        self._registry, self._uses, self._fields, self._folder = registry, uses, fields, folder
        self._fault = fields.fault
        self._starts: list[tuple[Node, str, StartFrom]] = []

    def read(self, pair: KeyValue | None, methods: Sequence[Named], protocols: Sequence[Protocol]) -> Train:
        """What `train` at the top and at methods says; what a method that learns needs is reported where it lacks."""
        keys = {} if pair is None else self._fields.keys(pair[1], TRAIN_KEYS, "a mapping")
        if keys is None:
            return Train()
        self._check_needs(keys, pair, methods)
        arms = self._arms(keys)
        common = self._options(keys, TrainOptions(), "")
        own = {named.name: self._own(named, common) for named in methods if named.train is not None}
        train = Train(tuple(arm for _, arm in arms), common, own)
        learners = {named.name: named for named in methods if named.thing.registered.load().learns}
        self._check_budgets(arms, {name: own.get(name, common) for name in learners})
        self._check_starts(learners, protocols, train)
        return train

    def _check_needs(self, keys: Mapping[str, KeyValue], pair: KeyValue | None, methods: Sequence[Named]) -> None:
        for key, example in (("on", "[same]"), ("budget", "{steps: 20000}")):
            for method in methods if key not in keys else ():
                own = method.train.value if method.train is not None else None
                has_own = key in OPTIONS and isinstance(own, dict) and key in own
                if method.thing.registered.load().learns and not has_own:
                    place = method.node if pair is None else pair[0]
                    self._fault(place, f"{method.name!r} learns, so `train` needs {key!r}, such as {key}: {example}")
                    break

    def _arms(self, keys: Mapping[str, KeyValue]) -> list[tuple[Node, TrainedOn]]:
        items = self._fields.items(keys["on"][1], "training sets") if "on" in keys else ()
        named = [self._arm(item) for item in items]
        known = self._uses.distinct([one for one in named if one is not None], "use `as` to name the second")
        first: dict[str, TrainingData] = {}
        for one in known:
            for lesson in lessons_of(one.thing):
                if first.setdefault(lesson.name, lesson.on) != lesson.on:
                    self._fault(one.node, f"{lesson.name!r} names two training sets; use `as` to name the second")
        return [(one.node, one.thing) for one in known]

    def _arm(self, node: Node) -> Named | None:
        if not isinstance(node.value, dict) or not node.value.keys() & {"first", "then"}:
            data = self._data(node)
            return None if data is None else Named(name_of(data), node, data)
        keys = self._fields.keys(node, ("first", "then", "as"), _FORMS) or {}
        if missing := [key for key in ("first", "then") if key not in keys]:
            self._fault(node, f"the key {missing[0]!r} is missing; expected {_FORMS}")
            return None
        first, then = (self._lesson(keys[key][1]) for key in ("first", "then"))
        if first is None or then is None:
            return None
        name = self._fields.name(keys["as"][1], "`as`") if "as" in keys else f"{first.name}, then {then.name}"
        return Named(name, node, Curriculum(name, first, then))

    def _lesson(self, node: Node) -> Lesson | None:
        """A training set of a curriculum: a use, or `{on: USE, budget: BUDGET}`."""
        if not isinstance(node.value, dict) or "on" not in node.value:
            data = self._data(node)
            return None if data is None else Lesson(data)
        keys = self._fields.keys(node, ("on", "budget"), "a mapping") or {}
        data = self._data(keys["on"][1])
        budget = read_budget(keys["budget"][1], self._fields) if "budget" in keys else None
        return None if data is None else Lesson(data, budget)

    def _data(self, node: Node) -> TrainingData | None:
        if node.value == SAME:
            return SAME
        use = self._uses.use(node, "dataset")
        if use is not None and use.name == SAME:
            self._fault(node, f"{SAME!r} stands for the tested dataset's training split; use another name")
        return None if use is None else use.thing

    def _own(self, named: Named, common: TrainOptions) -> TrainOptions:
        assert named.train is not None
        if not named.thing.registered.load().learns:
            self._fault(named.train, f"{named.name!r} does not learn, so `train` is nothing for it")
            return common
        keys = self._fields.keys(named.train, OPTIONS, "a mapping")
        return common if keys is None else self._options(keys, common, named.name)

    def _options(self, keys: Mapping[str, KeyValue], base: TrainOptions, method: str) -> TrainOptions:
        """Options, in the place of others where they are there. method: whose they are; empty for all."""
        read: dict[str, Callable[[Node], Any]] = {
            "budget": lambda node: read_budget(node, self._fields),
            "precision": lambda node: self._fields.choice(node, "`precision`", PRECISIONS),
            "compile": lambda node: self._fields.truth(node, "`compile`"),
            "micro_batches": lambda node: self._fields.whole(node, "`micro_batches`"),
            "start": lambda node: self._start(node, method),
        }
        found: dict[str, Any] = {key: read[key](keys[key][1]) for key in OPTIONS if key in keys}
        return replace(base, **{key: value for key, value in found.items() if value is not None})

    def _start(self, node: Node, method: str) -> StartFrom | None:
        start: StartFrom | None
        if isinstance(node.value, dict):
            cell = self._fields.keys(node, ("method", "protocol", "on"), _CELL) or {}
            start = StartFrom(cell={key: self._fields.line(value, f"`{key}`") for key, (_, value) in cell.items()})
        elif isinstance(node.value, str):
            start = self._named_start(node)
        else:
            self._fault(node, f"`start`: expected {_CELL}; found {describe(node)}")
            start = None
        if start is not None and start.cell:
            self._starts.append((node, method, start))
        return start

    def _named_start(self, node: Node) -> StartFrom | None:
        try:
            return StartFrom(weights=self._registry.weights_file(node.text).name)
        except PluginError:
            path = self._folder / Path(node.text).expanduser()
        try:
            if path.is_file():
                return StartFrom(file=path)
        except OSError:  # a name that is too long, a folder that may not be entered
            pass
        self._fault(node, f"`start`: there is no file {shorten(str(path))!r}, and there are no weights of that name")
        return None

    def _check_budgets(self, arms: Sequence[tuple[Node, TrainedOn]], options: Mapping[str, TrainOptions]) -> None:
        """Report curricula for which the budget of a method that learns is too small, or none."""
        for node, arm in arms:
            if not isinstance(arm, Curriculum):
                continue
            try:
                for one in options.values():
                    if one.budget is not None:
                        arm.budgets(one.budget)
            except SrbenchError as error:
                self._fault(node, str(error))

    def _check_starts(self, learners: Mapping[str, Named], protocols: Sequence[Protocol], train: Train) -> None:
        """Report cells to start from that the matrix does not have, and methods that start from each other."""
        there = {
            "method": list(learners),
            "protocol": [protocol.name for protocol in protocols],
            "on": [name_of(arm) for arm in train.on],
        }
        for node, method, start in self._starts:
            for key, value in start.cell.items():
                if value and value not in there[key]:
                    what = "method of the matrix that learns" if key == "method" else f"`{key}` of the matrix"
                    self._fault(node, f"`start`: {value!r} is no {what}.{nearest(value, there[key])}")
            if method and start.cell == {"method": method}:
                self._fault(node, f"`start`: {method!r} cannot start from its own model")
            first, *others = _way(method, train)
            if others and others[-1] == first:
                self._fault(node, f"`start`: {', '.join([first, *others[:-1]])} would start from each other")


def _way(method: str, train: Train) -> Iterator[str]:
    """A method, the one whose model it starts from, and so on; the last one is there before where that is a circle."""
    seen = [method]
    while True:
        yield seen[-1]
        start = train.of.get(seen[-1], train.common).start
        following = None if start is None else start.cell.get("method")
        if following is None or following == seen[-1]:
            return
        if following in seen:
            yield following
            return
        seen.append(following)
