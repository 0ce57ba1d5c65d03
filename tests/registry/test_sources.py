"""Editing a plugin, or one it builds on, or a package that computes scores, makes stale what it can change, no more."""

from __future__ import annotations

import importlib.metadata
import json
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
from bench_in_process import InProcess
from hypothesis import given
from hypothesis import strategies as st

from srbench.matrix import read_matrix
from srbench.registry import sources
from srbench.registry.registry import Plugin, Registry, load_plugins
from srbench.registry.sources import dependencies
from srbench.runner.planning import provenance
from srbench.runner.planning.plan import make_plan
from srbench.runner.planning.planned import Plan

METHOD = '''
import srbench


class {name}(srbench.Method):
    """Repeats pixels."""

    def upscale(self, lr, scale):
        return lr.repeat_interleave(scale, -2).repeat_interleave(scale, -1)


@srbench.hookimpl
def srbench_methods():
    return [srbench.Entry("{name}", {name})]
'''
METRIC = '''
import srbench


class Meter(srbench.ImageMetric):
    """A mean difference."""

    higher_is_better = False

    def score(self, sr, hr):
        return float((sr - hr).abs().mean())


@srbench.hookimpl
def srbench_metrics():
    return [srbench.Entry("meter", Meter)]
'''
DEGRADATION = '''
from dataclasses import dataclass
from typing import ClassVar

import srbench


@dataclass(frozen=True)
class Odd(srbench.Degradation):
    """Every scale-th pixel."""

    name: ClassVar[str] = "odd"

    def lr(self, hr, peak, scale, rng):
        return hr[::scale, ::scale]


@srbench.hookimpl
def srbench_degradations():
    return [srbench.Entry("odd", Odd)]
'''


