"""Finding plugins: whatever a stranger's plugin does, the others work, and the reason is told."""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
import textwrap
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import srbench
from srbench.contract.degradations import Bicubic
from srbench.contract.entry import Entry
from srbench.contract.hookspecs import hookimpl
from srbench.contract.protocol import Protocol
from srbench.errors import SrbenchError
from srbench.registry import registry as module
from srbench.registry.registry import KINDS, Plugin, PluginError, Registry, confine, load_plugins, registry


class Thing(srbench.Method):
    def upscale(self, lr: Any, scale: int) -> Any:
        return lr


class RightDegradation(Bicubic):
    name = "right"


def plugin(distribution: str = "srbench-toy", module: str = "toy") -> Plugin:
    return Plugin(distribution, distribution, "1.0", module)


def offering(*entries: object) -> SimpleNamespace:
    @hookimpl
    def srbench_methods() -> list[object]:
        return list(entries)

    return SimpleNamespace(srbench_methods=srbench_methods)


def returning(value: object) -> SimpleNamespace:
    @hookimpl
    def srbench_methods() -> object:
        return value

    return SimpleNamespace(srbench_methods=srbench_methods)


def reason(module: object) -> str:
    """Why a plugin is broken, beside one that works and goes on working."""
    registry = Registry()
    registry.add(plugin("srbench-good"), offering(Entry("good", Thing)))
    registry.add(plugin(), module)
    assert registry.get("method", "good").load() is Thing
    assert [found.distribution for found in registry.plugins] == ["srbench-good"]
    (broken,) = registry.broken
    assert broken.plugin.distribution == "srbench-toy"
    return broken.reason


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., importlib.metadata.EntryPoint]:
    """Lay out a distribution as an installer would, and return its entry point."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(site)

    def lay_out(distribution: str, source: str, value: str = "") -> importlib.metadata.EntryPoint:
        module = f"toy_{uuid.uuid4().hex}"
        (site / module).mkdir()
        (site / module / "__init__.py").write_text(textwrap.dedent(source))
        info = site / f"{distribution.replace('-', '_')}-3.2.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 3.2\n")
        (info / "entry_points.txt").write_text(f"[srbench]\ntoy = {value.format(module) or module}\n")
        (found,) = importlib.metadata.Distribution.at(info).entry_points
        return found

    return lay_out


WORKS = """\
    import srbench
    class Thing(srbench.Method):
        def upscale(self, lr, scale): return lr
    @srbench.hookimpl
    def srbench_methods(): return [srbench.Entry("{}", Thing, "A thing")]
