"""Trained models of a store, given to the methods that use them."""

from __future__ import annotations

from srbench.contract.method import Method
from srbench.runner.work.witness import Outdated
from srbench.store.records import Store


def load_model(method: Method, store: Store, key: str) -> None:
    """Give a method what a training of this key left. Raises `Outdated` where that is damaged or gone."""
    folder, record = store.folder("models", key), store.read("models", key)
    if record is None:
        raise Outdated(f"the model {folder} is gone; run again, which trains it anew")
    damage = store.damage("models", record)
    if damage:
        raise Outdated(f"{damage} ({folder}); run again, which trains the model anew")
    method.load(folder)
