"""One run holds a store at a time, and a dead one holds nothing."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from srbench.store.files import StoreError
from srbench.store.lock import held, holder, left_alone, worked_on
from srbench.store.records import Store


def test_a_dead_run_holds_nothing(store: Store) -> None:
    code = (
        "import os, sys\nfrom pathlib import Path\nfrom srbench.store.records import Store\n"
        "with Store(Path(sys.argv[1])).locked():\n    os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(store.root)]).returncode == -9
    assert holder(store.root) == ""
    with store.locked(), pytest.raises(StoreError, match="another run is using the store"), store.locked():
        pass


def test_the_run_that_holds_a_store_is_told(store: Store) -> None:
    assert holder(store.root) == ""
    with held(store.root):
        assert holder(store.root).startswith(f"process {os.getpid()} on ")
    assert holder(store.root) == ""


def test_a_store_is_left_alone_when_nobody_works_on_it(store: Store) -> None:
    assert left_alone(store.root, 0)
    with worked_on(store.root):
        assert not left_alone(store.root, 0)
    assert left_alone(store.root, 0)


@pytest.mark.parametrize("number", [errno.EBADF, errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EIO])
def test_a_lock_that_fails_for_another_reason_is_told_for_what_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("fcntl.flock", fail)
    why = f"cannot be locked for this run: {os.strerror(number)}"
    with pytest.raises(StoreError, match=why), Store(tmp_path).locked():
        pass
