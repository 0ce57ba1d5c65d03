"""Which format a file is of, and its pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import srbench
from srbench.registry import formats, registry
from srbench.registry.registry import Plugin, Registry


class Bare(srbench.Format):
    """Rows of 4 bytes, a picture each, behind the letters BARE."""

    suffixes = (".bare", ".bare.raw")

    def __init__(self, times: int = 1) -> None:
        self.times = times

    def recognises(self, path: Path, head: bytes) -> bool:
        return super().recognises(path, head) or head.startswith(b"BARE")

    def listed(self, path: Path, head: bytes) -> Sequence[Path] | None:
        return [path.with_name(name) for name in head[4:].decode().split()] if head.startswith(b"BARE@") else None

    def frames(self, path: Path) -> Sequence[srbench.Frame]:
        rows = (path.stat().st_size - 4) // 4
        if not rows:
            raise srbench.ImageError(f"{path}: holds no picture")
        return [srbench.Frame(path, str(row), size=(2, 2)) for row in range(rows)]

    def read(self, frame: srbench.Frame) -> srbench.Image:
        start = 4 + 4 * int(frame.key)
        row = np.frombuffer(frame.path.read_bytes()[start : start + 4], np.uint8)
        return row.reshape(2, 2, 1) * np.uint8(self.times)


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("bare")
    module.srbench_formats = srbench.hookimpl(lambda: [srbench.Entry("bare", Bare)])  # type: ignore[attr-defined]
    module.srbench_formats.__name__ = "srbench_formats"
    made = Registry()
    made.add(Plugin("bare", "srbench-bare", "1", "bare"), module)
    assert not made.broken
    monkeypatch.setattr(formats, "registry", lambda: made)
    assert registry is not None


def test_a_file_is_of_the_format_that_knows_its_name_or_its_content(tmp_path: Path) -> None:
    for name, content in (("a.BARE", b"BARE0000"), ("b.bare.raw", b"BARE0000"), ("c", b"BARE0000"), ("d.raw", b"none")):
        (tmp_path / name).write_bytes(content)
    known = {path.name: formats.Formats().of(path) is not None for path in tmp_path.iterdir()}
    assert known == {"a.BARE": True, "b.bare.raw": True, "c": True, "d.raw": False}
    assert formats.Formats().frames(tmp_path / "d.raw") is None
    with pytest.raises(srbench.ImageError, match="gone: cannot be read: No such file"):
        formats.Formats().of(tmp_path / "gone")


def test_a_file_that_lists_others_is_told_with_these(tmp_path: Path) -> None:
    path = tmp_path / "index.bare"
    path.write_bytes(b"BARE@a @b")
    for ask in (formats.Formats().of, formats.Formats().frames):
        with pytest.raises(srbench.IndexFile, match=r"index\.bare: lists other files") as told:
            ask(path)
        assert told.value.files == (tmp_path / "@a", tmp_path / "@b")


def test_each_frame_has_its_picture_and_parameters_make_it_another_one(tmp_path: Path) -> None:
    path = tmp_path / "a.bare"
    path.write_bytes(b"BARE" + bytes(range(8)))
    plain, doubled = (formats.Formats(params).frames(path) for params in ({}, {"bare": {"times": 2}}))
    assert plain is not None and doubled is not None
    for found, times in ((plain, 1), (doubled, 2)):
        pixels = [srbench.read_picture(picture).ravel().tolist() for _, picture in found]
        assert pixels == [[times * value for value in row] for row in ([0, 1, 2, 3], [4, 5, 6, 7])]
    keys = {picture.key for _, picture in [*plain, *doubled]}
    assert len(keys) == 4 and {picture.path for _, picture in plain} == {path}


def test_what_is_asked_of_no_format_is_refused() -> None:
    with pytest.raises(srbench.SrbenchError, match=r"unknown format 'bear'\. Did you mean 'bare'"):
        formats.Formats({"bear": {}})
    with pytest.raises(srbench.SrbenchError, match=r"format 'bare': unknown parameter 'time'\. Did you mean 'times'"):
        formats.Formats({"bare": {"time": 2}})
