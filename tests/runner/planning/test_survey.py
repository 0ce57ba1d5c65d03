"""A look at a split: what changes its fingerprint, what is refused, and what is not read twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from srbench.contract.dataset import DatasetError, Item
from srbench.contract.degradations import GaussianBlur
from srbench.contract.protocol import Protocol
from srbench.pictures import Values, write_image
from srbench.pictures.thumbnail import thumbnail
from srbench.runner.planning.lookalikes import Look
from srbench.runner.planning.picture_facts import facts_of
from srbench.runner.planning.survey import Surveyor
from srbench.store.file_memory import FileMemory
from srbench.store.files import stamp

X2 = Protocol("x2", 2)
HR = np.random.default_rng(0).integers(0, 256, (8, 10, 3), dtype=np.uint8)
LR = np.ascontiguousarray(HR[::2, ::2])
WHOLE = Item("a", HR, lr={("bicubic", 2): LR}, label="x", mask=HR[..., :1], group="g", region=(0, 0, 8, 10))


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def survey(*items: Item, protocol: Protocol = X2) -> Any:
    return Surveyor().survey(list(items), protocol)


CHANGES: list[Callable[[Item], Item]] = [
    lambda item: replace(item, id="b"),
    lambda item: replace(item, hr=HR ^ 1),
    lambda item: replace(item, label="y"),
    lambda item: replace(item, group="h"),
    lambda item: replace(item, region=(1, 0, 8, 10)),
    lambda item: replace(item, values=Values(0, 255.5), hr=HR.astype(np.float32)),
    lambda item: replace(item, values=Values(-1, 255), hr=HR.astype(np.float32)),
]


@pytest.mark.parametrize("place", range(len(CHANGES)))
def test_every_part_that_counts_changes_the_fingerprints(place: int) -> None:
    changed = CHANGES[place](replace(WHOLE, lr={}))
    assert survey(changed).fingerprint != survey(replace(WHOLE, lr={})).fingerprint
    assert Surveyor().fingerprint([changed]) != Surveyor().fingerprint([WHOLE])


def test_lr_counts_where_it_is_used_and_masks_where_no_protocol_is() -> None:
    other_lr = replace(WHOLE, lr={("bicubic", 2): LR ^ 1})
    assert survey(other_lr).fingerprint != survey(WHOLE).fingerprint != survey(replace(WHOLE, lr={})).fingerprint
    unused = replace(WHOLE, lr={**WHOLE.lr, ("bicubic", 4): LR})
    assert survey(unused).fingerprint == survey(WHOLE).fingerprint
    other_mask = replace(WHOLE, mask=HR[..., 1:2])
    assert survey(other_mask).fingerprint == survey(WHOLE).fingerprint
    assert Surveyor().fingerprint([other_mask]) != Surveyor().fingerprint([WHOLE])
    assert Surveyor().fingerprint([other_lr]) == Surveyor().fingerprint([WHOLE])


def test_a_measured_lr_that_is_declared_to_be_another_degradations_is_asked_about() -> None:
    (asked,) = survey(replace(WHOLE, lr={("scanner", 2): LR})).warnings
    assert "declared to be that of `scanner`; the protocol asks for `bicubic`" in asked
    assert not survey(replace(WHOLE, lr={("scanner", 2): LR, ("scanner", 3): LR})).warnings  # a set that brings many


def test_lr_of_other_scales_is_asked_about_unless_that_of_this_one_is_there() -> None:
    quarter = np.ascontiguousarray(HR[::4, ::4])
    elsewhere = replace(WHOLE, id="b", lr={("bicubic", 4): quarter, ("noisy", 2): LR})
    (asked,) = survey(WHOLE, elsewhere).warnings
    assert asked == (
        "the LR that comes with 1 of 2 images is x4 and not used at x2, where LR is made from HR: is that meant?"
    )
    assert not survey(replace(WHOLE, lr={**WHOLE.lr, ("bicubic", 4): quarter})).warnings
    assert not survey(replace(WHOLE, lr={})).warnings


def test_names_from_elsewhere_do_not_count() -> None:
    assert survey(replace(WHOLE, name="Patient Müller")).fingerprint == survey(WHOLE).fingerprint


def test_what_a_method_will_meet() -> None:
    tall, grey = (
        Item("t", np.zeros((21, 6, 3), np.uint8)),
        Item("g", np.zeros((4, 9, 1), np.uint16), values=Values(0, 65535)),
    )
    found = survey(tall, grey)
    assert found.lr_sizes == ((10, 3), (2, 4))
    assert (found.channels, found.depths) == ((1, 3), ("uint16", "uint8"))
    problem = found.problem(Protocol("x2", 2, degradation=GaussianBlur(sigma=1.5)))
    # The smallest and largest sides of any image, each by itself.
    assert (problem.scale, problem.smallest, problem.largest) == (2, (2, 3), (10, 4))
    assert problem.degradation == GaussianBlur(sigma=1.5)
    assert survey(tall, protocol=Protocol("y8", 2, "y8")).channels == (1,)


@pytest.mark.parametrize(
    ("items", "reason"),
    [
        ([], "the split is empty"),
        ([Item("a", HR), Item("a", HR)], "two images have the id 'a'"),
        ([Item("a", HR, lr={("bicubic", 2): LR[:, :-1]})], "image 'a': LR is 4 x 4 x 3; .* it should be 5 x 4 x 3"),
        ([Item("a", HR, lr={("bicubic", 2): LR[..., :1]})], "LR is 5 x 4 x 1"),
        ([Item("a", HR, values=Values(0, 100))], "image 'a' has values from 0 to 255, outside 0 to 100"),
        ([Item("a", HR // 2, lr={("bicubic", 2): LR}, values=Values(0, 128))], "outside 0 to 128"),
        ([Item("a", HR[:1])], "image 'a': 10 x 1 pixels are too few"),
        ([Item("a", lambda: 1 / 0)], "image 'a' cannot be read: ZeroDivisionError: division by zero"),
    ],
)
def test_the_picture_that_is_wrong_is_named(items: list[Item], reason: str) -> None:
    with pytest.raises(DatasetError, match=reason):
        survey(*items)


def test_all_pictures_that_are_wrong_are_named_at_once(tmp_path: Path) -> None:
    write_image(tmp_path / "0.png", HR)
    for number in range(1, 7):
        (tmp_path / f"{number}.png").write_bytes(b"")
    items = [Item(str(number), tmp_path / f"{number}.png") for number in range(7)]
    with pytest.raises(DatasetError) as raised:
        survey(*items, Item("x", HR, lr={("bicubic", 2): HR}, values=Values(0, 9)))
    first, others = str(raised.value).split("; ")
    assert first == f"{tmp_path}/1.png: the file is empty"
    assert others.startswith(f"6 more cannot be used: {tmp_path}/2.png, ") and " more" in others


def test_files_are_read_once_for_all_protocols_and_again_when_they_change(tmp_path: Path) -> None:
    path = tmp_path / "ä.png"
    write_image(path, HR)
    item = Item("a", path)
    first = Surveyor().survey([item], X2)
    assert first.fingerprint == survey(Item("a", HR)).fingerprint
    write_image(path, HR ^ 1)
    assert survey(item).fingerprint == survey(Item("a", HR ^ 1)).fingerprint
    calls = []
    surveyor = Surveyor()
    picture = Item("b", lambda: (calls.append(1), HR)[1])
    surveyor.survey([picture], X2)
    surveyor.survey([picture], Protocol("x4", 4))
    surveyor.fingerprint([picture])
    assert len(calls) == 1
    assert surveyor.known(picture.hr) is not None and surveyor.known(HR) is None


def test_many_files_are_known_as_each_of_them_is_and_to_others_without_being_read(tmp_path: Path) -> None:
    pictures = np.random.default_rng(2).integers(0, 256, (9, 20, 24, 3), dtype=np.uint8)
    paths = [tmp_path / f"{place}.png" for place in range(len(pictures))]
    for path, picture in zip(paths, pictures, strict=True):
        write_image(path, picture)
    survey(*(Item(path.stem, path) for path in paths))
    assert [Surveyor().known(path) for path in paths] == [facts_of(picture) for picture in pictures]
    assert Surveyor(verify=True).known(paths[0]) is None


def test_what_was_remembered_before_a_fact_was_asked_for_is_looked_at_anew(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    large = np.random.default_rng(1).integers(0, 256, (20, 24, 1), dtype=np.uint8)
    write_image(path, large)
    whole = survey(Item("a", path))
    memory, now = FileMemory("pictures"), stamp(path)
    facts = json.loads(memory.get(path, now) or b"")
    assert facts.pop("thumbnail")
    memory.put(path, now, json.dumps(facts).encode())
    assert survey(Item("a", path)) == whole
    assert whole.looks == (Look("a", None, thumbnail(large)),)


def test_a_file_that_is_damaged_or_gone_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    with pytest.raises(DatasetError, match=str(path)):
        survey(Item("a", path))
    path.write_bytes(b"\x89PNG\r\n\x1a\nand no more")
    with pytest.raises(DatasetError, match=str(path)):
        survey(Item("a", path))


LONE = Item("a", None, lone_lr=LR)


def test_lr_without_hr_is_looked_at_as_it_is_whatever_the_scale() -> None:
    for scale in (2, 4):
        found = survey(LONE, protocol=Protocol("p", scale))
        assert found.lr_sizes == ((4, 5),) and found.channels == (3,) and found.depths == ("uint8",)
        problem = found.problem(Protocol("p", scale))
        assert (problem.scale, problem.smallest) == (scale, (4, 5))
    assert survey(LONE).fingerprint != survey(replace(LONE, lone_lr=LR ^ 1)).fingerprint
    assert survey(LONE).fingerprint != survey(Item("a", LR)).fingerprint, "the same pixels as HR are another image"
    assert Surveyor().fingerprint([LONE]) != Surveyor().fingerprint([Item("a", LR)])


def test_damaged_lr_without_hr_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"no picture")
    with pytest.raises(DatasetError, match=r"a\.png"):
        survey(Item("a", None, lone_lr=tmp_path / "a.png"))