"""


def test_an_installed_plugin_is_found_with_its_provenance(install: Any) -> None:
    registry = load_plugins([install("srbench-toy", WORKS.format("thing"))])
    assert not registry.broken
    found = registry.get("method", "thing")
    assert found.load().__name__ == "Thing"
    assert found.entry.summary == "A thing"
    provenance = found.plugin.provenance()
    assert (provenance["distribution"], provenance["version"]) == ("srbench-toy", "3.2")
    assert [len(source) for source in provenance["source"].values()] == [64]


@pytest.mark.parametrize(
    ("source", "fragment"),
    [
        ("import no_such_module_anywhere", "ModuleNotFoundError: No module named 'no_such_module_anywhere'"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("def f(:", "SyntaxError"),
        ("import sys; sys.exit('bye')", "SystemExit: bye"),
        ("raise Exception", "Exception"),
    ],
)
def test_a_plugin_that_cannot_be_imported_is_listed_and_stops_nobody(install: Any, source: str, fragment: str) -> None:
    registry = load_plugins([install("srbench-bad", source), install("srbench-good", WORKS.format("good"))])
    assert registry.names("method") == ["good"]
    (broken,) = registry.broken
    assert broken.plugin.distribution == "srbench-bad"
    assert broken.reason.startswith(fragment)
    with pytest.raises(PluginError, match=r"Did you mean 'good'\?.*could not be loaded: srbench-bad"):
        registry.get("method", "goood")


def test_an_entry_point_that_is_no_module_is_listed(install: Any) -> None:
    registry = load_plugins([install("srbench-bad", "", value="not a module!")])
    assert [broken.plugin.distribution for broken in registry.broken] == ["srbench-bad"]


def test_an_entry_point_may_name_an_object_of_a_module(install: Any) -> None:
    source = """\
        import srbench
        class Hooks:
            @srbench.hookimpl
            def srbench_methods(self): return [srbench.Entry("thing", "nowhere:Thing")]
        hooks = Hooks()
        """
    assert load_plugins([install("srbench-toy", source, value="{}:hooks")]).names("method") == ["thing"]


def test_a_distribution_without_metadata_does_not_stop_the_others(install: Any, tmp_path: Path) -> None:
    point = install("srbench-good", WORKS.format("good"))
    rest = tmp_path / "site" / "rest-1.dist-info"
    rest.mkdir()
    (rest / "entry_points.txt").write_text("[srbench]\nrest = no_such_module_anywhere\n")
    registry = load_plugins([*importlib.metadata.Distribution.at(rest).entry_points, point])
    assert registry.names("method") == ["good"]
    assert [broken.plugin.distribution for broken in registry.broken] == ["no_such_module_anywhere"]


def test_an_unknown_hook_names_the_one_that_was_meant() -> None:
    @hookimpl
    def srbench_method() -> list[Entry]:
        return []

    assert reason(SimpleNamespace(srbench_method=srbench_method)).endswith(
        "unknown hook 'srbench_method'. Did you mean 'srbench_methods'?"
    )


def test_a_hook_with_an_argument_that_it_does_not_get() -> None:
    @hookimpl
    def srbench_cell_started(cel: Any) -> None: ...

    assert "cel" in reason(SimpleNamespace(srbench_cell_started=srbench_cell_started))


def test_a_hook_without_its_mark_is_not_silently_ignored() -> None:
    def srbench_methods() -> list[Entry]:
        return []

    assert reason(SimpleNamespace(srbench_methods=srbench_methods)).endswith(
        "srbench_methods is not marked as a hook; put @srbench.hookimpl above it"
    )


def test_a_hook_under_another_name_counts() -> None:
    @hookimpl(specname="srbench_methods")
    def mine() -> list[Entry]:
        return [Entry("thing", Thing)]

    registry = Registry()
    registry.add(plugin(), SimpleNamespace(mine=mine))
    assert registry.names("method") == ["thing"]


@pytest.mark.parametrize("error", [ValueError("no licence"), SystemExit(3), RecursionError()])
def test_a_hook_that_raises(error: BaseException) -> None:
    @hookimpl
    def srbench_methods() -> list[Entry]:
        raise error

    assert reason(SimpleNamespace(srbench_methods=srbench_methods)).startswith(type(error).__name__)


def test_ctrl_c_during_a_hook_is_not_swallowed() -> None:
    @hookimpl
    def srbench_methods() -> list[Entry]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Registry().add(plugin(), SimpleNamespace(srbench_methods=srbench_methods))


@pytest.mark.parametrize("value", [None, 3, "bicubic", Entry("thing", Thing), {"thing": Thing}, iter([])])
def test_a_hook_that_returns_no_list(value: object) -> None:
    assert "it should return a list of srbench.Entry" in reason(returning(value))


@pytest.mark.parametrize(
    ("entry", "fragment"),
    [
        (Thing, "it should return a list of srbench.Entry"),
        (("thing", Thing), "it should return a list of srbench.Entry"),
        (Entry(3, Thing), "an entry named 3; a name is text without spaces"),  # type: ignore[arg-type]
        (Entry("", Thing), "an entry named ''"),
        (Entry("a b", Thing), "an entry named 'a b'"),
        (Entry("a\nb", Thing), "an entry named 'a\\nb'"),
        (Entry("thing", Thing, 5), "the summary of 'thing' is 5"),  # type: ignore[arg-type]
        (Entry("thing", "module.Thing"), "it should be 'module:Name'"),
        (Entry("thing", "module:"), "it should be 'module:Name'"),
    ],
)
def test_a_hook_that_returns_rubbish_offers_nothing(entry: object, fragment: str) -> None:
    assert fragment in reason(offering(Entry("fine", Thing), entry))


def test_a_plugin_that_is_broken_hears_no_events() -> None:
    heard = []

    @hookimpl
    def srbench_cell_started(cell: Any) -> None:
        heard.append(cell)

    module = returning(None)
    module.srbench_cell_started = srbench_cell_started
    registry = Registry()
    registry.add(plugin(), module)
    registry.hook.srbench_cell_started(cell="a cell")
    assert heard == []


def test_events_reach_every_plugin_with_the_arguments_it_asks_for() -> None:
    heard = []

    @hookimpl
    def srbench_cell_finished(record: Any) -> None:
        heard.append(record)

    registry = Registry()
    registry.add(plugin(), SimpleNamespace(srbench_cell_finished=srbench_cell_finished))
    registry.hook.srbench_cell_finished(cell="a cell", record="its record")
    assert heard == ["its record"]


def test_whoever_listens_hears_of_events_for_as_long_as_it_listens() -> None:
    class Listener:
        def __init__(self) -> None:
            self.heard: list[Any] = []

        @hookimpl
        def srbench_cell_finished(self, record: Any) -> None:
            self.heard.append(record)

    registry, one, other = Registry(), Listener(), Listener()
    with registry.heard_by(one, other):
        registry.hook.srbench_cell_finished(cell="a cell", record=1)
    registry.hook.srbench_cell_finished(cell="a cell", record=2)
    with pytest.raises(ZeroDivisionError), registry.heard_by(one):
        registry.hook.srbench_cell_finished(cell="a cell", record=3)
        raise ZeroDivisionError
    registry.hook.srbench_cell_finished(cell="a cell", record=4)
    assert (one.heard, other.heard) == ([1, 3], [1])


def test_a_name_of_two_distributions_is_an_error_that_names_both() -> None:
    registry = Registry()
    registry.add(plugin("srbench-one"), offering(Entry("thing", Thing), Entry("mine", Thing)))
    registry.add(plugin("srbench-two"), offering(Entry("thing", Thing)))
    with pytest.raises(PluginError, match="'thing' is offered by srbench-one and srbench-two; uninstall one of them"):
        registry.get("method", "thing")
    assert [broken.plugin.distribution for broken in registry.broken] == ["srbench-two"]
    assert registry.get("method", "mine").plugin.distribution == "srbench-one"
    assert [found.plugin.distribution for found in registry.entries("method")] == [
        "srbench-one",
        "srbench-one",
        "srbench-two",
    ]


def test_a_name_twice_in_one_plugin_blames_that_one() -> None:
    registry = Registry()
    registry.add(plugin(), offering(Entry("thing", Thing), Entry("thing", Thing)))
    with pytest.raises(PluginError, match="offered 2 times by srbench-toy; one of them needs another name"):
        registry.get("method", "thing")


def test_the_same_name_for_two_kinds_is_no_clash() -> None:
    @hookimpl
    def srbench_metrics() -> list[Entry]:
        return [Entry("thing", "nowhere:Thing")]

    module = offering(Entry("thing", Thing))
    module.srbench_metrics = srbench_metrics
    registry = Registry()
    registry.add(plugin(), module)
    assert not registry.broken
    assert registry.get("metric", "thing").kind == "metric"


def test_two_entry_points_to_one_module_leave_the_first_working() -> None:
    registry = Registry()
    module = offering(Entry("thing", Thing))
    registry.add(plugin("srbench-one"), module)
    registry.add(plugin("srbench-two"), module)
    assert registry.get("method", "thing").plugin.distribution == "srbench-one"
    (broken,) = registry.broken
    assert "registered already, as srbench-one" in broken.reason


def test_an_unknown_name_without_any_names() -> None:
    with pytest.raises(PluginError, match=r"^unknown metric 'psnr'\. There are none\.$"):
        Registry().get("metric", "psnr")


@pytest.mark.parametrize(
    ("target", "fragment"),
    [
        ("no_such_module_anywhere:Thing", "ModuleNotFoundError: No module named 'no_such_module_anywhere'"),
        ("srbench.errors:Thing", "module 'srbench.errors' has no attribute 'Thing'"),
        ("srbench.errors:nearest", "it should be a class derived from srbench.Method"),
        ("srbench.errors:SrbenchError", "it should be a class derived from srbench.Method"),
    ],
)
def test_a_lazy_target_that_is_not_there_is_found_out_when_used(target: str, fragment: str) -> None:
    registry = Registry()
    registry.add(plugin(), offering(Entry("thing", target)))
    assert not registry.broken
    with pytest.raises(PluginError, match="method 'thing' of srbench-toy") as caught:
        registry.get("method", "thing").load()
    assert fragment in str(caught.value)


class Edited(Protocol):
    """A protocol of somebody's own class, whose code would be in no key."""


