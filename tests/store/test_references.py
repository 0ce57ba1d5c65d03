"""HR and LR of a split, kept whole or not at all, and shared by cells of one split and protocol."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from srbench.pictures import DEPTHS, Values
from srbench.store.files import StoreError
from srbench.store.references import Reference, References


def picture(kind: str, channels: int = 3) -> np.ndarray:
    values = np.random.default_rng(0).random((6, 8, channels))
    return values.astype(np.float32) if kind == "float32" else (values * np.iinfo(kind).max).astype(kind)


@pytest.mark.parametrize("kind", ["uint8", "uint16", "float32"])
def test_what_is_kept_is_read_to_the_last_bit(tmp_path: Path, kind: str) -> None:
    hr, lr = picture(kind), picture(kind)[::2, ::2]
    kept = References(tmp_path / "r")
    kept.keep([("a", Reference(hr, Values(-1, 4095), lr, "benign")), ("b", Reference(picture(kind, 1), Values(0, 1)))])
    found = kept.read("a")
    assert found is not None and found.lr is not None
    np.testing.assert_array_equal(found.hr, hr)
    np.testing.assert_array_equal(found.lr, lr)
    assert (found.values, found.label) == (Values(-1, 4095), "benign")
    other = kept.read("b")
    assert other is not None and other.lr is None and other.label is None
    assert kept.labels() == {"a": "benign", "b": None}
    assert kept.read("c") is None


def test_they_are_written_once(tmp_path: Path) -> None:
    kept = References(tmp_path / "r")
    kept.keep([("a", Reference(picture("uint8"), DEPTHS["uint8"]))])
    kept.keep([("b", Reference(picture("uint8"), DEPTHS["uint8"]))])
    assert list(kept.labels()) == ["a"]


def test_what_was_interrupted_counts_as_absent_and_is_made_again(tmp_path: Path) -> None:
    def interrupted():
        yield "a", Reference(picture("uint8"), DEPTHS["uint8"])
        raise KeyboardInterrupt

    kept = References(tmp_path / "r")
    with pytest.raises(KeyboardInterrupt):
        kept.keep(interrupted())
    assert kept.read("a") is None and kept.labels() == {}
    kept.keep([("a", Reference(picture("uint8"), DEPTHS["uint8"]))])
    assert kept.read("a") is not None


def test_damage_costs_the_picture_alone(tmp_path: Path) -> None:
    kept = References(tmp_path / "r")
    kept.keep([(name, Reference(picture("uint8"), DEPTHS["uint8"])) for name in "abc"])
    (tmp_path / "r" / "hr" / "a.png").write_bytes(b"no picture")
    outside = tmp_path / "outside.png"
    (tmp_path / "r" / "hr" / "b.png").rename(outside)
    (tmp_path / "r" / "hr" / "b.png").symlink_to(outside)
    assert kept.read("a") is None
    assert kept.read("b") is None, "a link that leads out of the store is not followed"
    assert kept.read("c") is not None
    (tmp_path / "r" / "images.json").write_text("{")
    assert kept.labels() == {}


def test_cells_of_one_split_and_protocol_share_them(tmp_path: Path) -> None:
    def place(**ingredients: object) -> Path:
        kept = References.of(tmp_path, ingredients)
        kept.keep([("a", Reference(picture("uint8"), DEPTHS["uint8"]))])
        return next(path for path in tmp_path.glob("references/*/*/images.json") if path not in known)

    known: list[Path] = []
    known.append(place(test={"fingerprint": "1"}, protocol={"scale": 2}, method="bicubic"))
    assert References.of(tmp_path, {"test": {"fingerprint": "1"}, "protocol": {"scale": 2}, "method": "b"}).labels()
    known.append(place(test={"fingerprint": "2"}, protocol={"scale": 2}))
    known.append(place(test={"fingerprint": "1"}, protocol={"scale": 4}))
    assert len(set(known)) == 3


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "r").write_text("in the way")
    with pytest.raises(StoreError, match="cannot be"):
        References(tmp_path / "r").keep([("a", Reference(picture("uint8"), DEPTHS["uint8"]))])


def test_lr_without_hr_is_kept_alone_and_its_damage_found(tmp_path: Path) -> None:
    kept, lr = References(tmp_path / "r"), picture("uint16")
    kept.keep([("a", Reference(None, Values(0, 4095), lr, "benign"))])
    found = kept.read("a")
    assert found is not None and found.hr is None and found.values == Values(0, 4095)
    np.testing.assert_array_equal(found.lr, lr)
    assert list(kept.files()) == ["lr/a.png"] and not kept.damage()
    (tmp_path / "r" / "lr" / "a.png").unlink()
    assert kept.damage() == "damaged: the reference lr/a.png is gone"
    assert kept.read("a") is None


def test_without_the_hr_that_was_kept_nothing_is_read_though_lr_is_there(tmp_path: Path) -> None:
    kept = References(tmp_path / "r")
    kept.keep([("a", Reference(picture("uint8"), DEPTHS["uint8"], picture("uint8")))])
    (tmp_path / "r" / "hr" / "a.png").unlink()
    assert kept.read("a") is None
