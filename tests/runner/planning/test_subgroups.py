"""The subgroups of a split: values in order, numbers by quartiles, and nothing that names a case."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from srbench.contract.dataset import DatasetError, Item
from srbench.runner.planning.subgroups import subgroups


def items(by: str, values: Sequence[str], images_each: int = 1) -> list[Item]:
    """A group of so many images for each value, in the order given."""
    pixels = np.zeros((8, 8, 1), np.uint8)
    return [
        Item(f"im{place}-{image}", pixels, group=f"p{place}", attributes={by: value} if value else {})
        for place, value in enumerate(values)
        for image in range(images_each)
    ]


def test_values_stand_in_the_order_that_a_person_expects() -> None:
    found = subgroups("d", items("site", ["site 10", "site 2", "Graz", "site 10", "Graz", "site 2", ""]))
    assert {name: list(images) for name, images in found["site"].items()} == {
        "Graz": ["im2-0", "im4-0"],
        "site 2": ["im1-0", "im5-0"],
        "site 10": ["im0-0", "im3-0"],
    }
    assert list(subgroups("d", items("tesla", ["3", "1.5", "7", "3", "1.5", "7"]))["tesla"]) == ["1.5", "3", "7"]
    assert subgroups("d", items("site", ["", ""])) == {}


def test_many_numbers_are_cut_at_the_quartiles_of_cases() -> None:
    ages = [str(age) for age in range(20, 60)]
    found = subgroups("d", items("age", ages, images_each=2))["age"]
    assert list(found) == ["under 30", "30 to under 40", "40 to under 50", "50 and over"]
    for (name, images), low, high in zip(found.items(), [0, 30, 40, 50], [30, 40, 50, 99], strict=True):
        inside = {f"im{place}-{image}" for place in range(40) for image in (0, 1) if low <= 20 + place < high}
        assert set(images) == inside and len(images) == 20, name
    # Cases count, not images: one patient with many slices moves no cut.
    many = items("age", ages) + [
        Item(f"more{image}", np.zeros((8, 8, 1), np.uint8), group="p0", attributes={"age": "20"}) for image in range(99)
    ]
    assert list(subgroups("d", many)["age"]) == list(found)
    assert list(subgroups("d", items("age", ["7"] * 30 + [str(one) for one in range(8, 18)]))["age"]) == [
        "7 to under 8",
        "8 and over",
    ]


@pytest.mark.parametrize(
    "values", [["P1", "P2", "P3"], [f"2020-01-{day:02d}" for day in range(1, 21)] + ["2020-02-01"] * 5]
)
def test_what_names_cases_is_refused(values: list[str]) -> None:
    with pytest.raises(DatasetError, match=r"d: subgroups by 'who' cannot be used: .* names them"):
        subgroups("d", items("who", values, images_each=3))


def test_a_rare_site_is_a_subgroup() -> None:
    assert list(subgroups("d", items("site", ["Graz", "Lyon", "Lyon"]))["site"]) == ["Graz", "Lyon"]
    assert list(subgroups("d", items("site", ["Graz", "Graz"]))["site"]) == ["Graz"]


def test_years_are_cut_where_their_quartiles_are() -> None:
    years = [str(2012 + place % 9) for place in range(36)]
    found = subgroups("d", items("year", years))["year"]
    assert list(found) == ["under 2014", "2014 to under 2016", "2016 to under 2018", "2018 and over"]
    assert sorted(map(len, found.values())) == [8, 8, 8, 12]


def test_a_column_called_as_the_labels_are_is_refused() -> None:
    with pytest.raises(DatasetError, match="subgroups by 'class' are those of the labels"):
        subgroups("d", items("class", ["a", "a", "b", "b"]))
