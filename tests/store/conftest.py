from pathlib import Path

import pytest

from srbench.store.records import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "store")
    store.create()
    return store
