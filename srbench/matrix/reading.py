"""A matrix file into a matrix, or into everything that is wrong with the file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal, get_args

from srbench.contract.executor import Executor, Limits, Resources
from srbench.contract.method import Method
from srbench.contract.metric import Metric, SetMetric
from srbench.contract.names import SUPER_RESOLUTION
from srbench.contract.protocol import Protocol
from srbench.contract.task import Task
from srbench.errors import SrbenchError, nearest
from srbench.matrix.contents import Matrix, Order
from srbench.matrix.entries import Named, Uses
from srbench.matrix.fields import Fields
from srbench.matrix.nodes import KeyValue, Mistake, Node, describe, shorten
from srbench.matrix.protocols import Protocols, asks_for
from srbench.matrix.published import PublishedReader
from srbench.matrix.train_keys import TrainKeys
from srbench.matrix.yaml_nodes import read_file
from srbench.registry.configured import Use
from srbench.registry.registry import Kind, PluginError, Registry
from srbench.registry.registry import registry as installed
from srbench.store.records import Store, is_store

FILE_NAME = "matrix.yaml"
MAX_SEED = 2**32 - 1
"""The largest seed that numpy takes."""

KEYS = (
    *("name", "title", "field", "task", "datasets", "protocols", "methods", "train", "metrics", "seeds"),
    *("rank_by", "limits", "executor", "resources", "order", "sections", "published", "trackers"),
    "whole_pictures_mb",
)
REQUIRED = ("name", "datasets", "protocols", "methods", "metrics")
LIMITS = ("seconds", "memory_gb", "pictures_gb")
RESOURCES = ("gpus", "cores", "minutes", "memory_gb")
ORDERS: tuple[Order, ...] = get_args(Order)


class MatrixError(SrbenchError):
    """A matrix file that cannot be used. `problems` holds everything that is wrong with it, in the file's order."""

    def __init__(self, path: Path, problems: Iterable[Mistake]) -> None:
        self.path = path
        self.problems = sorted(problems, key=lambda problem: (problem.line, problem.column))
        super().__init__("\n".join(self._worded))

    @property
    def messages(self) -> tuple[str, ...]:
        """A line for each mistake."""
        return tuple(line.encode(errors="backslashreplace").decode() for line in self._worded)

    @property
    def _worded(self) -> list[str]:
        return [f"{self.path}:{_place(problem)} {problem.message}" for problem in self.problems]


def _place(problem: Mistake) -> str:
    return f"{problem.line}:{problem.column}:" if problem.line else ""


def read_matrix(path: Path, registry: Registry | None = None) -> Matrix:
    """Read and validate a matrix file, or the `matrix.yaml` of a folder.

    registry: where names are looked up; by default the installed plugins. Raises `MatrixError` with everything that
    is wrong.
    """
    file = matrix_file(Path(path))
    root, problems = _root(file)
    reader = _Reader(file.absolute(), installed() if registry is None else registry, problems)
    matrix = reader.matrix(root)
    if problems or matrix is None:
        raise MatrixError(file, problems)
    return matrix


def matrix_file(path: Path) -> Path:
    """The matrix file that a path names: itself, or the `matrix.yaml` of a folder.

    Raises `SrbenchError` for a store, with the matrix that ran in it.
    """
    try:
        file = path / FILE_NAME if path.is_dir() else path
        if file == path or file.is_file() or not is_store(path):
            return file
    except OSError:  # a folder above it may not be entered; reading it says so
        return path
    last = Store(path).last_matrix()
    known = "" if last is None else f"; the one that ran in it last is {last}"
    raise SrbenchError(f"{path} is a store, and no matrix: give it with --store, and name the matrix{known}")


def matrix_name(file: Path) -> str:
    """The name that a matrix file gives itself; looks at nothing else in it. Raises `MatrixError` where it has none."""
    root, problems = _root(file)
    fields = Fields(problems)
    keys = fields.keys(root, KEYS, "a matrix file") or {}
    name = fields.name(keys["name"][1], "`name`") if "name" in keys else ""
    if not name:
        raise MatrixError(file, problems or [Mistake(1, 1, "the key 'name' is missing")])
    return name


def _root(file: Path) -> tuple[Node, list[Mistake]]:
    root, problems = read_file(file)
    if root is None:
        raise MatrixError(file, problems or [Mistake(1, 1, f"the file is empty; it needs {', '.join(REQUIRED)}")])
    return root, problems


