"""The map in docs/architecture.md is that of the code: every module has its place, and no import goes up or round."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "srbench"
LOOSE = {"__init__", "__main__", "api", "errors"}
UNTESTED = {
    "__main__": "one line, through which every test goes that starts the command line",
    "contract.entry": "three fields; what may be in them the registry checks",
    "contract.names": "two names",
    "matrix.contents": "fields and their defaults, which the tests of reading compare with files",
    "training.data.source": "protocols: nothing that could be run",
}
"""Modules without tests of their own, and why."""
FEW = 12
"""The most files that a folder of the leaderboard holds."""

Imports = Mapping[str, set[str]]


def name_of(path: Path, root: Path) -> str:
    """The dotted name below the package of a file: `store.cell`; that of a folder for its `__init__`."""
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(root: Path) -> dict[str, set[str]]:
    """What each module of the package at `root` imports of it: anywhere in it, for annotations too."""
    files = {name_of(path, root): path for path in root.rglob("*.py")}
    return {
        name: {found for found in _imported(path, root.name, files) if found != name} for name, path in files.items()
    }


def _imported(path: Path, package: str, known: Mapping[str, Path]) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            first, _, rest = name.partition(".")
            if first == package:
                yield rest if rest in known else rest.rpartition(".")[0]


def wing_of(module: str, folders: set[str]) -> str:
    """The wing that a module stands in: its folder, itself where it stands loose."""
    return module if module in folders else module.rpartition(".")[0] or module


def floors() -> list[tuple[set[str], set[str]]]:
    """The rows of the map, from above: the wings of each, and the modules that it names."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = text.partition("## Floors")[2].partition("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("| `")]
    found = []
    for cells in rows:
        wings = [wing.removesuffix(".py").strip("/").replace("/", ".") for wing in re.findall(r"`([^`]+)`", cells[0])]
        listed = re.findall(r"`([^`]+)`", cells[1]) if len(cells) == 3 else []
        folder = next((wing for wing in wings if (PACKAGE / wing.replace(".", "/")).is_dir()), "")
        loose = {wing for wing in wings if wing != folder}
        found.append((set(wings), loose | {f"{folder}.{module}" for module in listed}))
    return found


def circle(graph: Imports) -> list[str]:
    """A circle of the graph, empty where there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def upward(graph: Imports, rows: list[set[str]], folders: set[str]) -> list[str]:
    """The imports that go to a wing on a higher row, or to another wing of the same row that is above it."""
    height = {wing: -number for number, row in enumerate(rows) for wing in row}
    return [
        f"{module} imports {other}"
        for module, others in sorted(graph.items())
        for other in sorted(others)
        if module and other and height[wing_of(module, folders)] < height[wing_of(other, folders)]
    ]


@pytest.fixture(scope="module")
def graph() -> dict[str, set[str]]:
    return imports(PACKAGE)


@pytest.fixture(scope="module")
def folders() -> set[str]:
    return {name_of(path, PACKAGE) for path in PACKAGE.rglob("__init__.py")}


def test_every_module_stands_in_the_map_and_the_map_names_no_other(graph, folders) -> None:
    named = [module for _, modules in floors() for module in modules]
    assert len(named) == len(set(named))
    assert set(named) == {module for module in graph if module not in folders}


def test_every_folder_with_modules_is_a_wing(graph, folders) -> None:
    wings = {wing for row, _ in floors() for wing in row}
    assert {wing_of(module, folders) for module in graph if module} <= wings


def test_no_import_goes_up(graph, folders) -> None:
    assert upward(graph, [row for row, _ in floors()], folders) == []


def test_no_files_import_each_other_in_a_circle(graph) -> None:
    assert circle({module: others - {""} for module, others in graph.items()}) == []


def test_no_wings_import_each_other_in_a_circle(graph, folders) -> None:
    wings: dict[str, set[str]] = {}
    for module, others in graph.items():
        here = wing_of(module, folders)
        wings.setdefault(here, set()).update(wing_of(other, folders) for other in others if other)
    assert circle({wing: others - {wing} for wing, others in wings.items() if wing}) == []


def test_four_modules_stand_loose(graph, folders) -> None:
    assert {path.stem for path in PACKAGE.glob("*.py")} == LOOSE


def test_the_folders_of_the_leaderboard_hold_few_files() -> None:
    folders = [path for path in (PACKAGE / "leaderboard").rglob("*") if path.is_dir() and path.name != "__pycache__"]
    counts = {path.name: sum(one.is_file() for one in path.iterdir()) for path in folders}
    assert {name: count for name, count in counts.items() if count > FEW} == {}


TASKS = ("super-resolution", "generation")
TASKS_ARE_NAMED_IN = {"contract.names"}
NAMES_ARE_FOR = ("contract.", "tasks.", "matrix.", "testing.")
"""The wings that may know of a task that there is: the base classes of the contract are for one each, a matrix file
that names none asks for super-resolution, and the kit has a protocol of generation to show metrics."""


def strings(path: Path) -> Iterator[str]:
    """The texts in a file of code, docstrings aside."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node.value


