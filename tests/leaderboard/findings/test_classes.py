"""Where another leads than on the whole: said of a class only for certain, whatever the number of classes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from scipy import stats

from srbench.leaderboard.findings.classes import led_by_others
from srbench.leaderboard.findings.lead import findings
from srbench.leaderboard.tables.ranked import build_table

from ..toyboard import Made, results_of


def cells(dataset: str, sizes: Mapping[str, int], gains: Mapping[str, float], metric: str = "psnr") -> list[Made]:
    """Two methods; how much better `net` is in each class, by a little more from image to image."""
    labels = {f"im{place}": name for place, name in enumerate(name for name in sizes for _ in range(sizes[name]))}
    base = {image: 25.0 + place % 7 for place, image in enumerate(labels)}
    net = {image: base[image] + gains[name] * (1 + place / 1000) for place, (image, name) in enumerate(labels.items())}
    return [Made(dataset, name, {metric: scores}, labels=labels) for name, scores in (("bicubic", base), ("net", net))]


def said(made: list[Made]) -> tuple[str, ...]:
    results = results_of(made)
    scope = results.scopes[0]
    whole = build_table(scope, results.metrics)
    parts = [build_table(scope, results.metrics, name) for name in scope.datasets()]
    assert whole.ranking is not None
    found = led_by_others(whole.ranking, parts)
    assert list(found) == [one for one in findings(whole, parts, whole.primary).caveats if "every class" in one]
    return found


GAINS = {"cat": 2.0, "dog": 2.0, "eel": -0.5}


def test_who_leads_a_class_and_not_the_whole_is_named_with_it() -> None:
    assert said(cells("d", dict.fromkeys(GAINS, 12), GAINS)) == (
        "net does not lead in every class by PSNR: bicubic does in eel.",
    )
    assert said(cells("d", dict.fromkeys(GAINS, 12), GAINS | {"eel": 0.5})) == ()
    # A low error is the better one.
    lower = {name: -gain for name, gain in GAINS.items()}
    assert said(cells("d", dict.fromkeys(GAINS, 12), lower, "mae")) == (
        "net does not lead in every class by MAE: bicubic does in eel.",
    )


@pytest.mark.parametrize(("images", "certain"), [(6, False), (7, True)])
def test_certain_is_what_holms_method_leaves_for_so_many_classes(images: int, certain: bool) -> None:
    # All differences of one sign: the smallest p there is for so many images. Of 5 images it is above 0.05.
    p = stats.wilcoxon(np.arange(1.0, images + 1), mode="exact").pvalue
    assert p < 0.05 and (2 * p < 0.05) == certain
    sizes, gains = {"cat": 30, "dog": 5, "eel": images}, {"cat": 2.0, "dog": 2.0, "eel": -0.5}
    assert bool(said(cells("d", sizes, gains))) == certain
    del sizes["dog"]
    assert said(cells("d", sizes, gains)) != ()  # the last that is left to decide, by Holm's method


def test_the_correction_is_over_the_classes_of_all_datasets() -> None:
    sizes, gains = {"cat": 30, "eel": 7}, {"cat": 2.0, "eel": -0.5}
    others = dict.fromkeys(("fox", "gnu", "hen", "ibex"), 5)
    more = cells("e", {"cow": 30, **others}, dict.fromkeys(["cow", *others], 2.0))
    assert said(cells("d", sizes, gains)) != () and said([*cells("d", sizes, gains), *more]) == ()
    sure = [*cells("d", {"cat": 30, "eel": 12}, gains), *more]
    assert said(sure) == ("net does not lead in every class by PSNR: bicubic does in eel of d.",)


def test_who_leads_a_whole_dataset_is_not_told_again_by_its_classes() -> None:
    gains = {"cow": -0.1, "elk": -0.1}
    made = [*cells("d", {"cat": 12, "dog": 12}, {"cat": 5.0, "dog": 5.0}), *cells("e", dict.fromkeys(gains, 12), gains)]
    assert said(made) == ()


def test_without_a_leader_nothing_is_said_and_many_classes_are_counted() -> None:
    even = {"cat": 1.0, "dog": -1.0}
    assert said(cells("d", dict.fromkeys(even, 12), even)) == ()
    many = {"cat": 9.0} | {f"class {place}": -0.5 for place in range(4)}
    sizes = {name: 60 if name == "cat" else 14 for name in many}
    assert said(cells("d", sizes, many)) == ("net does not lead in every class by PSNR: bicubic does in 4 classes.",)
