"""What is kept: made once, made anew when it is damaged, and never a reason to fail."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from srbench.store.cache import Cache

KEY = "ab12"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "srbench" / "numbers"


class Maker:
    def __init__(self) -> None:
        self.made = 0

    def __call__(self) -> int:
        self.made += 1
        return 41 + self.made


def get(make: Callable[[], int], key: str = KEY) -> int:
    return Cache("numbers").get(key, make, lambda number: str(number).encode(), int)


def test_it_is_made_once(folder: Path) -> None:
    maker = Maker()
    assert [get(maker), get(maker)] == [42, 42]
    assert maker.made == 1


def test_another_key_is_another_thing(folder: Path) -> None:
    maker = Maker()
    assert [get(maker), get(maker, "cd34"), get(maker)] == [42, 43, 42]


def test_what_is_damaged_is_made_anew(folder: Path) -> None:
    get(Maker())
    (file,) = (path for path in folder.rglob("*") if path.is_file())
    file.write_bytes(b"\xff no number")
    maker = Maker()
    assert [get(maker), get(maker)] == [42, 42]
    assert maker.made == 1


def test_what_the_reader_calls_unsound_is_made_anew(folder: Path) -> None:
    get(lambda: 7)
    sound = Cache("numbers").get(KEY, lambda: 8, lambda number: str(number).encode(), lambda held: None)
    assert sound == 8
    assert get(Maker()) == 8


def test_a_folder_that_cannot_be_written_costs_time_only(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder.parent.mkdir(parents=True)
    folder.write_text("a file where the folder should be")
    maker = Maker()
    assert [get(maker), get(maker)] == [42, 43]
    assert "not kept" in caplog.text


def test_an_error_in_making_is_the_callers_and_nothing_is_kept(folder: Path) -> None:
    def fail() -> int:
        raise RuntimeError("out of memory")

    with pytest.raises(RuntimeError, match="out of memory"):
        get(fail)
    assert get(Maker()) == 42


def test_of_several_that_want_it_one_makes_it(folder: Path) -> None:
    maker, found = Maker(), []
    begun, go_on = threading.Event(), threading.Event()

    def slowly() -> int:
        begun.set()
        assert go_on.wait(10)
        return maker()

    first = threading.Thread(target=lambda: found.append(get(slowly)))
    first.start()
    assert begun.wait(10)
    others = [threading.Thread(target=lambda: found.append(get(maker))) for _ in range(3)]
    for other in others:
        other.start()
    go_on.set()
    for thread in (first, *others):
        thread.join(10)
    assert found == [42] * 4
    assert maker.made == 1
    assert not list(folder.rglob("*.lock"))


class Unclosable:
    """A file whose disk fails when it is closed."""

    def __init__(self, file: Any) -> None:
        self.file, self.fileno = file, file.fileno

    def close(self) -> None:
        self.file.close()
        raise OSError(errno.EIO, "no luck")


def test_a_lock_that_cannot_even_be_closed_costs_no_result(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    before = Path.open

    def opened(path: Path, mode: str = "r") -> Any:
        file = before(path, mode)
        return Unclosable(file) if path.suffix == ".lock" else file

    monkeypatch.setattr(Path, "open", opened)
    assert get(Maker()) == 42
    assert not list(folder.rglob("*.lock"))
