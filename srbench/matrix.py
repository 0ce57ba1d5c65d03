"""The matrix file, validated: datasets x protocols x methods x training sets x seeds, and the metrics.

`docs/matrix.md` describes the file. Everything that is wrong with one is found in one go, each with its line and
column; importing or reading imports the modules of the methods, datasets and metrics that are used, and no torch.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

from srbench import params, plugins, yaml_nodes
from srbench.errors import SrbenchError, nearest
from srbench.extractor import ExtractorUse
from srbench.method import Method
from srbench.metric import Metric
from srbench.plugins import Kind, PluginError, Registry
from srbench.protocol import Protocol, Task
from srbench.training.context import Budget, BudgetUnit, Precision
from srbench.uses import Use, extractor_use
from srbench.yaml_nodes import Node, Scalar, Sequence, describe, shorten
from srbench.yaml_nodes import Problem as Problem

FILE_NAME = "matrix.yaml"
SAME = "same"
"""In `train.on`: the tested dataset's own training split."""
MAX_SEED = 2**32 - 1
"""The largest seed that numpy takes."""

KEYS = ("name", "title", "task", "samples", "datasets", "protocols", "methods", "train", "metrics", "seeds", "limits")
REQUIRED = ("name", "datasets", "protocols", "methods", "metrics")
TASKS: tuple[Task, ...] = get_args(Task)
GENERATED = ("32px",)
"""The protocols of a matrix that asks for the task `generation` and names none."""
TRAIN_KEYS = ("on", "budget", "precision", "compile")
UNITS: tuple[BudgetUnit, ...] = get_args(BudgetUnit)
PRECISIONS: tuple[Precision, ...] = get_args(Precision)
WHOLE_UNITS = ("steps", "images")
_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_SAFE_WORDS = "letters, digits, `.`, `_`, `-`, the first a letter or digit, 100 at most"


class MatrixError(SrbenchError):
    """A matrix file that cannot be used. `problems` holds everything that is wrong with it, in the file's order."""

    def __init__(self, path: Path, problems: Iterable[Problem]) -> None:
        self.path = path
        self.problems = sorted(problems, key=lambda problem: (problem.line, problem.column))
        super().__init__("\n".join(f"{path}:{_place(problem)} {problem.message}" for problem in self.problems))


def _place(problem: Problem) -> str:
    return f"{problem.line}:{problem.column}:" if problem.line else ""


@dataclass(frozen=True)
class Limits:
    """What a cell may use at most."""

    seconds: float | None = None
    memory_gb: float | None = None


@dataclass(frozen=True)
class Matrix:
    """A validated matrix file.

    train_on: the training sets; the string `same` among them stands for the tested dataset's own training split.
    budget: None only when no method learns. precision, compile: of trainings. samples: how many images each generator
    makes; None for super-resolution.
    """

    path: Path
    name: str
    title: str
    datasets: tuple[Use, ...]
    protocols: tuple[Protocol, ...]
    methods: tuple[Use, ...]
    metrics: tuple[Use, ...]
    task: Task = "super-resolution"
    samples: int | None = None
    train_on: tuple[Use | str, ...] = ()
    budget: Budget | None = None
    precision: Precision = "32"
    compile: bool = False
    seeds: tuple[int, ...] = (0,)
    limits: Limits = Limits()


def read_matrix(path: Path, registry: Registry | None = None) -> Matrix:
    """Read and validate a matrix file, or the `matrix.yaml` of a folder.

    registry: where names are looked up; by default the installed plugins. Raises `MatrixError` with everything that
    is wrong.
    """
    path = Path(path)
    try:
        file = path / FILE_NAME if path.is_dir() else path
    except OSError:  # a folder above it may not be entered; reading it says so
        file = path
    root, problems = yaml_nodes.read_file(file)
    if root is None:
        raise MatrixError(file, problems or [Problem(1, 1, f"the file is empty; it needs {', '.join(REQUIRED)}")])
    reader = _Reader(file.absolute(), plugins.registry() if registry is None else registry, problems)
    matrix = reader.matrix(root)
    if problems or matrix is None:
        raise MatrixError(file, problems)
    return matrix


