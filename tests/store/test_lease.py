"""Who is at work in a store is known without locks, and without a clock that machines would have to share."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from made_records import leave_lease
from rig import wait_for

from srbench.store import lease as leases
from srbench.store.files import StoreError
from srbench.store.lease import BEAT_SECONDS, SILENCE_SECONDS, Lease, Leases, Process, Silence
from srbench.store.records import Store


class Clock:
    """Seconds, as a test says."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "BEAT_SECONDS", 0.01)


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "86400"]) as process:
        yield process
        process.kill()


def identity(pid: int) -> Process:
    """What that process would say of itself."""
    code = "import os, sys, msgspec; from srbench.store.lease import _begun; print(_begun(int(sys.argv[1])))"
    begun = subprocess.run([sys.executable, "-c", code, str(pid)], capture_output=True, text=True, check=True).stdout
    return msgspec.structs.replace(Process.this(), pid=pid, begun=int(begun))


def test_a_process_of_this_machine_is_known_to_live_or_not(sleeper: subprocess.Popen[bytes]) -> None:
    assert Process.this().is_gone is False
    other = identity(sleeper.pid)
    assert other.is_gone is False
    assert msgspec.structs.replace(other, begun=other.begun - 1).is_gone, "a number that is used again"
    sleeper.kill()
    wait_for(lambda: other.is_gone)  # a zombie still
    sleeper.wait()
    assert other.is_gone


@pytest.mark.parametrize("machine", ["another boot", ""])
def test_of_a_process_of_another_machine_nothing_is_known(machine: str) -> None:
    assert msgspec.structs.replace(Process.this(), machine=machine).is_gone is None


def test_silence_lasts_for_as_long_as_one_looks_and_nothing_changes() -> None:
    clock = Clock()
    silence = Silence(clock)
    for second in range(20):
        assert silence.seconds("a", 1) == second
        clock.now += 1
    assert silence.seconds("b", 1) == 0
    assert silence.seconds("a", 2) == 0
    clock.now += 3600  # a laptop was closed, and whatever else runs on it slept, too
    assert 0 < silence.seconds("a", 2) < 30


def test_a_lease_is_seen_while_it_is_held(store: Store) -> None:
    seen = Leases(store.root)
    with Lease(store.root, "a run of m") as lease:
        assert not seen.is_over(lease.name) and seen.at_work() == [f"a run of m, {Process.this()}"]
        assert lease.others() == [] and not lease.is_over(lease.name)
    assert seen.is_over(lease.name) and seen.at_work() == []
    assert list((store.root / "runs").iterdir()) == []


def test_what_was_killed_is_over_at_once(store: Store) -> None:
    code = (
        "import os, sys\nfrom pathlib import Path\nfrom srbench.store.lease import Lease\n"
        "with Lease(Path(sys.argv[1]), 'a run') as lease:\n    print(lease.name, flush=True)\n"
        "    os.kill(os.getpid(), 9)"
    )
    name = subprocess.run([sys.executable, "-c", code, str(store.root)], capture_output=True, text=True).stdout.strip()
    with Lease(store.root, "another", alone=True) as lease:
        assert lease.is_over(name)
        lease.clear()
        assert [path.stem for path in (store.root / "runs").iterdir()] == [lease.name]


@pytest.mark.parametrize("content", [None, b"", b"{}", b"\xff"])
def test_on_another_machine_a_process_lives_for_as_long_as_its_lease_changes(
    store: Store, content: bytes | None
) -> None:
    clock = Clock()
    seen, path = Leases(store.root, clock), leave_lease(store.root, "far")
    if content is not None:
        path.write_bytes(content)
    for second in range(10 * int(SILENCE_SECONDS)):
        clock.now += 1
        if second % int(BEAT_SECONDS) == 0:
            os.utime(path, ns=(0, second))  # by a clock that is half a century late
        assert not seen.is_over("far")
    looks = 0
    while not seen.is_over("far"):
        clock.now += 1
        looks += 1
    assert looks == pytest.approx(SILENCE_SECONDS, abs=BEAT_SECONDS + 1)
    assert not Leases(store.root, clock).is_over("far"), "who has just begun to look cannot know"


def test_a_lease_is_touched_again_and_again_and_comes_back(store: Store, quick: None) -> None:
    with Lease(store.root, "a run") as lease:
        first = lease.path.stat()
        wait_for(lambda: lease.path.stat().st_mtime_ns != first.st_mtime_ns)
        assert lease.path.stat().st_ino == first.st_ino, "touching it needs no room on the disk"
        lease.path.unlink()  # by somebody who took this process for dead
        wait_for(lease.path.exists)
        wait_for(lambda: Leases(store.root).at_work() == [f"a run, {Process.this()}"])
    assert not lease.path.exists()


def test_a_disk_that_fails_for_a_moment_ends_no_lease(
    store: Store, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def fail(path: Path) -> None:
        asked.append(path)
        raise OSError(errno.ESTALE, "Stale file handle")

    with Lease(store.root, "a run") as lease:
        with monkeypatch.context() as patch:
            patch.setattr(leases.os, "utime", fail)
            wait_for(lambda: len(asked) > 3)
        before = lease.path.stat().st_mtime_ns
        wait_for(lambda: lease.path.stat().st_mtime_ns != before)


def test_whoever_wants_to_be_alone_is_and_others_share(store: Store) -> None:
    with Lease(store.root, "a run of m") as one, Lease(store.root, "a run of n") as other:
        assert [name for name, _ in one.others()] == [other.name]
        with pytest.raises(StoreError, match=r"is in use \(a run of [mn], process \d+ on .*\); wait"):
            Lease(store.root, "a merge", alone=True).__enter__()
    with Lease(store.root, "a merge", alone=True):
        for alone in (True, False):
            with pytest.raises(StoreError, match=r"is in use \(a merge, process"):
                Lease(store.root, "a run", alone=alone).__enter__()
    assert list((store.root / "runs").iterdir()) == [], "who was refused leaves nothing"


@pytest.mark.parametrize("lives", [True, False])
def test_of_a_process_on_another_machine_one_waits_to_see_whether_it_lives(
    store: Store, monkeypatch: pytest.MonkeyPatch, lives: bool
) -> None:
    clock, began = Clock(), time.time_ns()
    path = leave_lease(store.root, "far")

    def sleep(seconds: float) -> None:
        clock.now += seconds
        if lives and clock.now > 1003:
            os.utime(path, ns=(0, began + int(clock.now)))

    monkeypatch.setattr(leases.time, "sleep", sleep)
    lease = Lease(store.root, "a merge", alone=True, clock=clock)
    if lives:
        with pytest.raises(StoreError, match=r"is in use \(a run, process 1 on elsewhere\)"):
            lease.__enter__()
        assert clock.now < 1010
    else:
        with lease:
            assert lease.others() == []
        assert clock.now > 1000 + SILENCE_SECONDS


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.ESTALE, errno.EIO, errno.EACCES])
@pytest.mark.parametrize("step", ["mkdir", "open"])
def test_a_lease_that_cannot_be_taken_is_told_for_what_it_is(
    store: Store, monkeypatch: pytest.MonkeyPatch, number: int, step: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, step, fail)
    with pytest.raises(StoreError, match=f"runs.*: cannot be (made|written): {os.strerror(number)}"):
        Lease(store.root, "a run").__enter__()


def test_a_lease_that_cannot_be_looked_at_now_is_not_over(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    leave_lease(store.root, "far")
    seen = Leases(store.root)

    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ESTALE, "Stale file handle")

    monkeypatch.setattr(Path, "open", fail)
    assert not seen.is_over("far")
