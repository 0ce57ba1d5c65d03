"""What a key holds of code, parameters and files: what a file holds and not where it lies, and whose code made LR."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import msgspec
import pytest

import srbench
from srbench.contract.chain import Chain
from srbench.contract.degradations import Bicubic
from srbench.contract.protocol import Protocol
from srbench.registry.configured import Use
from srbench.registry.registry import Plugin, Registered, Registry, registry
from srbench.runner.job.tasks import SeenFile
from srbench.runner.planning import provenance as module
from srbench.runner.planning.provenance import (
    changed_plugin,
    degradation_files,
    degradation_uses,
    files_of,
    packages,
    protocol_facts,
    provenance,
    read_by,
    sources_of,
)
from srbench.store.files import sha256
from srbench.weights.lookup import WeightsMissing

Make = Callable[..., Use]


@pytest.fixture
def use() -> Make:
    """The real method `bicubic`, with any parameters."""
    return lambda **params: Use("shown as", registry().get("method", "bicubic"), params)


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_a_key_holds_the_entry_its_plugin_and_its_parameters(use: Make) -> None:
    plugin = registry().get("method", "bicubic").plugin
    assert provenance(use(a=(1, 2), b={"c": 3})) == {
        "name": "bicubic",  # not what tables call it
        "distribution": plugin.distribution,
        "version": plugin.version,
        "source": plugin.sources,
        "params": {"a": [1, 2], "b": {"c": 3}},
    }
    assert provenance(use(a=1, b=2), without={"b"})["params"] == {"a": 1}


def test_a_structure_counts_as_a_mapping_of_all_its_fields_and_files_in_it_by_what_they_hold(
    use: Make, tmp_path: Path
) -> None:
    class Parts(msgspec.Struct, frozen=True):
        width: int = 3
        file: Path | None = None

    (tmp_path / "a").write_bytes(b"held")
    facts = provenance(use(parts=Parts(file=tmp_path / "a"), none=None))["params"]
    assert facts == {"parts": {"width": 3, "file": {"sha256": sha(b"held")}}, "none": None}
    method = registry().get("method", "bicubic").load()()
    assert files_of(use(parts=Parts(file=tmp_path / "a")), method) == (SeenFile(tmp_path / "a", sha(b"held")),)


def test_a_file_counts_by_what_it_holds(use: Make, tmp_path: Path) -> None:
    one, other = tmp_path / "one.pth", tmp_path / "deep" / "other.pth"
    one.write_bytes(b"weights")
    other.parent.mkdir()
    shutil.copy(one, other)
    first = provenance(use(net=one, more=[{"x": one}]))["params"]
    assert first == {"net": {"sha256": sha(b"weights")}, "more": [{"x": {"sha256": sha(b"weights")}}]}
    assert provenance(use(net=other, more=[{"x": other}]))["params"] == first
    one.write_bytes(b"others")
    assert provenance(use(net=one))["params"] == {"net": {"sha256": sha(b"others")}}
    assert provenance(use(net=tmp_path))["params"] == {"net": str(tmp_path)}  # a folder, by its path


def test_files_are_those_of_parameters_and_of_the_thing_each_once(use: Make, tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_bytes(b"1")
    other.write_bytes(b"2")
    thing = SimpleNamespace(files=(other, one, tmp_path / "gone"), weights=())
    assert files_of(use(net=one, deep={"x": [tmp_path / "gone too"]}), thing) == (
        SeenFile(one, sha(b"1")),
        SeenFile(other, sha(b"2")),
    )


def test_published_weights_count_by_their_declared_hash_and_must_be_here(
    use: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SRBENCH_DATA", str(tmp_path))
    with pytest.raises(WeightsMissing, match="srbench fetch vgg19"):
        read_by(["vgg19"], ())
    declared = registry().weights_file("vgg19")
    path = tmp_path / "weights" / declared.file
    path.parent.mkdir()
    path.write_bytes(b"not compared here, but when it is read")
    extra = tmp_path / "extra"
    extra.write_bytes(b"x")
    assert read_by(["vgg19"], [extra]) == {"weights": {"vgg19": declared.sha256}, "files": [sha(b"x")]}
    assert files_of(use(), SimpleNamespace(weights=["vgg19"])) == (SeenFile(path, None),)
    assert read_by((), ()) == {}


@dataclass(frozen=True)
class Odd(srbench.Degradation):
    """Every scale-th pixel."""

    name: ClassVar[str] = "odd"
    start: int = 1
    file: Path | None = None

    def lr(self, hr: Any, peak: float, scale: int, rng: Any) -> Any:
        return hr[::scale, ::scale]


@pytest.fixture
def of_plugin(monkeypatch: pytest.MonkeyPatch) -> Plugin:
    """A plugin whose degradation is the only one registered besides srbench's own."""
    plugin = Plugin("odd", "srbench-odd", "1", "srbench.registry.builtin")
    vars(plugin)["sources"] = {"srbench-odd": "5" * 64}
    own = Registry()
    own.add(plugin, SimpleNamespace(srbench_degradations=srbench.hookimpl(lambda: [srbench.Entry("odd", Odd)])))
    assert not own.broken
    monkeypatch.setattr(module, "registry", lambda: own)
    return plugin


