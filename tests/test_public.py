"""The edge of the contract: plugins get by with what is public, and what is public speaks of public things only."""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest

import srbench

ROOT = Path(__file__).parents[1]
PACKAGES = (
    "srbench",
    *(f"srbench.{name}" for name in ("devices", "errors", "pictures", "testing", "training", "types", "weights")),
)
PLUGINS = sorted(path for path in (ROOT / "plugins").glob("*/*") if (path / "__init__.py").exists())


def test_whoever_builds_on_srbench_has_its_types() -> None:
    assert len(PLUGINS) > 10
    assert [package for package in (ROOT / "srbench", *PLUGINS) if not (package / "py.typed").is_file()] == []


def imported(path: Path) -> Iterator[tuple[str, str]]:
    """The modules of srbench that a file imports from, with what it imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level == 0 and (node.module or "").split(".")[0] == "srbench":
            yield from ((str(node.module), alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names if alias.name.split(".")[0] == "srbench")


def public(package: str) -> list[str]:
    """The names that a public package offers."""
    module = importlib.import_module(package)
    listed = getattr(module, "__all__", None)
    return list(listed) if listed else [name for name, _ in inspect.getmembers(module) if not name.startswith("_")]


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda path: path.name)
def test_shipped_plugins_import_public_names_only(plugin: Path) -> None:
    assert [
        f"{path.relative_to(ROOT)}: {module} {name}"
        for path in sorted(plugin.rglob("*.py"))
        for module, name in imported(path)
        if module not in PACKAGES or (name and name not in public(module))
    ] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_name_is_there(package: str) -> None:
    module = importlib.import_module(package)
    assert [name for name in public(package) if not hasattr(module, name)] == []


def annotations(thing: object) -> Iterator[str]:
    """The annotations of a function, or of the public attributes, properties and methods of a class, as text."""
    if inspect.isclass(thing):
        yield from (str(one) for name, one in vars(thing).get("__annotations__", {}).items() if name[0] != "_")
        for name, member in vars(thing).items():
            if name == "__init__" or not name.startswith("_"):
                yield from annotations(getattr(member, "fget", None) or getattr(member, "__func__", member))
    elif inspect.isfunction(thing):
        yield from (str(one) for one in thing.__annotations__.values())


def origins(module: str) -> dict[str, str]:
    """Where the names come from that a module of srbench imports from srbench, and those it defines."""
    path = importlib.import_module(module).__file__
    assert path is not None
    tree = ast.parse(Path(path).read_text(encoding="utf-8"))
    found = {
        alias.asname or alias.name: str(node.module)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("srbench")
        for alias in node.names
    }
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            found[node.name] = module
    return found


AUTHORS_MEET = ("contract", "evaluate", "pictures", "training", "weights")
"""The wings whose public classes and functions a plugin's author derives from, calls or is given."""


def test_what_is_public_speaks_of_public_things_only() -> None:
    offered = {name for package in PACKAGES for name in public(package)}
    hidden = set()
    for package in PACKAGES:
        for name in public(package):
            thing = getattr(importlib.import_module(package), name)
            home = getattr(thing, "__module__", None) or ""
            met = home.startswith(tuple(f"srbench.{wing}" for wing in AUTHORS_MEET))
            if not met or not (inspect.isclass(thing) or inspect.isfunction(thing)):
                continue
            known = origins(home)
            for annotation in annotations(thing):
                names = {node.id for node in ast.walk(ast.parse(annotation)) if isinstance(node, ast.Name)}
                hidden |= {f"{name}: {one} of {known[one]}" for one in names & known.keys() if one not in offered}
    assert sorted(hidden) == []


def test_nothing_is_imported_before_it_is_used() -> None:
    assert set(srbench.__all__) == set(public("srbench"))
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = srbench.Nothing
