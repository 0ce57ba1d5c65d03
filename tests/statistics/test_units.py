"""Units against plain loops over lists: which images are one, what a mean over units and datasets is."""

from __future__ import annotations

from statistics import fmean

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from srbench.statistics.units import Units, unit_means

Arrangement = list[list[list[int]]]
"""Scores by dataset, unit, image."""

arrangements = st.lists(
    st.lists(st.lists(st.integers(-50, 50), min_size=1, max_size=4), min_size=1, max_size=5), min_size=1, max_size=5
)


def laid_out(data: Arrangement, order: list[int]) -> tuple[np.ndarray, Units]:
    """The scores `(1, images)` in this order, and the units of them."""
    flat = [(score, unit, dataset) for dataset, units in enumerate(data) for unit in units for score in unit]
    names = [(dataset, place) for dataset, units in enumerate(data) for place, unit in enumerate(units) for _ in unit]
    numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
    scores = np.array([[float(flat[k][0]) for k in order]])
    unit = np.array([numbers[names[k]] for k in order])
    return scores, Units(unit, np.array([dataset for dataset, _ in numbers]))


def test_an_image_without_a_group_is_a_unit_even_if_a_group_has_its_name() -> None:
    scores = {"a": 1.0, "b": 3.0, "c": 5.0}
    assert unit_means(scores, {"b": "a", "c": "a"}) == [1, 4]
    assert unit_means(scores, {}) == [1, 3, 5]
    assert unit_means(scores, {"a": "p", "b": "p", "c": "p", "elsewhere": "p"}) == [3]
    assert unit_means({}, {"a": "p"}) == []


@settings(max_examples=30)
@given(arrangements, st.randoms())
def test_means_are_those_of_loops_in_any_order_of_images(data: Arrangement, random: object) -> None:
    order = list(range(sum(len(unit) for units in data for unit in units)))
    random.shuffle(order)  # type: ignore[attr-defined]
    scores, units = laid_out(data, order)
    means = units.means(scores)
    assert means[0] == pytest.approx([fmean(unit) for dataset in data for unit in dataset])
    assert units.count == sum(map(len, data))
    # Datasets weigh the same, whether they hold one unit or many.
    assert units.mean(means)[0] == pytest.approx(fmean(fmean(map(fmean, dataset)) for dataset in data))


@settings(max_examples=30)
@given(arrangements)
def test_every_unit_is_in_one_stratum_and_every_dataset_counts_once(data: Arrangement) -> None:
    _, units = laid_out(data, list(range(sum(len(unit) for dataset in data for unit in dataset))))
    members = sorted(int(unit) for stratum in units.strata for unit in stratum.members)
    assert members == list(range(units.count))
    assert sum(stratum.datasets for stratum in units.strata) == len(data)
    for stratum in units.strata:
        assert len(set(units.dataset[stratum.members])) == stratum.datasets
        assert stratum.datasets == 1 or len(stratum.members) == stratum.datasets


@pytest.mark.parametrize(
    ("dataset", "alone"),
    [([0, 0, 1], 1), ([0, 1, 1], 0), ([0], None), ([0, 1], None), ([0, 0, 1, 2], None), ([0, 0], None)],
)
def test_a_dataset_is_alone_when_it_is_the_only_one_of_a_single_unit(dataset: list[int], alone: int | None) -> None:
    assert Units(np.arange(len(dataset)), np.array(dataset)).alone == alone


def test_units_that_lose_all_their_images_are_gone_and_the_others_keep_their_dataset() -> None:
    units = Units(np.array([0, 1, 0, 2, 3]), np.array([7, 7, 7, 9]))
    part = units.within(np.array([False, True, False, True, True]))
    assert part.unit.tolist() == [0, 1, 2]
    assert part.dataset.tolist() == [7, 7, 9]
    assert units.within(np.zeros(5, bool)).count == 0


def test_images_of_a_dataset_that_is_alone_are_not_pooled_and_the_mask_given_stays_as_it_was() -> None:
    # Dataset 1 has two units, of which the second is kept out: what remains of it is alone.
    units = Units(np.array([0, 1, 2, 2, 3]), np.array([0, 0, 1, 1]))
    kept = np.array([True, True, True, True, False])
    assert units.pooled(kept).tolist() == [True, True, False, False, False]
    assert kept.tolist() == [True, True, True, True, False]
    assert units.pooled(np.ones(5, bool)).all()


def test_a_stratum_weighs_as_many_datasets_as_it_stands_for() -> None:
    units = Units(np.arange(4), np.array([0, 1, 1, 2]))  # datasets 0 and 2 hold one unit each
    assert [(stratum.members.tolist(), stratum.datasets) for stratum in units.strata] == [([1, 2], 1), ([0, 3], 2)]
    assert units.over_datasets([np.array([3.0, 0.0]), np.array([6.0, 1.5])]).tolist() == [5, 1]


def test_groups_of_which_one_image_is_left_keep_their_own_scores() -> None:
    # The second unit's image comes first among those kept: as many units as images, but not in their order.
    units = Units(np.array([0, 1, 0]), np.array([0, 1])).within(np.array([False, True, True]))
    assert units.means(np.array([[5.0, 9.0]])).tolist() == [[9, 5]]
