"""What stands in the way of a run is found, and what does not is not blamed."""

from __future__ import annotations

import shutil
from collections import namedtuple
from pathlib import Path

import pytest
from rig import Bench
from rig.server import CONTENT, Server

from srbench.commands import doctor
from srbench.commands.doctor import ENOUGH_DISK_GB, Finding, diagnose

Usage = namedtuple("Usage", "total used free")
DATASETS = """

class Online(Noise):
    def prepare(self, root):
        import urllib.request
        urllib.request.urlopen({url!r}).read()


class Crooked(Noise):
    def prepare(self, root):
        raise RuntimeError("not a folder")


@srbench.hookimpl(specname="srbench_datasets")
def more_datasets():
    return [srbench.Entry("toy-online", Online), srbench.Entry("toy-crooked", Crooked)]
"""


@pytest.fixture
def shop(shop: Bench, server: Server) -> Bench:
    shop.plugin.write_text(shop.plugin.read_text() + DATASETS.format(url=server.url))
    return shop


def found(*checks: str) -> list[Finding]:
    known = {finding.check: finding for finding in diagnose()}
    return [known[check] for check in checks]


def test_datasets_are_ready_not_here_or_wrong_and_none_uses_the_network(shop: Bench, server: Server) -> None:
    names = ("toy-noise", "toy-absent", "toy-crooked", "toy-online")
    ready, absent, crooked, online = found(*(f"dataset {name}" for name in names))
    assert (ready.ok, ready.finding) == (True, "ready")
    assert (absent.ok, absent.finding) == (True, f"not here: nothing at {shop.folder / 'data root' / 'absent'}")
    assert (crooked.ok, crooked.finding) == (False, "RuntimeError: not a folder")
    assert not online.ok and "network" in online.finding
    assert server.asked == []


def test_a_dataset_that_needs_parameters_is_not_judged(shop: Bench) -> None:
    assert "dataset folder" not in {finding.check for finding in diagnose()}


def test_only_damaged_weights_are_wrong_and_the_remedy_is_named(shop: Bench) -> None:
    path = shop.folder / "data root" / "weights" / "weights.pth"
    (absent,) = doctor_of_weights()
    assert absent.ok and "`srbench fetch toy-weights`" in absent.finding
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT)
    (here,) = doctor_of_weights()
    assert (here.ok, here.finding) == (True, f"verified: {path}")
    path.write_bytes(CONTENT[:-1])
    (damaged,) = doctor_of_weights()
    assert not damaged.ok and "wrong sha256; `srbench fetch toy-weights` replaces it" in damaged.finding


def doctor_of_weights() -> list[Finding]:
    return [finding for finding in doctor._weights() if finding.check == "weights toy-weights"]


def test_a_plugin_that_cannot_be_loaded_is_wrong_and_the_others_are_not(toys: Bench) -> None:
    toys.plugin.write_text("import a_module_that_is_not_there\n")
    plugins = {finding.check: finding for finding in doctor._plugins()}
    assert not plugins["plugin toys"].ok
    assert plugins["plugin toys"].finding.startswith("srbench-toys: ModuleNotFoundError")
    assert plugins["plugin builtin"].ok


@pytest.mark.parametrize(("free", "ok"), [(ENOUGH_DISK_GB * 1.01, True), (ENOUGH_DISK_GB * 0.99, False)])
def test_a_full_disk_is_wrong(monkeypatch: pytest.MonkeyPatch, free: float, ok: bool) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(0, 0, free * 1e9))
    finding = doctor._disk()
    assert finding.ok is ok and f"{free:.1f} GB free" in finding.finding


def test_a_data_root_that_is_not_there_is_told_with_the_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SRBENCH_DATA", str(tmp_path / "data"))
    assert doctor._data().finding == (
        f"{tmp_path / 'data'} is not there yet; put named datasets into it, or set SRBENCH_DATA"
    )
    (tmp_path / "data").mkdir()
    assert doctor._data().finding == str(tmp_path / "data")