@pytest.mark.parametrize(
    ("kind", "right", "wrong"),
    [
        ("method", Thing, srbench.Dataset),
        ("dataset", srbench.Dataset, Thing),
        ("metric", srbench.SetMetric, Thing),
        ("protocol", Protocol("right", 2), Protocol),
        ("protocol", Protocol("right", 2), Protocol("other", 2)),
        ("protocol", Protocol("right", 2), Edited("wrong", 2)),
        ("extractor", srbench.Extractor, Thing),
        ("degradation", RightDegradation, Thing),
        ("degradation", RightDegradation, Bicubic),
        ("executor", srbench.Executor, Thing),
    ],
)
def test_each_kind_takes_its_own(kind: Any, right: object, wrong: object) -> None:
    hook = f"srbench_{kind}s"

    @hookimpl(specname=hook)
    def offer() -> list[Entry]:
        return [Entry("right", right), Entry("wrong", wrong)]

    registry = Registry()
    registry.add(plugin(), SimpleNamespace(offer=offer))
    assert registry.get(kind, "right").load() is right
    with pytest.raises(PluginError, match="it should be"):
        registry.get(kind, "wrong").load()


def test_loading_the_installed_plugins_imports_neither_torch_nor_lazy_targets() -> None:
    code = (
        "import sys\n"
        "from srbench.registry.registry import registry\n"
        "found = registry()\n"
        "print(len(found.names('protocol')))\n"
        "assert 'torch' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) >= 12


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(tmp_path)
    folder = tmp_path / f"toy_{uuid.uuid4().hex}"
    (folder / "inner").mkdir(parents=True)
    (folder / "__init__.py").write_text("A = 1\n")
    (folder / "inner" / "__init__.py").write_text("")
    (folder / "inner" / "settings.json").write_text("{}")
    return folder


def source_hash(folder: Path, module: str = "") -> str:
    (source,) = plugin(module=module or folder.name).sources.values()
    return source


@pytest.mark.parametrize("name", ["__init__.py", "inner/__init__.py", "inner/settings.json", "inner/new.py"])
def test_the_source_hash_changes_with_any_file(package: Path, name: str) -> None:
    before = source_hash(package)
    (package / name).write_text("A = 2\n")
    assert source_hash(package) != before


def test_the_source_hash_changes_when_a_file_moves(package: Path) -> None:
    before = source_hash(package)
    (package / "inner" / "settings.json").rename(package / "settings.json")
    assert source_hash(package) != before


def test_the_source_hash_does_not_change_with_times_or_compiled_files(package: Path) -> None:
    before = source_hash(package)
    (package / "__pycache__").mkdir()
    (package / "__pycache__" / "__init__.cpython-311.pyc").write_bytes(b"compiled")
    (package / ".DS_Store").write_bytes(b"hidden")
    os.utime(package / "__init__.py", (1, 1))
    assert source_hash(package) == before


def test_the_source_hash_does_not_depend_on_the_place(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = source_hash(package)
    (tmp_path / "elsewhere").mkdir()
    package.rename(tmp_path / "elsewhere" / package.name)
    monkeypatch.syspath_prepend(tmp_path / "elsewhere")
    assert source_hash(package) == before


def test_a_module_below_a_package_has_the_hash_of_the_whole_package(package: Path) -> None:
    assert source_hash(package, f"{package.name}.inner") == source_hash(package)


def test_a_namespace_shared_with_others_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    space = tmp_path / f"space_{uuid.uuid4().hex}"
    for name in ("mine", "yours"):
        (space / name).mkdir(parents=True)
        (space / name / "__init__.py").write_text("")
    before = source_hash(space, f"{space.name}.mine")
    (space / "yours" / "__init__.py").write_text("A = 1\n")
    assert source_hash(space, f"{space.name}.mine") == before
    (space / "mine" / "__init__.py").write_text("A = 1\n")
    assert source_hash(space, f"{space.name}.mine") != before


def test_a_plugin_of_one_file_has_a_hash_of_that_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    path = tmp_path / f"toy_{uuid.uuid4().hex}.py"
    path.write_text("A = 1\n")
    before = source_hash(path, path.stem)
    (tmp_path / "neighbour.py").write_text("")
    assert source_hash(path, path.stem) == before
    path.write_text("A = 2\n")
    assert source_hash(path, path.stem) != before


def test_kinds_and_hooks_match() -> None:
    from srbench.contract import hookspecs

    assert all(hasattr(hookspecs, f"srbench_{kind}s") for kind in KINDS)


# --- of some distributions alone -------------------------------------------------------------------------------------


@pytest.fixture
def unconfined(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The plugins of this process as they were, afterwards."""
    monkeypatch.setattr(module, "_confined_to", None)
    yield
    monkeypatch.undo()
    registry.cache_clear()


def test_a_process_may_know_no_plugins_but_those_of_some_distributions(unconfined: None) -> None:
    every = {one.plugin.distribution for kind in KINDS for one in registry().entries(kind)}
    assert {"srbench", "srbench-fidelity", "srbench-bicubic"} <= every
    confine({"srbench-fidelity"})
    known = {one.plugin.distribution for kind in KINDS for one in registry().entries(kind)}
    assert known == {"srbench", "srbench-fidelity"}
    assert registry().get("metric", "psnr").load() is not None and registry().get("protocol", "x4-y") is not None
    with pytest.raises(SrbenchError, match="bicubic"):
        registry().get("method", "bicubic")
    confine({"srbench-bicubic"})
    assert registry().get("method", "bicubic") is not None


def test_a_process_knows_the_plugins_that_its_own_are_built_on(unconfined: None) -> None:
    confine({"srbench-cas"})  # which classifies by an extractor of srbench-fid
    assert registry().get("extractor", "skinlesnet") is not None
    with pytest.raises(SrbenchError, match="bicubic"):
        registry().get("method", "bicubic")