def test_nothing_asks_which_task_it_is() -> None:
    files = {name_of(path, PACKAGE): path for path in PACKAGE.rglob("*.py")}
    assert {name for name, path in files.items() if set(TASKS) & set(strings(path))} == TASKS_ARE_NAMED_IN
    told_apart = {
        name
        for name, path in files.items()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Name) and node.id in ("SUPER_RESOLUTION", "GENERATION")
    }
    assert {name for name in told_apart if not name.startswith(NAMES_ARE_FOR)} == set()


KINDS_OF_DEVICES = re.compile(r"(cuda|mps|xpu|hip)(:\d*)?")
NAME_THEM = {"devices.kinds", "training.speed.numerics"}
"""The one that knows kinds of devices, and the one that has torch's names of settings."""


def test_nothing_asks_for_a_kind_of_device_by_its_name() -> None:
    files = {name_of(path, PACKAGE): path for path in PACKAGE.rglob("*.py")}
    files |= {str(path.relative_to(ROOT)): path for path in ROOT.glob("plugins/*/srbench_*/**/*.py")}
    named = {
        name
        for name, path in files.items()
        if any(KINDS_OF_DEVICES.fullmatch(text) for text in strings(path))
        or any(
            isinstance(node, ast.Attribute) and KINDS_OF_DEVICES.fullmatch(node.attr)
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        )
    }
    assert named == NAME_THEM


def test_every_module_has_its_tests(graph, folders) -> None:
    modules = {module for module in graph if module not in folders}
    tested = {module for module in modules if _tests_of(module).is_file()}
    assert modules - tested == set(UNTESTED)


def _tests_of(module: str) -> Path:
    *wing, name = module.split(".")
    return ROOT.joinpath("tests", *wing, f"test_{name}.py")


class TestTheReaderItself:
    """A made package in which each kind of import occurs that must be seen."""

    @pytest.fixture
    def package(self, tmp_path: Path) -> Path:
        files = {
            "__init__.py": "",
            "top.py": "def f():\n    from toy.low import base\n    return base\n",
            "low/__init__.py": "",
            "low/base.py": "",
            "low/round.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from toy.top import f\n",
            "low/other.py": "import toy.low.base\nimport json\nfrom toy.low.base import name\n",
        }
        for name, text in files.items():
            path = tmp_path / "toy" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path / "toy"

    def test_it_sees_imports_in_functions_for_annotations_and_of_modules(self, package: Path) -> None:
        assert imports(package) == {
            "": set(),
            "top": {"low.base"},
            "low": set(),
            "low.base": set(),
            "low.round": {"top"},
            "low.other": {"low.base"},
        }

    def test_it_tells_what_goes_up(self, package: Path) -> None:
        assert upward(imports(package), [{"top"}, {"low"}], {"", "low"}) == ["low.round imports top"]

    def test_it_finds_circles(self, package: Path) -> None:
        (package / "low" / "base.py").write_text("from toy.low import round\n")
        found = circle(imports(package))
        assert set(pairwise(found)) <= {(b, a) for a, others in imports(package).items() for b in others}
        assert set(found) == {"top", "low.base", "low.round"}


def test_what_cannot_be_installed_on_the_newest_python_is_needed_by_no_run() -> None:
    manifests = [ROOT / "pyproject.toml", *ROOT.glob("plugins/*/pyproject.toml")]
    needed = {path: tomllib.loads(path.read_text())["project"]["dependencies"] for path in manifests}
    assert len(needed) > 10 and not [path for path, names in needed.items() if any("basicsr" in name for name in names)]
