"""A cell by its name, in one store or in all of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from srbench.errors import SrbenchError
from srbench.store.files import StoreError
from srbench.store.find import find_record, stores
from srbench.store.record import Record
from srbench.store.records import Store


def add(root: Path, key: str, method: str = "bicubic", started: str = "2026-01-01") -> Record:
    record = Record(
        key=key * 32, schema=1, status="ok", point={"dataset": "set5", "method": method, "seed": None}, started=started
    )
    Store(root).write("cells", record)
    return record


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_without_a_name_every_store_in_results_is_looked_at() -> None:
    add(Path("results/b"), "aa")
    add(Path("results/a"), "bb")
    Path("results/pages").mkdir()  # no store
    assert [store.root for store in stores(None)] == [Path("results/a"), Path("results/b")]
    assert [store.root for store in stores(Path("results/b"))] == [Path("results/b")]


@pytest.mark.parametrize("made", [[], ["results"], ["results/pages"]])
def test_no_store_at_all_is_told_with_the_way_to_name_one(made: list[str]) -> None:
    for folder in made:
        Path(folder).mkdir(parents=True)
    with pytest.raises(SrbenchError, match=r"no store in results/ \(in .*\); name one with --store"):
        stores(None)


def test_a_named_store_that_is_not_there_is_told(here: Path) -> None:
    (here / "file").write_text("")
    for name in ("nowhere", "file"):
        with pytest.raises(SrbenchError, match=f"there is no store {name}"):
            stores(Path(name))


def test_of_several_stores_the_latest_record_counts_and_its_store_comes_with_it() -> None:
    add(Path("results/a"), "aa", started="2026-02-01")
    latest = add(Path("results/b"), "bb", started="2026-03-01")
    add(Path("results/c"), "cc", started="2026-01-01")
    add(Path("results/d"), "dd", method="lanczos", started="2026-04-01")
    store, record = find_record("set5/bicubic", None)
    assert (store.root, record) == (Path("results/b"), latest)
    assert find_record("set5/bicubic", Path("results/a"))[1].started == "2026-02-01"
    assert find_record("dddd", None)[0].root == Path("results/d")


def test_a_cell_that_is_nowhere_is_told_with_the_one_that_was_meant() -> None:
    add(Path("results/a"), "aa")
    with pytest.raises(StoreError, match=r"no cell 'set5/bicubc' .*Did you mean 'set5/bicubic'"):
        find_record("set5/bicubc", None)
