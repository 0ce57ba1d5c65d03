"""What every plugin's class must be, whatever it does: loadable, importable without torch, typed."""

from __future__ import annotations

import importlib
import inspect
import json
import subprocess
import sys
import typing
from functools import lru_cache, reduce
from pathlib import Path
from typing import Any

import msgspec

from srbench.contract.dataset import Dataset
from srbench.contract.degradation import Degradation
from srbench.contract.executor import Executor
from srbench.contract.extractor import Extractor
from srbench.contract.format import Format
from srbench.contract.method import Method
from srbench.contract.metric import ImageMetric, Judges, SetMetric
from srbench.contract.paper import Paper
from srbench.registry.parameters import PRESET, ParameterError, parameters, presets, resolve
from srbench.registry.registry import Kind, PluginError
from srbench.registry.shared import create
from srbench.testing.check import CheckFailure, Subject, check

_CONTRACT: dict[Kind, tuple[type, ...]] = {
    "method": (Method,),
    "metric": (ImageMetric, SetMetric),
    "dataset": (Dataset,),
    "extractor": (Extractor,),
    "degradation": (Degradation,),
    "format": (Format,),
    "executor": (Executor,),
}


@check("method", "metric", "dataset", "extractor", "degradation", "format", "protocol", "executor")
def loads(subject: Subject) -> None:
    """The name is registered once, and its target is a class (or protocol) as it should be, nothing left abstract."""
    try:
        target = subject.target
    except PluginError as error:
        raise CheckFailure(str(error)) from None
    if subject.kind == "protocol":  # a value, which the registry has looked at
        return
    contract = _CONTRACT[subject.kind]
    names = " or ".join(f"srbench.{parent.__name__}" for parent in contract)
    if not (isinstance(target, type) and issubclass(target, contract)):
        raise CheckFailure(f"the entry's target is {target!r}; it should be a class derived from {names}")
    if inspect.isabstract(target):
        missing = ", ".join(sorted(getattr(target, "__abstractmethods__", ())))
        raise CheckFailure(f"{target.__name__} does not define {missing}, which {names} asks for")


@check("method", "metric", "dataset", "extractor", "degradation", "format", "executor", needs=("loads",))
def imports_without_torch(subject: Subject) -> None:
    """Importing the plugin's module and the class's module does not import torch."""
    for module in (subject.registered.plugin.module, subject.target.__module__):
        if _imports_torch(module, tuple(sys.path)):
            raise CheckFailure(
                f"importing {module} imports torch, which costs everyone who runs `srbench list` seconds. Import it "
                "inside the functions that compute (and for annotations under `if TYPE_CHECKING:`)"
            )


@lru_cache
def _imports_torch(module: str, path: tuple[str, ...]) -> bool:
    code = "import importlib, json, sys; sys.path[:] = json.loads(sys.argv[1]); importlib.import_module(sys.argv[2]); "
    code += "print('torch' in sys.modules)"
    command = [sys.executable, "-c", code, json.dumps(path), module]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    if done.returncode != 0:
        last = done.stderr.strip().splitlines()[-1:]
        raise CheckFailure(f"{module} cannot be imported in a fresh process: {''.join(last)}")
    return done.stdout.strip().splitlines()[-1] == "True"


@check("method", "metric", "dataset", "extractor", "degradation", "format", "executor", needs=("loads",))
def found_by_name(subject: Subject) -> None:
    """The class is found in its module under its own name, so that worker processes can load it."""
    target = subject.target
    try:
        found: Any = reduce(getattr, target.__qualname__.split("."), importlib.import_module(target.__module__))
    except (ImportError, AttributeError):
        found = None
    if found is not target:
        raise CheckFailure(
            f"{target.__module__}.{target.__qualname__} is not this class. Define it at the top level of an importable "
            "module, under the name it has"
        )


@check("method", "metric", "dataset", "extractor", "degradation", "format", "executor", needs=("loads",))
def parameters_are_typed(subject: Subject) -> None:
    """Every parameter, also of variants and shared ones, is named, has an annotation, and a default of that type."""
    target = subject.target
    own = _typed(target, brings_others=bool(_variants(target)))
    for name, kinds in _variants(target).items():
        if name not in own:
            raise CheckFailure(f"variants are chosen by a parameter {name!r}, which __init__ does not take")
        for value, kind in kinds.items():
            if twice := sorted(own & _typed(kind)):
                raise CheckFailure(f"{name} {value!r} brings {', '.join(twice)}, which __init__ has, too")
    for attribute, kind in getattr(target, "shared", {}).items():
        if needed := sorted(_typed(kind) - {name for name, one in parameters(kind).items() if not one.required}):
            raise CheckFailure(
                f"shared {attribute!r} has no default for {', '.join(needed)}; give one, as every method has these"
            )