class _Reader:
    """Turns nodes into a matrix. A method that finds a fault notes it and returns what it can."""

    def __init__(self, file: Path, registry: Registry, problems: list[Mistake]) -> None:
        self._file = file
        self._registry = registry
        self._fields = Fields(problems)
        self._fault = self._fields.fault
        self._uses = Uses(registry, file.parent, self._fields)

    def matrix(self, root: Node) -> Matrix | None:
        """The matrix, whole where there is no fault; None where the file holds no keys."""
        settings = {key: task.name for task in self._tasks() for key in task.settings}
        keys = self._fields.keys(root, (*KEYS, *settings), "a matrix file")
        if keys is None:
            return None
        task = self._task(keys)
        for key in REQUIRED:
            if key not in keys and not (key == "protocols" and task.protocols):
                self._fault(root, f"the key {key!r} is missing")
        for key in settings.keys() & keys.keys() - task.settings.keys():
            self._fault(keys[key][0], f"`{key}` belongs to the task {settings[key]}; {asks_for(task)}")
        name = self._fields.name(keys["name"][1], "`name`") if "name" in keys else ""
        datasets = self._uses.listed(keys["datasets"][1], "dataset") if "datasets" in keys else []
        protocols = self._protocols(keys, task)
        methods = self._suited(keys, "method", task)
        metrics = self._suited(keys, "metric", task)
        in_doubt = {
            key
            for key, read in (("datasets", datasets), ("protocols", protocols), ("metrics", metrics))
            if key in keys and not _is_whole(keys[key][1], read)
        }
        train = TrainKeys(self._registry, self._uses, self._fields, self._file.parent).read(
            keys.get("train"), methods, protocols
        )
        return Matrix(
            path=self._file,
            name=name,
            title=self._fields.line(keys["title"][1], "`title`") if "title" in keys else name,
            datasets=tuple(named.thing for named in datasets),
            protocols=protocols,
            methods=tuple(named.thing for named in methods),
            metrics=tuple(named.thing for named in metrics),
            fields=self._field(keys["field"][1]) if "field" in keys else (),
            task=task.name,
            settings=self._settings(root, keys, task),
            train_on=train.on,
            train=train.common,
            train_of=train.of,
            seeds=self._seeds(keys["seeds"][1]) if "seeds" in keys else (0,),
            limits=self._limits(keys["limits"][1]) if "limits" in keys else Limits(),
            limits_of={named.name: self._limits(named.limits) for named in methods if named.limits},
            rank_by=self._rank_by(keys["rank_by"][1], metrics, task, "metrics" in in_doubt)
            if "rank_by" in keys
            else None,
            executor=self._executor(keys["executor"][1]) if "executor" in keys else None,
            sections=self._listed(keys["sections"][1], "section") if "sections" in keys else (),
            published=PublishedReader(self._fields, datasets, protocols, metrics, in_doubt).rows(keys["published"][1])
            if "published" in keys
            else (),
            trackers=self._listed(keys["trackers"][1], "tracker") if "trackers" in keys else (),
            order=self._order(keys["order"][1]) if "order" in keys else "file",
            whole_pictures_mb=self._whole_pictures(keys["whole_pictures_mb"][1])
            if "whole_pictures_mb" in keys
            else 8.0,
            resources=self._resources(keys["resources"][1]) if "resources" in keys else Resources(),
            resources_of={named.name: self._resources(named.resources) for named in methods if named.resources},
        )

    def _field(self, node: Node) -> tuple[str, ...]:
        """What the pictures are of: a line, or a list of them."""
        items = self._fields.items(node, "fields") if isinstance(node.value, list) else [node]
        return tuple(dict.fromkeys(self._fields.line(item, "`field`") for item in items))

    def _listed(self, node: Node, kind: Kind) -> tuple[Use, ...]:
        return tuple(named.thing for named in self._uses.listed(node, kind))

    def _protocols(self, keys: Mapping[str, KeyValue], task: Task) -> tuple[Protocol, ...]:
        if "protocols" in keys:
            return Protocols(self._registry, self._uses, self._fields, task).listed(keys["protocols"][1])
        return tuple(self._registry.get("protocol", name).load() for name in task.protocols)

    def _tasks(self) -> Iterator[Task]:
        """Every task there is. One that cannot be loaded is told where it is asked for."""
        for registered in self._registry.entries("task"):
            with suppress(PluginError):
                yield registered.load()

    def _task(self, keys: Mapping[str, KeyValue]) -> Task:
        """The task that is asked for; where it is wrong, the usual one, so that the rest can be read."""
        asked = self._uses.entry(keys["task"][1], "task") if "task" in keys else None
        if asked is not None:
            try:
                return self._loaded(asked.text)
            except PluginError as error:
                self._fault(asked, str(error))
        return self._loaded(SUPER_RESOLUTION)

    def _loaded(self, name: str) -> Task:
        task: Task = self._registry.get("task", name).load()
        return task

    def _settings(self, root: Node, keys: Mapping[str, KeyValue], task: Task) -> dict[str, int]:
        """The numbers that the task needs; those that are missing are reported."""
        found: dict[str, int] = {}
        for key, example in task.settings.items():
            if key not in keys:
                self._fault(root, f"the task {task.name} needs the key {key!r}, such as {key}: {example}")
                continue
            number = self._fields.whole(keys[key][1], f"`{key}`")
            if number is not None:
                found[key] = number
        return found

    def _suited(self, keys: Mapping[str, KeyValue], kind: Literal["method", "metric"], task: Task) -> list[Named]:
        """The methods or metrics, those reported that are for another task."""
        named = self._uses.listed(keys[f"{kind}s"][1], kind) if f"{kind}s" in keys else []
        for this in named:
            of: type[Method] | type[Metric] = this.thing.registered.load()
            if task.name not in of.tasks():
                others = " or ".join(f"`task: {name}`" for name in sorted(of.tasks())) or "no task"
                self._fault(
                    this.node, f"{this.name!r} cannot {task.wants[kind]}: it is for {others}, and {asks_for(task)}"
                )
        return named

    def _whole_pictures(self, node: Node) -> float:
        """Megabytes, from 0 up."""
        found = self._fields.number(node, "`whole_pictures_mb`")
        if found is not None and found < 0:
            self._fault(node, f"`whole_pictures_mb`: expected megabytes, 0 for none; found {describe(node)}")
        return found or 0

    def _rank_by(self, node: Node, metrics: Sequence[Named], task: Task, in_doubt: bool) -> str | None:
        """The metric that ranks, which is one of those listed and has what the task's ranks are made of.

        in_doubt: whether some that are listed could not be read.
        """
        asked = self._uses.entry(node, "metric")
        if asked is None:
            return None
        chosen = next((metric for metric in metrics if metric.name == asked.text), None)
        if chosen is None and in_doubt:
            return None
        if chosen is None:
            names = [metric.name for metric in metrics]
            self._fault(node, f"`rank_by`: {shorten(asked.text)!r} is none of `metrics`.{nearest(asked.text, names)}")
        elif not task.unpaired and issubclass(chosen.thing.registered.load(), SetMetric):
            self._fault(
                node,
                f"`rank_by`: {chosen.name!r} compares whole sets; methods are ranked by scores of single images",
            )
        return asked.text

    def _limits(self, node: Node) -> Limits:
        keys = self._fields.keys(node, LIMITS, "limits: a mapping") or {}
        return Limits(**{key: self._fields.positive(value, f"limit of {key}") for key, (_, value) in keys.items()})

    def _executor(self, node: Node) -> Use | None:
        named = self._uses.use(node, "executor")
        return None if named is None else named.thing

    def _order(self, node: Node) -> Order:
        return self._fields.choice(node, "`order`", ORDERS) or "file"

    def _resources(self, node: Node) -> Resources:
        """What a job needs, in keys that every executor knows and in those of each that is installed."""
        options = {key for executor in self._executors() for key in executor.options}
        keys = self._fields.keys(node, (*RESOURCES, *sorted(options)), "resources: a mapping") or {}
        given = {key: value for key, (_, value) in keys.items()}
        read = self._fields
        return Resources(
            gpus=read.whole(given["gpus"], "`gpus`", least=0) if "gpus" in given else None,
            cores=read.whole(given["cores"], "`cores`") if "cores" in given else None,
            minutes=read.positive(given["minutes"], "`minutes`") if "minutes" in given else None,
            memory_gb=read.positive(given["memory_gb"], "`memory_gb`") if "memory_gb" in given else None,
            options={key: read.word(value, f"`{key}`") for key, value in given.items() if key in options},
        )

    def _executors(self) -> Iterator[type[Executor]]:
        """Every executor there is. One that cannot be loaded is told where it is asked for."""
        for registered in self._registry.entries("executor"):
            with suppress(PluginError):
                yield registered.load()

    def _seeds(self, node: Node) -> tuple[int, ...]:
        first: dict[int, Node] = {}
        for item in self._fields.items(node, "seeds"):
            value = item.value
            if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_SEED:
                self._fault(item, f"a seed is a whole number from 0 to {MAX_SEED}, not {describe(item)}")
            elif value in first:
                self._fault(item, f"the seed {value} is there twice, first at line {first[value].line}")
            else:
                first[value] = item
        return tuple(first)


def _is_whole(node: Node, read: Sequence[object]) -> bool:
    """Whether all items of a list could be read; what is wrong with others is told where they stand."""
    return isinstance(node.value, list) and len(node.value) == len(read)
