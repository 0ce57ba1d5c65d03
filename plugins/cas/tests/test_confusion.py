"""Accuracy, precision, recall and F1 of a confusion matrix."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, confusion_matrix, precision_recall_fscore_support
from srbench_cas.confusion import Confusion


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=50))
def test_it_agrees_with_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    true, predicted = np.array(pairs, np.int64).T
    ours = Confusion.of(true, predicted, 5)
    assert np.array_equal(ours.counts, confusion_matrix(true, predicted, labels=range(5)))
    precision, recall, f1, _ = precision_recall_fscore_support(true, predicted, average="macro", zero_division=0)
    assert ours.accuracy == pytest.approx(accuracy_score(true, predicted))
    assert (ours.precision, ours.recall, ours.f1) == pytest.approx((precision, recall, f1))


def test_a_matrix_counted_by_hand() -> None:
    # Class 0: 3 of 4 found, and 3 of the 5 that were said to be. Class 1: 4 of 6 found, 4 of 5.
    ours = Confusion(np.array([[3, 1], [2, 4]], np.int64))
    assert ours.accuracy == pytest.approx(7 / 10)
    assert ours.precision == pytest.approx((3 / 5 + 4 / 5) / 2)
    assert ours.recall == pytest.approx((3 / 4 + 4 / 6) / 2)
    assert ours.f1 == pytest.approx((2 * 3 / 9 + 2 * 4 / 11) / 2)