def _variants(target: Any) -> dict[str, dict[str, Any]]:
    return dict(getattr(target, "variants", {}))


def _typed(target: Any, brings_others: bool = False) -> set[str]:
    """The names of a class's parameters, which are as they should be; `CheckFailure` where they are not."""
    if target.__init__ is object.__init__:
        return set()
    for name, parameter in list(inspect.signature(target.__init__).parameters.items())[1:]:
        if parameter.kind is parameter.VAR_KEYWORD and brings_others:
            continue
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise CheckFailure(f"__init__ takes *{name}; name every parameter, so that a misspelt one is reported")
        if parameter.annotation is parameter.empty:
            raise CheckFailure(f"parameter {name!r} has no annotation; without a type it cannot be validated")
    try:
        known = parameters(target)
    except NameError as error:
        raise CheckFailure(
            f"the annotations of __init__ cannot be read: {error}. Import the type outside `if TYPE_CHECKING:`"
        ) from None
    for name, one in known.items():
        if one.required or one.type is Path or Path in typing.get_args(one.type):
            continue
        try:
            msgspec.convert(one.default, one.type)
        except msgspec.ValidationError as error:
            raise CheckFailure(f"parameter {name!r} has the default {one.default!r}: {error}") from None
        except TypeError:  # a type that only the class itself knows to check
            continue
    return set(known)


def as_plain(value: Any) -> Any:
    """A path as text, a structure as a mapping, for `json.dumps(..., default=as_plain)`; else `TypeError`."""
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, msgspec.Struct):
        return msgspec.structs.asdict(value)
    raise TypeError(f"{value!r} is a {type(value).__name__}")


@check("metric", needs=("loads",))
def judges_something_known(subject: Subject) -> None:
    """Check that `judges` is one of the values that a metric may declare."""
    judges, known = getattr(subject.target, "judges", ""), typing.get_args(Judges)
    if judges not in known:
        raise CheckFailure(f"judges is {judges!r}; it should be one of {', '.join(map(repr, known))}")


@check("method", "metric", "dataset", "extractor", needs=("loads",))
def papers_can_be_cited(subject: Subject) -> None:
    """Each of its papers, and of those of its variants, has authors, a title, a year, and numbers of the right form."""
    kinds = [subject.target, *(kind for named in _variants(subject.target).values() for kind in named.values())]
    for kind in kinds:
        papers = getattr(kind, "papers", ())
        if not isinstance(papers, tuple) or not all(isinstance(paper, Paper) for paper in papers):
            raise CheckFailure(f"papers of {kind.__name__} is {papers!r}; it should be a tuple of srbench.Paper")
        for paper in papers:
            if faults := [*paper.faults()]:
                raise CheckFailure(f"a paper of {kind.__name__} ({paper.title}) cannot be cited: {'; '.join(faults)}")


@check(
    "method",
    "metric",
    "dataset",
    "extractor",
    "degradation",
    "format",
    "executor",
    needs=("loads", "parameters_are_typed"),
)
def constructs(subject: Subject) -> None:
    """It can be made from the given parameters and from each preset; resolved parameters fit into JSON."""
    named = presets(subject.target, subject.given)
    choices: list[dict[str, Any]] = [subject.given, *({**subject.given, PRESET: preset} for preset in named)]
    for given in choices:
        said = f"with {given}" if given else "with its defaults"
        try:
            params = resolve(subject.target, given)
        except ParameterError as error:
            raise CheckFailure(f"{said}: {error}") from None
        for preset, values in named.items():
            if unknown := sorted(set(values) - set(parameters(subject.target, given))):
                raise CheckFailure(f"preset {preset!r} sets {', '.join(unknown)}, which __init__ does not take")
        try:
            json.dumps(params, default=as_plain)
        except TypeError as error:
            raise CheckFailure(
                f"{said}: parameters {params} do not fit into JSON ({error}), so no key can be made of them. Use "
                "numbers, strings, booleans, lists and mappings"
            ) from None
        try:
            create(subject.target, params)
        except Exception as error:
            raise CheckFailure(f"{said} it cannot be made: {type(error).__name__}: {error}") from error
