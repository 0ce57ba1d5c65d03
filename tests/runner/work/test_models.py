"""A trained model reaches its method as it was written, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench_in_process import Nearest

from srbench.runner.work.models import load_model
from srbench.runner.work.witness import Outdated
from srbench.store.record import Record
from srbench.store.records import Store


class Learned(Nearest):
    """Knows what a file says."""

    learns = True
    known = ""

    def load(self, folder: Path) -> None:
        self.known = (folder / "weights").read_text()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path)
    folder = store.folder("models", "key")
    folder.mkdir(parents=True)
    (folder / "weights").write_text("learned")
    store.write("models", Record(key="key", schema=1, status="ok", files=store.hashes("models", "key", ["weights"])))
    return store


def test_a_method_is_given_what_was_trained(store: Store) -> None:
    method = Learned()
    load_model(method, store, "key")
    assert method.known == "learned"


@pytest.mark.parametrize("damage", ["changed", "gone", "never trained"])
def test_what_is_not_what_was_trained_is_not_loaded_and_said_where(store: Store, damage: str) -> None:
    folder, key, words = store.folder("models", "key"), "key", "the model anew"
    if damage == "changed":
        (folder / "weights").write_text("another")
    elif damage == "gone":
        (folder / "weights").unlink()
    else:
        key, words = "other", "is gone; run again, which trains it anew"
    method = Learned()
    with pytest.raises(Outdated, match=words) as raised:
        load_model(method, store, key)
    assert str(store.folder("models", key)) in str(raised.value)
    assert method.known == ""
