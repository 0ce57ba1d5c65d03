"""Trained models of a store, given to the methods that use them."""

from __future__ import annotations

from srbench.errors import SrbenchError
from srbench.method import Method
from srbench.store import Store


def load_model(method: Method, store: Store, key: str) -> None:
    """Give a method what a training of this key left. Raises `SrbenchError` where that is damaged or gone."""
    folder = store.folder("models", key)
    try:
        method.load(folder)
    except SrbenchError as error:
        raise SrbenchError(
            f"{error}. If its files were changed or removed, remove the folder {folder} and run again with "
            "--retry failed, which trains it anew"
        ) from error