class Site:
    """A folder on the path into which distributions are put by hand."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.unique = folder, uuid.uuid4().hex[:8]

    def put(self, name: str, version: str, *requires: str, files: dict[str, str] | None = None) -> None:
        """files: by module; the first is that of the entry point. None: a package that is no plugin."""
        info = self.folder / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
        (info / "METADATA").write_text("\n".join([*lines, *(f"Requires-Dist: {one}" for one in requires)]) + "\n")
        record = [f"{info.name}/METADATA,,"]
        for module, text in (files or {}).items():
            path = self.path(module)
            path.write_text(text)
            record.append(f"{path.name},,")
        if files:
            (info / "entry_points.txt").write_text(f"[srbench]\n{name} = {self.path(next(iter(files))).stem}\n")
        (info / "RECORD").write_text("\n".join(record) + "\n")

    def upgrade(self, name: str, old: str, new: str) -> None:
        info = self.folder / f"{name}-{old}.dist-info"
        text = (info / "METADATA").read_text().replace(f"Version: {old}", f"Version: {new}")
        (info / "METADATA").write_text(text)
        info.rename(self.folder / f"{name}-{new}.dist-info")
        _forget()

    def path(self, module: str) -> Path:
        return self.folder / f"{module}_{self.unique}.py"

    def edit(self, module: str) -> None:
        self.path(module).write_text(self.path(module).read_text() + "\nEDITED = 1\n")

    def registry(self) -> Registry:
        return load_plugins(list(importlib.metadata.entry_points(group="srbench")))


def _forget() -> None:
    """What a process of its own would not know."""
    sources._modules.cache_clear()
    sources._dependencies.cache_clear()


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    site = Site(folder)
    site.put("srbench-ground", "1", files={"ground": METHOD.format(name="Ground")})
    top = {"top": METHOD.format(name="Top"), "second": "WIDTH = 3\n"}
    site.put("srbench-top", "1", "srbench-middle", "srbench", "toyarrays", files=top)
    site.put("srbench-middle", "1", "srbench-ground; python_version >= '3'", files={"middle": "A = 1\n"})
    extras = ("toysums", "srbench", "torch", "absent; extra == 'all'", "srbench-ground; extra == 'all'")
    site.put("srbench-meter", "1", *extras, files={"meter": METRIC})
    site.put("srbench-odd", "1", files={"odd": DEGRADATION})
    site.put("toysums", "1.0.0")
    site.put("toyarrays", "3.0")
    _forget()
    return site


@pytest.fixture
def bench(site: Site, tmp_path: Path) -> InProcess:
    return InProcess(tmp_path, methods=["Ground", "Top", "bicubic"], metrics=["meter", "psnr"])


def planned(bench: InProcess, site: Site) -> Plan:
    return make_plan(read_matrix(bench.matrix, site.registry()), bench.store)


def run(bench: InProcess, site: Site) -> None:
    for cell in planned(bench, site).cells:
        bench.do(cell.evaluation())


@pytest.mark.parametrize(
    ("module", "stale"),
    [("ground", {"Ground", "Top"}), ("middle", {"Top"}), ("top", {"Top"}), ("second", {"Top"}), ("odd", set())],
)
def test_exactly_the_cells_that_an_edited_module_can_change_are_stale(
    bench: InProcess, site: Site, module: str, stale: set[str]
) -> None:
    run(bench, site)
    assert {cell.state for cell in planned(bench, site).cells} == {"done"}
    site.edit(module)
    states = {cell.cell.method: (cell.state, cell.why) for cell in planned(bench, site).cells}
    assert {method for method, (state, _) in states.items() if state != "done"} == stale
    distribution = "srbench-top" if module == "second" else f"srbench-{module}"
    assert all(states[method] == ("stale", f"changed: the code of {distribution} changed") for method in stale)


def test_an_edited_metric_is_scored_again_alone(bench: InProcess, site: Site) -> None:
    run(bench, site)
    site.edit("meter")
    for cell in planned(bench, site).cells:
        assert [scoring.metric.name for scoring in cell.metrics] == ["meter"] and cell.stored is not None


def test_another_version_of_a_package_that_computes_scores_scores_again_and_is_told(
    bench: InProcess, site: Site
) -> None:
    run(bench, site)
    site.upgrade("toysums", "1.0.0", "1.1.0")
    for cell in planned(bench, site).cells:
        assert (cell.state, cell.why) == ("stale", "to be scored: meter (toysums 1.0.0 -> 1.1.0)")
    run(bench, site)
    assert {cell.why for cell in planned(bench, site).cells} == {"ok"}


def test_another_version_of_a_package_that_a_method_needs_is_told_where_it_concerns_one(
    bench: InProcess, site: Site
) -> None:
    run(bench, site)
    site.upgrade("toyarrays", "3.0", "4.0")
    said = {cell.cell.method: (cell.state, cell.why) for cell in planned(bench, site).cells}
    assert said["Top"] == ("done", "ok; toyarrays 3.0 -> 4.0 since this was made")
    assert said["Ground"] == said["bicubic"] == ("done", "ok")


def test_another_torch_makes_no_score_stale() -> None:
    assert "torch" in dependencies(["srbench-lpips", "srbench-ddpm"])
    assert "torch" not in provenance.packages(_use("srbench-ddpm"))


def _use(distribution: str) -> provenance.Use:
    from srbench.contract.entry import Entry
    from srbench.registry.registry import Registered

    plugin = Plugin("toy", distribution, "1", "toy")
    return provenance.Use("toy", Registered("metric", Entry("toy", object), plugin), {})


def test_a_degradation_of_a_plugin_has_its_code_in_the_key(
    bench: InProcess, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.content["protocols"] = [{"use": "x2-rgb", "as": "odd", "degradation": "odd"}, "x2-rgb"]
    monkeypatch.setattr(provenance, "registry", site.registry)
    run(bench, site)
    assert {cell.state for cell in planned(bench, site).cells} == {"done"}
    site.edit("odd")
    states = {(cell.cell.protocol, cell.state, cell.why) for cell in planned(bench, site).cells}
    assert states == {("odd", "stale", "changed: the code of srbench-odd changed"), ("x2-rgb", "done", "ok")}


def test_extras_and_markers_that_do_not_hold_build_on_nothing(site: Site) -> None:
    assert set(Plugin("m", "srbench-meter", "1", site.path("meter").stem).sources) == {"srbench-meter"}
    found = Plugin("t", "srbench-top", "1", site.path("top").stem).sources
    assert list(found) == ["srbench-top", "srbench-ground", "srbench-middle"]
    assert dependencies(["srbench-meter"]).keys() == {"toysums", "torch"}


@pytest.mark.parametrize("layout", ["flat", "src"])
@pytest.mark.parametrize("backend", ["hatchling", "setuptools"])
def test_of_an_editable_install_every_module_of_the_project_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, layout: str, backend: str
) -> None:
    one, two = (f"toy_{uuid.uuid4().hex}" for _ in range(2))
    project, path = tmp_path / "project", tmp_path / "site"
    code = project / "src" if layout == "src" else project
    for package in (one, two, "tests"):
        (code / package).mkdir(parents=True)
        (code / package / "__init__.py").write_text("A = 1\n")
    (project / "pyproject.toml").write_text("")
    info = path / "srbench_editable-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: srbench-editable\nVersion: 1\n")
    (info / "direct_url.json").write_text(json.dumps({"url": project.as_uri(), "dir_info": {"editable": True}}))
    if backend == "setuptools":
        (info / "RECORD").write_text("__editable___toy_finder.py,,\n__editable__.toy.pth,,\n")
        (info / "top_level.txt").write_text(f"{one}\n{two}\n")
    else:
        (info / "RECORD").write_text("_editable_impl_toy.pth,,\n")
    monkeypatch.syspath_prepend(path)
    monkeypatch.syspath_prepend(code)
    plugin = Plugin("p", "srbench-editable", "1", one)
    before = plugin.sources
    (code / "tests/__init__.py").write_text("A = 2\n")
    assert Plugin("p", "srbench-editable", "1", one).sources == before
    (code / two / "new.py").write_text("A = 2\n")
    assert Plugin("p", "srbench-editable", "1", one).sources != before


@pytest.mark.parametrize(
    "same",
    [
        "# a comment\nA = 1\n\ndef f(x):\n    return x\n",
        '"""A docstring."""\nA = 1\ndef f(x):\n    "Another."\n    return (x)\n',
        "A = 0x1\ndef f( x ) :\n        return x  # why\n",
    ],
)
def test_comments_docstrings_and_layout_change_no_hash(same: str) -> None:
    assert sources._said(same.encode()) == sources._said(b"A = 1\ndef f(x):\n    return x\n")


@pytest.mark.parametrize(
    "told",
    [
        "papers = (1, 2)",
        "papers: tuple = ()",
        '"""Words."""\n    papers = 3',
        'judges = "task"',
        "terms = 1",
        'shown_as = "A"',
    ],
)
def test_what_a_class_tells_readers_changes_no_hash(told: str) -> None:
    assert sources._said(f"class A:\n    {told}\n    b = 1\n".encode()) == sources._said(b"class A:\n    b = 1\n")


def test_what_is_called_papers_elsewhere_is_code() -> None:
    for code in ("papers = {}\n", "def f():\n    papers = {}\n    return papers\n", "class A:\n    papers[{}] = 1\n"):
        assert sources._said(code.format(1).encode()) != sources._said(code.format(2).encode())


@pytest.mark.parametrize(
    "other",
    [
        "A = 1\ndef f(x):\n    return -x\n",
        "A = 1.0\ndef f(x):\n    return x\n",
        "A = 1\ndef f(x):\n    yield x\n",
        "A =",
    ],
)
def test_whatever_code_does_otherwise_changes_the_hash(other: str) -> None:
    assert sources._said(other.encode()) != sources._said(b"A = 1\ndef f(x):\n    return x\n")


@given(st.binary(max_size=40), st.binary(max_size=40))
def test_files_that_are_no_code_count_by_their_bytes(one: bytes, other: bytes) -> None:
    broken = b"def ("
    assert (sources._said(broken + one) == sources._said(broken + other)) == (one == other)


def test_the_hash_of_code_is_the_same_in_every_process() -> None:
    code = "from srbench.registry.sources import _said; print(_said(b'A = {1, 2}; f\"{A!r:>{8}}\"').decode())"
    said = {subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout for _ in range(2)}
    assert said == {sources._said(b'A = {1, 2}; f"{A!r:>{8}}"').decode() + "\n"}
