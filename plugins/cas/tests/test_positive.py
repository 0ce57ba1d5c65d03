"""One class against the rest: shares with their intervals, and all numbers by name."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import recall_score, roc_auc_score
from srbench_cas.classifiers import Predicted
from srbench_cas.positive import AgainstRest, share


def _wilson(right: int, of: int) -> tuple[float, float]:
    found = binomtest(right, of).proportion_ci(method="wilson")
    return found.low, found.high


def test_of_images_without_groups_a_share_has_wilson_s_interval() -> None:
    right = np.array([1.0] * 17 + [0.0] * 8)
    found = share(right, range(25))
    assert found.value == 17 / 25
    # The variance over units divides by n - 1, so that n counts one less.
    assert found.interval == pytest.approx(_wilson(17, 25), abs=0.006)
    all_right = share(np.ones(12), range(12))
    assert all_right.value == 1.0
    assert all_right.interval == pytest.approx(_wilson(12, 12))
    none_right = share(np.zeros(12), range(12))
    assert none_right.interval == pytest.approx(_wilson(0, 12))
    assert none_right.interval is not None and all_right.interval is not None
    assert (none_right.interval[0], all_right.interval[1]) == (0.0, 1.0)


def test_images_of_one_patient_that_are_right_together_count_once() -> None:
    right = np.array([1.0] * 17 + [0.0] * 8)
    alone, tripled = share(right, range(25)), share(np.repeat(right, 3), [place // 3 for place in range(75)])
    assert tripled.value == pytest.approx(alone.value)
    assert tripled.interval == pytest.approx(alone.interval)
    assert share(right, [0] * 25).interval is None


def test_shares_of_groups_hold_the_truth() -> None:
    random, held = np.random.default_rng(0), 0
    for _ in range(300):
        chances = random.beta(4, 1, 30)  # of a patient's images to be right; 0.8 in the mean
        right = (random.random((30, 4)) < chances[:, None]).astype(float).ravel()
        low, high = share(right, [place // 4 for place in range(120)]).interval or (0, 0)
        held += low <= 0.8 <= high
    assert 0.91 <= held / 300 <= 0.99


def test_the_numbers_are_those_of_scikit_learn_in_the_mean_over_trainings() -> None:
    random = np.random.default_rng(1)
    true = random.integers(3, size=60)
    logits = random.normal(size=(2, 60, 3)) + 1.5 * np.eye(3)[true]
    predicted = [Predicted(one.argmax(1), one) for one in logits]
    found = AgainstRest.of(predicted, true == 1, 1, range(60))
    recalls = [[recall_score(true == 1, one.places == 1, pos_label=kind) for one in predicted] for kind in (1, 0)]
    assert [found.sensitivity.value, found.specificity.value] == pytest.approx(np.mean(recalls, 1))
    assert found.area.value == pytest.approx(np.mean([roc_auc_score(true == 1, one[:, 1]) for one in logits]))
    named = found.numbers("floor ")
    assert list(named) == [
        f"floor {name}{end}" for name in ("sensitivity", "specificity", "AUC") for end in ("", " low", " high")
    ]
    assert all(
        named[f"floor {name} low"] < named[f"floor {name}"] < named[f"floor {name} high"]
        for name in ("sensitivity", "specificity", "AUC")
    )