Pair = tuple[Scalar, Node]


@dataclass(frozen=True)
class _Named:
    """What a list of the file holds: its name in tables, where it stands, and the thing itself unless it is wrong."""

    name: str
    node: Node
    thing: Any


class _Reader:
    """Turns nodes into a matrix. A method that finds a fault notes it and returns what it can."""

    def __init__(self, file: Path, registry: Registry, problems: list[Problem]) -> None:
        self._file = file
        self._registry = registry
        self._problems = problems

    def matrix(self, root: Node) -> Matrix | None:
        keys = self._keys(root, KEYS, "a matrix file")
        if keys is None:
            return None
        task = self._task(keys)
        for key in REQUIRED:
            if key not in keys and not (key == "protocols" and task == "generation"):
                self._fault(root, f"the key {key!r} is missing")
        name = self._name(keys["name"][1], "`name`") if "name" in keys else ""
        datasets = self._uses(keys, "datasets", "dataset")
        protocols = self._protocols(keys, task)
        methods = self._suited(self._uses(keys, "methods", "method"), task, "method")
        metrics = self._suited(self._uses(keys, "metrics", "metric"), task, "metric")
        train = self._train(keys.get("train"), methods)
        return Matrix(
            path=self._file,
            name=name,
            title=self._title(keys["title"][1]) if "title" in keys else name,
            datasets=tuple(named.thing for named in datasets),
            protocols=protocols,
            methods=tuple(named.thing for named in methods),
            metrics=tuple(named.thing for named in metrics),
            task=task,
            samples=self._samples(root, keys, task),
            train_on=self._train_on(train),
            budget=self._budget(train["budget"][1]) if "budget" in train else None,
            precision=self._precision(train["precision"][1]) if "precision" in train else "32",
            compile=self._truth(train["compile"][1], "`compile`") if "compile" in train else False,
            seeds=self._seeds(keys["seeds"][1]) if "seeds" in keys else (0,),
            limits=self._limits(keys["limits"][1]) if "limits" in keys else Limits(),
        )

    def _fault(self, node: Node, message: str) -> None:
        self._problems.append(Problem(node.line, node.column, message))

    def _keys(self, node: Node, valid: tuple[str, ...], what: str) -> dict[str, Pair] | None:
        """The pairs of a mapping by key, unknown keys left out; None when it is no mapping, or empty."""
        if not isinstance(node, yaml_nodes.Mapping) or not node.pairs:
            self._fault(node, f"expected {what} with keys out of {', '.join(valid)}; found {describe(node)}")
            return None
        for key, _ in node.pairs:
            if key.text not in valid:
                self._fault(key, f"unknown key {shorten(key.text)!r}.{nearest(shorten(key.text), valid)}")
        return {key.text: (key, value) for key, value in node.pairs if key.text in valid}

    def _items(self, node: Node, what: str) -> tuple[Node, ...]:
        if isinstance(node, Sequence) and node.items:
            return node.items
        hint = f"; write [{shorten(node.text)}]" if isinstance(node, Scalar) and node.value is not None else ""
        self._fault(node, f"expected a list of {what}, found {describe(node)}{hint}")
        return ()

    def _name(self, node: Node, what: str) -> str:
        """A name that is safe as a folder and in a cell's label."""
        if not isinstance(node, Scalar) or not isinstance(node.value, str):
            quotes = "; put it in quotes" if isinstance(node, Scalar) and node.value is not None else ""
            self._fault(node, f"{what}: expected text, found {describe(node)}{quotes}")
            return ""
        if not _SAFE.fullmatch(node.value):
            self._fault(node, f"{what}: {shorten(node.value)!r} will not do as a name; use {_SAFE_WORDS}")
        return node.value

    def _title(self, node: Node) -> str:
        value = node.value if isinstance(node, Scalar) else None
        if not isinstance(value, str) or not value.strip() or not value.isprintable():
            self._fault(node, f"`title`: expected one line of text, found {describe(node)}")
            return ""
        return value

    def _uses(self, keys: Mapping[str, Pair], key: str, kind: Kind) -> list[_Named]:
        if key not in keys:
            return []
        named = [self._use(item, kind) for item in self._items(keys[key][1], key)]
        return self._distinct([use for use in named if use is not None], "use `as` to name the second")

    def _distinct(self, named: list[_Named], remedy: str) -> list[_Named]:
        first: dict[str, Node] = {}
        for this in (this for this in named if this.name):
            # Names become folders, and not every file system tells upper from lower case.
            before = first.setdefault(this.name.casefold(), this.node)
            if before is not this.node:
                lines = f"lines {before.line} and {this.node.line}"
                self._fault(this.node, f"{shorten(this.name)!r} is there twice, at {lines}; {remedy}")
        return [this for this in named if this.thing is not None]

    def _use(self, node: Node, kind: Kind) -> _Named | None:
        parts = self._parts(node, kind)
        if parts is None:
            return None
        entry, shown, given = parts
        name = entry.text if shown is None else self._name(shown, "`as`")
        arguments = {key: yaml_nodes.plain(value) for key, (_, value) in given.items()}
        try:
            registered = self._registry.get(kind, entry.text)
            values, errors = params.examine(registered.load(), arguments, self._file.parent)
        except SrbenchError as error:
            self._fault(entry, str(error))
            return _Named(name, node, None)
        for wrong in errors:
            self._parameter_fault(wrong, entry, given)
        for key, (_, value) in given.items():
            for path in _missing_paths(values.get(key)):
                self._fault(value, f"{key}: there is no file or folder {shorten(str(path))!r}")
        if shown is None:
            place: Node = entry
            if kind == "dataset" and isinstance(values.get("name"), str) and values["name"]:
                name = values["name"]
                place = given["name"][1] if "name" in given else entry
            if not _SAFE.fullmatch(name):
                self._fault(place, f"{shorten(name)!r} will not do as a name in tables; give another one with `as`")
        use = Use(name, registered, values, arguments)
        if kind == "metric" and not errors:
            use = self._with_extractor(use, entry, given)
        return _Named(name, node, use)

    def _with_extractor(self, metric: Use, entry: Scalar, given: Mapping[str, Pair]) -> Use:
        """The metric with the extractor that it asks for; a wrong one is reported where the file names it."""
        asked: ExtractorUse | None = None
        try:
            asked = metric.create().extractor()
            return metric if asked is None else replace(metric, extractor=extractor_use(asked, self._registry))
        except SrbenchError as error:
            message = str(error)
        except Exception as error:  # a plugin's fault, or parameters that do not go together
            message = f"{metric.name}: {type(error).__name__}: {error}"
        named = [value for key, (_, value) in given.items() if asked and metric.given[key] == asked.name]
        self._fault(named[0] if named else entry, message)
        return metric

    def _parts(self, node: Node, kind: Kind) -> tuple[Scalar, Node | None, dict[str, Pair]] | None:
        """The entry's name, the name to show (if the file gives one), and the parameters, of any form of a use."""
        if isinstance(node, Scalar):
            return None if self._entry(node, kind) is None else (node, None, {})
        pairs = {key.text: (key, value) for key, value in node.pairs} if isinstance(node, yaml_nodes.Mapping) else {}
        if "use" in pairs:
            entry = self._entry(pairs.pop("use")[1], kind)
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
        if not isinstance(inside, yaml_nodes.Mapping):
            self._fault(inside, f"{shorten(entry.text)}: expected parameters as `key: value`, found {describe(inside)}")
            return None
        given = {key.text: (key, value) for key, value in inside.pairs}
        if "as" in given:
            name = shorten(entry.text)
            self._fault(given.pop("as")[0], f"`as` goes together with `use`: {{use: {name}, as: ..., parameters}}")
        return entry, None, given

    def _entry(self, node: Node, kind: Kind) -> Scalar | None:
        if isinstance(node, Scalar) and isinstance(node.value, str) and len(node.value) <= 100:
            return node
        self._fault(node, f"expected the name of a {kind}, found {describe(node)}")
        return None

    def _parameter_fault(self, error: params.ParameterError, entry: Scalar, given: Mapping[str, Pair]) -> None:
        """At the key when the key is wrong, at the value when the value is, at the entry for what is not there."""
        key, value = given.get(error.parameter, (entry, entry))
        self._fault(key if isinstance(error, params.UnknownParameterError) else value, str(error))

    def _protocols(self, keys: Mapping[str, Pair], task: Task) -> tuple[Protocol, ...]:
        if "protocols" not in keys:
            return tuple(self._registry.get("protocol", name).load() for name in GENERATED if task == "generation")
        named = []
        for item in self._items(keys["protocols"][1], "protocols"):
            entry = self._entry(item, "protocol")
            if entry is None:
                continue
            try:
                protocol: Protocol = self._registry.get("protocol", entry.text).load()
            except PluginError as error:
                self._fault(entry, str(error))
                continue
            if protocol.task != task:
                self._fault(entry, f"{protocol.name!r} is a protocol of {protocol.task}; {_this_is(task)}")
            named.append(_Named(protocol.name, entry, protocol))
        return tuple(named.thing for named in self._distinct(named, "leave one out"))

    def _task(self, keys: Mapping[str, Pair]) -> Task:
        if "task" not in keys:
            return "super-resolution"
        node = keys["task"][1]
        value = node.value if isinstance(node, Scalar) else None
        found = next((task for task in TASKS if task == value), None)
        if found is None:
            self._fault(node, f"`task`: expected one of {', '.join(TASKS)}; found {describe(node)}")
        return found or "super-resolution"

    def _samples(self, root: Node, keys: Mapping[str, Pair], task: Task) -> int | None:
        if task != "generation":
            if "samples" in keys:
                self._fault(keys["samples"][0], f"`samples` belongs to the task generation; {_this_is(task)}")
            return None
        if "samples" not in keys:
            self._fault(root, "the task generation needs the key 'samples', such as samples: 500")
            return None
        node = keys["samples"][1]
        amount = self._positive(node, "`samples`")
        if amount is not None and not amount.is_integer():
            self._fault(node, f"`samples`: expected a whole number, found {describe(node)}")
        return None if amount is None else int(amount)

    def _suited(self, named: list[_Named], task: Task, kind: Kind) -> list[_Named]:
        """The uses, those reported that are for the other task."""
        for this in named:
            of: type[Method] | type[Metric] = this.thing.registered.load()
            if task not in of.tasks():
                why = _WHY_NOT[kind, task]
                self._fault(this.node, f"{this.name!r} {why}; {_this_is(task)}")
        return named

    def _train(self, pair: Pair | None, methods: list[_Named]) -> dict[str, Pair]:
        """The pairs under `train`; what a method that learns needs is reported where it is missing."""
        keys = {} if pair is None else self._keys(pair[1], TRAIN_KEYS, "a mapping")
        if keys is None:
            return {}
        learner = next((method for method in methods if _learns(method.thing)), None)
        if learner is not None:
            place = learner.node if pair is None else pair[0]
            for key, example in (("on", "[same]"), ("budget", "{steps: 20000}")):
                if key not in keys:
                    self._fault(place, f"{learner.name!r} learns, so `train` needs {key!r}, such as {key}: {example}")
        return keys

    def _train_on(self, keys: Mapping[str, Pair]) -> tuple[Use | str, ...]:
        named: list[_Named | None] = []
        for item in self._items(keys["on"][1], "training sets") if "on" in keys else ():
            if isinstance(item, Scalar) and item.value == SAME:
                named.append(_Named(SAME, item, SAME))
                continue
            use = self._use(item, "dataset")
            if use is not None and use.name == SAME:
                self._fault(item, f"{SAME!r} stands for the tested dataset's training split; use another name")
            named.append(use)
        known = [use for use in named if use is not None]
        return tuple(use.thing for use in self._distinct(known, "use `as` to name the second"))

    def _budget(self, node: Node) -> Budget | None:
        keys = self._keys(node, UNITS, "one of steps, seconds, epochs, images, such as {steps: 20000}: a mapping")
        if not keys:
            return None
        if len(keys) > 1:
            self._fault(list(keys.values())[1][0], f"a budget has one unit; here are {' and '.join(keys)}")
            return None
        ((key, value),) = keys.values()
        amount = self._positive(value, f"budget in {key.text}")
        if amount is not None and key.text in WHOLE_UNITS and not amount.is_integer():
            self._fault(value, f"budget in {key.text}: expected a whole number, found {describe(value)}")
        unit = next(unit for unit in UNITS if unit == key.text)
        return None if amount is None else Budget(unit, amount)

    def _precision(self, node: Node) -> Precision:
        value = node.value if isinstance(node, Scalar) else None
        found = next((name for name in PRECISIONS if value == name or (name == "32" and value == 32)), None)
        if found is None or isinstance(value, float):
            self._fault(node, f"`precision`: expected one of {', '.join(PRECISIONS)}; found {describe(node)}")
        return found or "32"

    def _truth(self, node: Node, what: str) -> bool:
        value = node.value if isinstance(node, Scalar) else None
        if not isinstance(value, bool):
            self._fault(node, f"{what}: expected true or false, found {describe(node)}")
        return value is True

    def _limits(self, node: Node) -> Limits:
        keys = self._keys(node, ("seconds", "memory_gb"), "limits: a mapping") or {}
        return Limits(**{key: self._positive(value, f"limit of {key}") for key, (_, value) in keys.items()})

    def _positive(self, node: Node, what: str) -> float | None:
        value = node.value if isinstance(node, Scalar) else None
        if isinstance(value, int | float) and not isinstance(value, bool):
            try:
                number = float(value)
            except OverflowError:
                number = math.inf
            if 0 < number < math.inf:
                return number
        self._fault(node, f"{what}: expected a number above 0, found {describe(node)}")
        return None

    def _seeds(self, node: Node) -> tuple[int, ...]:
        first: dict[int, Node] = {}
        for item in self._items(node, "seeds"):
            value = item.value if isinstance(item, Scalar) else None
            if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_SEED:
                self._fault(item, f"a seed is a whole number from 0 to {MAX_SEED}, not {describe(item)}")
            elif value in first:
                self._fault(item, f"the seed {value} is there twice, first at line {first[value].line}")
            else:
                first[value] = item
        return tuple(first)


def _this_is(task: Task) -> str:
    return f"this matrix asks for {'`task: generation`' if task == 'generation' else task}"


_WHY_NOT: Mapping[tuple[str, Task], str] = {
    ("method", "generation"): "turns LR into SR and cannot make images from noise",
    ("method", "super-resolution"): "makes images from noise and cannot upscale (ask for `task: generation`)",
    ("metric", "generation"): "compares each image with its HR, and a generated image has none",
    ("metric", "super-resolution"): "judges generated images only (ask for `task: generation`)",
}


def _learns(use: Use | None) -> bool:
    return use is not None and bool(getattr(use.registered.load(), "learns", False))


def _missing_paths(value: Any) -> list[Path]:
    """The paths in a parameter's value that lead nowhere."""
    if isinstance(value, Path):
        try:
            return [] if value.exists() else [value]
        except OSError:  # a name that is too long, a folder that may not be entered
            return [value]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return [path for part in parts for path in _missing_paths(part)]
