"""What decides the results of a plugin: its code, that of the plugins it builds on, and the versions it runs with."""

from __future__ import annotations

import ast
import hashlib
import importlib.metadata
import importlib.util
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cache, lru_cache
from importlib.metadata import Distribution, PackageNotFoundError
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from srbench.store.file_memory import FileMemory
from srbench.store.files import Stamp, sha256, stamp

GROUP = "srbench"
MACHINE = frozenset({"srbench", "torch", "torchvision", "numpy"})
"""Packages that are to a number what hardware is: recorded and told, but part of no key."""

_PROJECT = ("pyproject.toml", "setup.py", "setup.cfg")
_FOR_READERS = frozenset({"papers", "terms", "judges", "shown_as"})
_NOT_CODE = frozenset({"setup", "conftest", "noxfile", "test", "tests", "docs", "examples", "benchmarks"})


def sources(distribution: str, module: str) -> dict[str, str]:
    """A sha256 over all files of a plugin's distribution, and one for every plugin's distribution that it requires.

    Python counts by what it says, without comments, docstrings, layout, and the `papers`, `terms`, `judges` and
    `shown_as` of classes; other files by their bytes. Where a distribution is installed, and whether for editing, does
    not count. module: that of its entry point.
    """
    modules = {name: set(found) for name, found in _modules(tuple(sys.path)).items()}
    own = canonicalize_name(distribution)
    modules.setdefault(own, set()).add(module)
    return {name: _hash(name, modules[name]) for name in [own, *sorted(_built_on(own, set(modules)))]}


def dependencies(distributions: Iterable[str]) -> dict[str, str]:
    """What distributions declare to need, plugins and srbench aside, with the versions that are installed."""
    return dict(_dependencies(tuple(distributions), tuple(sys.path)))


@cache
def _dependencies(distributions: tuple[str, ...], path: tuple[str, ...]) -> dict[str, str]:
    plugins = {*_modules(path), GROUP}
    needed = {name for distribution in distributions for name, _ in _requirements(distribution, frozenset())} - plugins
    return {name: found.version for name in sorted(needed) if (found := _distribution(name)) is not None}


@lru_cache(maxsize=1)
def _modules(_: tuple[str, ...]) -> dict[str, set[str]]:
    """The modules of the entry points of every distribution on the path that has plugins, srbench's own aside."""
    found: dict[str, set[str]] = {}
    for point in importlib.metadata.entry_points(group=GROUP):
        if point.dist is not None and point.dist.metadata is not None:
            found.setdefault(canonicalize_name(point.dist.metadata["Name"]), set()).add(point.module)
    found.pop(GROUP, None)
    return found


def built_on(distribution: str) -> set[str]:
    """The plugins' distributions that one requires, itself or through others."""
    return _built_on(canonicalize_name(distribution), set(_modules(tuple(sys.path))))


def _built_on(distribution: str, plugins: set[str]) -> set[str]:
    found: set[str] = set()
    open_: list[tuple[str, frozenset[str]]] = [(distribution, frozenset())]
    while open_:
        for name, extras in _requirements(*open_.pop()):
            if name in plugins - found - {distribution}:
                found.add(name)
                open_.append((name, extras))
    return found


def _requirements(distribution: str, extras: frozenset[str]) -> Iterator[tuple[str, frozenset[str]]]:
    """What a distribution requires here and now: names, each with the extras it is asked for with."""
    found = _distribution(distribution)
    for text in (found.requires if found is not None else None) or ():
        requirement = Requirement(text)
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            yield canonicalize_name(requirement.name), frozenset(requirement.extras)


def _distribution(name: str) -> Distribution | None:
    try:
        return importlib.metadata.distribution(name)
    except PackageNotFoundError:
        return None


