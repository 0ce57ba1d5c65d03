"""Why a result is stale, in words."""

from __future__ import annotations

from typing import Any

import pytest

from srbench.runner.planning.changes import changes, versions_changed
from srbench.store.cell import Cell
from srbench.store.record import Record

FROM = {"model": "a" * 64, "budget": {"steps": 2e4}}


def told(old: dict[str, Any], new: dict[str, Any]) -> str:
    record = Record(key="ab", schema=1, status="ok", ingredients=old)
    return changes(record, Cell("d", "p", "m", None, None, new))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ({"method": {"params": {"width": 32}}}, {"method": {"params": {"width": 64}}}, "method.params.width: 32 -> 64"),
        ({"seed": None}, {"seed": 0}, "seed: nothing -> 0"),
        ({"a": 1}, {}, "a: 1 -> nothing"),
        ({"test": {"fingerprint": "x"}}, {"test": {"fingerprint": "y"}}, "the pictures of the test split changed"),
        (
            {"model": {"train": {"fingerprint": "x"}}},
            {"model": {"train": {"fingerprint": "y"}}},
            "the pictures of the training split changed",
        ),
        ({"m": {"source": {"srbench-x": "1"}}}, {"m": {"source": {"srbench-x": "2"}}}, "the code of srbench-x changed"),
        ({"m": {"source": {}}}, {"m": {"source": {"srbench-x": "2"}}}, "the code of srbench-x changed"),
        ({"file": "a" * 64}, {"file": "b" * 64}, f"file: {'a' * 12} -> {'b' * 12}"),
        ({"file": "a" * 63}, {"file": "ü"}, f"file: {'a' * 63} -> ü"),
        ({"list": [1, 2]}, {"list": [1]}, "list: [1, 2] -> [1]"),
        ({"a": {"b": 1}}, {"a": 5}, "a: {'b': 1} -> 5"),
        ({"model": {}}, {"model": {"from": FROM}}, "model.from: nothing -> 20,000 steps"),
        (
            {"model": {}},
            {"model": {"start": FROM}},
            "model.start: nothing -> a model trained for 20,000 steps",
        ),
        (
            {"model": {"start": {"sha256": "a" * 64}}},
            {"model": {"start": FROM}},
            f"model.start: the weights in a file (sha256 {'a' * 12}) -> a model trained for 20,000 steps",
        ),
        (
            {"model": {"start": FROM}},
            {"model": {"start": {**FROM, "model": "b"}}},
            "the model that its training starts from is another",
        ),
        (
            {"model": {"from": {"model": "a", "budget": {"steps": 1e4}}}},
            {"model": {"from": {**FROM, "from": {"model": "a", "budget": {"steps": 1e4}}}}},
            "model.from: 10,000 steps -> 20,000 steps, gone on from 10,000 steps",
        ),
    ],
)
def test_what_changed_is_named_with_both_values(old: dict[str, Any], new: dict[str, Any], words: str) -> None:
    assert told(old, new) == f"changed: {words}"


def test_equal_parts_are_not_told_and_what_is_told_is_told_once() -> None:
    old = {"z": 1, "same": {"x": 1}, "method": {"source": {"p": "1", "q": "1"}}, "metric": {"source": {"p": "1"}}}
    new = {"z": 2, "same": {"x": 1}, "method": {"source": {"p": "2", "q": "1"}}, "metric": {"source": {"p": "2"}}}
    assert told(old, new) == "changed: the code of p changed; z: 1 -> 2"
    assert told(old, old) == told({}, {}) == "nothing in the key changed"


@pytest.mark.parametrize(
    ("then", "now", "words"),
    [
        ("abc", "bc", "picture a is gone"),
        ("abc", "abcd", "picture d is new"),
        ("abcde", "x", "5 pictures are gone (a, b, c, ...), picture x is new"),
        ("abc", "cxyz", "2 pictures are gone (a, b), 3 pictures are new (x, y, z)"),
        ("abc", "abc", "the pictures of the test split changed"),
        ("abc", "", "the pictures of the test split changed"),
    ],
)
def test_pictures_that_are_gone_or_new_are_named(then: str, now: str, words: str) -> None:
    images = {name: f"{name}.png" for name in then}
    old, new = ({"test": {"fingerprint": name}, "seed": 0} for name in "xy")
    record = Record(key="ab", schema=1, status="ok", ingredients=old, images=images, lr="made")
    assert changes(record, Cell("d", "p", "m", None, None, new), now) == f"changed: {words}"
    record.lr = None  # as of SR that was made elsewhere
    assert changes(record, Cell("d", "p", "m", None, None, new), now) == f"changed: {words}"
    record.images = {}  # it failed before there were any
    failed = changes(record, Cell("d", "p", "m", None, None, new), now)
    assert failed == "changed: the pictures of the test split changed"


def test_versions_are_told_of_packages_that_were_there_before() -> None:
    then = {"lpips": "0.1.3", "numpy": "2.0", "srbench": "1", "gone": "1"}
    now = {"lpips": "0.1.4", "numpy": "2.0", "srbench": "2", "new": "1"}
    assert versions_changed(then, now) == "lpips 0.1.3 -> 0.1.4"
    assert versions_changed({**then, "numpy": "1"}, now) == "lpips 0.1.3 -> 0.1.4, numpy 1 -> 2.0"
    assert versions_changed(now, now) == versions_changed({}, now) == versions_changed(then, {}) == ""