def test_lr_made_by_a_plugin_has_its_code_and_parameters_in_the_key(of_plugin: Plugin) -> None:
    protocol = Protocol("x2-odd", 2, degradation=Odd(start=0))
    [use] = degradation_uses(protocol)
    assert (use.name, use.params, use.registered.plugin) == ("odd(start=0)", {"start": 0, "file": None}, of_plugin)
    facts = protocol_facts(protocol)
    assert facts["degradation"]["source"] == of_plugin.sources
    assert facts["degradation"]["params"] == {"start": 0, "file": None}
    del facts["degradation"]
    assert facts == {"scale": 2, "channel": "rgb", "border": 0, "seed": 0, "version": protocol.version}


def test_a_file_that_lr_is_made_with_counts_by_its_content_wherever_it_lies(of_plugin: Plugin, tmp_path: Path) -> None:
    facts = []
    for name, content in (("a", "kernel"), ("b", "kernel"), ("c", "other")):
        (tmp_path / name).write_text(content)
        protocol = Protocol("x2-odd", 2, degradation=Odd(file=tmp_path / name))
        facts.append(protocol_facts(protocol))
        assert degradation_files(protocol) == (SeenFile(tmp_path / name, sha256(tmp_path / name)),)
        assert str(protocol.degradation) == f"odd(file={name})"
    assert facts[0] == facts[1] != facts[2]


def test_each_step_of_a_chain_is_in_the_key_with_its_code(of_plugin: Plugin) -> None:
    protocol = Protocol("x2-odd", 2, degradation=Chain((Odd(), Odd(start=0))))
    assert [use.params["start"] for use in degradation_uses(protocol)] == [1, 0]
    first, second = protocol_facts(protocol)["degradation"]
    assert first == protocol_facts(Protocol("x2-odd", 2, degradation=Odd()))["degradation"]
    assert second["source"] == of_plugin.sources and second["params"]["start"] == 0


def test_srbench_s_own_degradations_have_versions_and_generation_has_none() -> None:
    plain = Protocol("x2", 2, degradation=Bicubic())
    assert degradation_uses(plain) == ()
    assert protocol_facts(plain)["degradation"] == plain.facts()["degradation"]
    squares = Protocol("8px", 1, task="generation", size=8)
    assert degradation_uses(squares) == ()
    assert protocol_facts(squares) == {"scale": 1, "size": 8, "framing": "shrunk", "version": squares.version}


def test_code_that_changed_since_the_plan_is_named(of_plugin: Plugin) -> None:
    use = Use("odd", Registered("degradation", srbench.Entry("odd", Odd), of_plugin), {})
    assert sources_of([use, use]) == {"srbench-odd": of_plugin.sources}
    assert changed_plugin(sources_of([use]), [use]) == ""
    assert changed_plugin({}, [use]) == ""  # nothing was planned of it
    assert changed_plugin({"srbench-odd": {"srbench-odd": "6" * 64}}, [use]) == "odd"


def test_packages_are_those_the_plugin_declares_but_for_the_machine_s(
    monkeypatch: pytest.MonkeyPatch, use: Make
) -> None:
    monkeypatch.setattr(module, "dependencies", lambda names: {"torch": "2", "pytorch-msssim": "1.0", "numpy": "2"})
    found = packages(use())
    assert "pytorch-msssim" in found and not set(found) & set(module.MACHINE)