def _hash(distribution: str, modules: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for name, path in sorted(_files(distribution, modules).items()):
        digest.update(f"{name}\0{_file_hash(path, stamp(path))}\0".encode())
    return digest.hexdigest()


def _files(distribution: str, modules: Iterable[str]) -> dict[str, Path]:
    """The files of a distribution, by their names below the folder that they are imported from.

    Those are the packages of its entry points, what its metadata lists as installed, and, where it is installed for
    editing (and so lists none of its code), the modules beside them in the folder of its project.
    """
    files: dict[str, Path] = {}
    for module in modules:
        files |= _importable(module)
    found = _distribution(distribution)
    listed = [] if found is None else [path for path in found.files or () if _is_code(path.as_posix())]
    if found is not None and any(path.suffix == ".py" for path in listed):
        return {**{path.as_posix(): Path(str(found.locate_file(path))) for path in listed}, **files}
    named = [] if found is None else (found.read_text("top_level.txt") or "").split()
    for name in {*named, *(sibling for module in modules for sibling in _siblings(module))}:
        files |= _importable(name)
    return files


def _is_code(name: str) -> bool:
    """Whether a file that was installed belongs to a package, and is not what an installer or interpreter made."""
    parts = name.split("/")
    made = parts[0].endswith((".dist-info", ".egg-info", ".pth")) or parts[0].startswith("__editable__")
    return not made and _counts(name)


def _counts(name: str) -> bool:
    """Compiled Python and hidden files do not."""
    return not name.endswith((".pyc", ".pyo")) and not any(part.startswith(".") for part in name.split("/"))


def _origin(module: str) -> tuple[str, Path, bool] | None:
    """The outermost regular package (or the module) that holds `module`: name, file, and whether it is a package."""
    parts = module.split(".")
    for depth in range(1, len(parts) + 1):
        try:
            spec = importlib.util.find_spec(".".join(parts[:depth]))
        except (ImportError, ValueError):  # ValueError: a module made by hand, without a file
            return None
        # A namespace package has no file of its own; other distributions may share it.
        if spec is not None and spec.has_location and spec.origin:
            return "/".join(parts[:depth]), Path(spec.origin), bool(spec.submodule_search_locations)
    return None


def _importable(module: str) -> dict[str, Path]:
    found = _origin(module)
    if found is None:
        return {}
    name, origin, is_package = found
    if not is_package:
        return {origin.name: origin}
    folder = origin.parent
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {f"{name}/{inside}": path for inside, path in files.items() if _counts(inside)}


def _siblings(module: str) -> list[str]:
    """The modules beside one in the folder of its project; none where that folder is no project's."""
    found = _origin(module)
    if found is None:
        return []
    _, origin, is_package = found
    folder = origin.parent.parent if is_package else origin.parent
    project = folder.parent if folder.name in ("src", "lib") else folder
    if not any((project / name).is_file() for name in _PROJECT):
        return []
    packages = [path.parent.name for path in folder.glob("*/__init__.py")]
    return [name for name in [*packages, *(path.stem for path in folder.glob("*.py"))] if name not in _NOT_CODE]


@cache
def _file_hash(path: Path, now: Stamp) -> str:
    if path.suffix != ".py":
        return sha256(path)
    memory = _memory(os.getpid())
    known = memory.get(path, now)
    if known is None:
        known = _said(path.read_bytes())
        memory.put(path, now, known)
    return known.decode()


@lru_cache(maxsize=1)
def _memory(_: int) -> FileMemory:
    """One a process: a database must not be used across a fork."""
    return FileMemory("code")


def _said(content: bytes) -> bytes:
    """The sha256 of what Python code says; of its bytes where it cannot be parsed."""
    with suppress(SyntaxError, ValueError, RecursionError):
        content = _meaning(ast.parse(content)).encode(errors="surrogatepass")
    return hashlib.sha256(content).hexdigest().encode()


def _meaning(node: Any) -> str:
    """A syntax tree as text, the same for every version of Python: what is empty is left out, as are docstrings."""
    if isinstance(node, list):
        return f"[{','.join(map(_meaning, node))}]"
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = dict(ast.iter_fields(node))
    if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)) and _documented(node):
        fields["body"] = node.body[1:]
    if isinstance(node, ast.ClassDef):
        fields["body"] = [statement for statement in fields["body"] if not _is_for_readers(statement)]
    told = (f"{name}={_meaning(value)}" for name, value in fields.items() if value is not None and value != [])
    return f"{type(node).__name__}({','.join(told)})"


def _is_for_readers(statement: ast.stmt) -> bool:
    """Whether it only tells readers what a class is: papers, terms, what its numbers judge, how its name is printed."""
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    targets = [statement.target] if isinstance(statement, ast.AnnAssign) and statement.value is not None else targets
    return any(isinstance(target, ast.Name) and target.id in _FOR_READERS for target in targets)


def _documented(node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    first = node.body[0] if node.body else None
    return isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
