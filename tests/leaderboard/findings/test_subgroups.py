"""Where another leads than on the whole, and what differences depend on: said for certain only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from srbench.leaderboard.findings.lead import findings
from srbench.leaderboard.findings.subgroups import heterogeneous, led_by_others
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


def sites(dataset: str, gains: Mapping[str, float], images: int = 12, noise: float = 1.0, seed: int = 3) -> list[Made]:
    """Two nets beside bicubic: `steady` is ahead alike everywhere, `net` by so much at each site."""
    rng = np.random.default_rng(seed)
    where = {f"im{place}": site for place, site in enumerate(site for site in gains for _ in range(images))}
    base = {image: float(rng.normal(25, 3)) for image in where}
    net = {image: base[image] + gains[site] + noise * float(rng.normal()) for image, site in where.items()}
    steady = {image: value + 1.0 + noise * float(rng.normal()) for image, value in base.items()}
    made = {"bicubic": base, "net": net, "steady": steady}
    return [Made(dataset, name, {"psnr": one}, attributes={"site": where}) for name, one in made.items()]


def depends(made: list[Made]) -> tuple[str, ...]:
    results = results_of(made)
    scope = results.scopes[0]
    whole = build_table(scope, results.metrics)
    parts = [build_table(scope, results.metrics, name) for name in scope.datasets()]
    assert whole.ranking is not None
    found = heterogeneous(whole.ranking, parts)
    assert set(found) <= set(findings(whole, parts, whole.primary).caveats)
    return found


def test_what_a_difference_depends_on_is_said_with_its_ends() -> None:
    gains = {"Lyon": 3.0, "Graz": 1.0, "Oslo": -1.0}
    made = sites("d", gains, noise=0.0)
    (said_one,) = depends(made)
    assert said_one == (
        "How far net is ahead of bicubic in PSNR depends on the site: +3.0000 dB in Lyon and \u22121.0000 dB in Oslo."
    )
    both = [replace(one, method="twin") if one.method == "steady" else one for one in made]
    both[2] = replace(both[1], method="twin")
    (said_both,) = depends(both)
    assert " methods are ahead of bicubic in PSNR depends on the site: net +3.0000 dB in Lyon and" in said_both
    assert "; twin +3.0000 dB in Lyon and" in said_both
    (of_one,) = depends([*made, *sites("e", dict.fromkeys(gains, 1.0))])
    assert " depends on the site of d: " in of_one


def test_where_sites_are_alike_hardly_anything_is_said() -> None:
    boards = [sites("d", dict.fromkeys(("Lyon", "Graz", "Oslo"), 1.0), seed=seed) for seed in range(60)]
    wrong = sum(bool(depends(made)) for made in boards)
    assert wrong <= stats.binom.ppf(0.999, 60, 0.05)  # two tests each, corrected


def test_the_correction_is_over_all_that_is_tested() -> None:
    weak = sites("d", {"Lyon": 1.0, "Graz": 2.4}, seed=2)
    assert depends(weak) != ()
    more = [one for name in "efghijklm" for one in sites(name, {"Lyon": 1.0, "Graz": 1.0}, seed=ord(name))]
    assert depends([*weak, *more]) == ()


def test_who_leads_at_a_site_is_told_beside_who_leads_a_class() -> None:
    made = cells("d", dict.fromkeys(GAINS, 12), GAINS)
    where = {image: f"of {name}" for image, name in made[0].labels.items()}
    made = [replace(one, attributes={"site": where}) for one in made]
    assert said_of(made) == [
        "net does not lead in every class by PSNR: bicubic does in eel.",
        "net does not lead in every subgroup by site by PSNR: bicubic does in of eel.",
    ]


def said_of(made: list[Made]) -> list[str]:
    results = results_of(made)
    table = build_table(results.scopes[0], results.metrics)
    assert table.ranking is not None
    return [*led_by_others(table.ranking, [table])]
