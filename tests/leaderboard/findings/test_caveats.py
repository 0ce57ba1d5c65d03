"""What keeps an answer from being more: each caveat where it holds, in its words, and none where it does not."""

from __future__ import annotations

import pytest

from srbench.leaderboard.findings.caveats import caveats, missing, short_training, too_few, unsteady_times
from srbench.leaderboard.tables.ranked import Table, build_table
from srbench.statistics.ranking import units_needed

from ..toyboard import Board, Made, results_of


def scores(count: int = 8, by: float = 0.0) -> dict[str, dict[str, float]]:
    return {"psnr": {f"im{place}": 28 + by + place / 7 for place in range(count)}}


def table(*cells: Made, dataset: str | None = None) -> Table:
    results = results_of(cells)
    return build_table(results.scopes[0], results.metrics, dataset)


def test_a_sound_board_has_none() -> None:
    assert list(caveats(table(Made("d", "a", scores()), Made("d", "b", scores(by=1))))) == []


def test_times_that_differ_between_seeds_of_the_same_work_are_no_measure() -> None:
    def timed(*times: float) -> Table:
        of_seeds = [
            Made("d", "net", scores(), trained_on="t", seed=seed, cost={"ms_per_megapixel": time})
            for seed, time in enumerate(times)
        ]
        return table(*of_seeds, Made("d", "a", scores(), cost={"ms_per_megapixel": 1.0}))

    assert list(unsteady_times(timed(100.0, 150.0, 199.0))) == []
    assert list(unsteady_times(timed(100.0, 500.0, 120.0))) == [
        "Times of net differ 5 times between seeds: the machine did other work."
    ]


def test_who_is_not_ranked_is_named_with_status_and_dataset() -> None:
    whole = table(
        Made("d", "a", scores()),
        Made("e", "a", scores()),
        Made("d", "b", scores(), reason="no luck"),
        Made("e", "b", scores()),
    )
    assert list(missing(whole)) == ["b is incomplete and not ranked: failed on d."]
    assert list(missing(table(Made("d", "a", scores())))) == []


def test_who_lacks_a_metric_or_some_of_its_images_is_named() -> None:
    both = {**scores(), "ssim": {f"im{place}": 0.5 for place in range(8)}}
    few = {**scores(), "ssim": {f"im{place}": 0.5 for place in range(5)}}
    found = list(
        caveats(
            table(
                Made("d", "a", both),
                Made("d", "b", few),
                Made("d", "c", scores(), lacking={"ssim": "no weights."}),
                dataset="d",
            )
        )
    )
    assert found == [
        "b has no SSIM on 3 of 8 images of d, so it is not compared in it.",
        "c has no SSIM on d (failed: no weights), so it is not compared in it.",
    ]
    # Where nobody has it, the footnote says why.
    nobody = table(Made("d", "a", scores(), lacking={"ssim": "x"}), Made("d", "b", scores(), lacking={"ssim": "x"}))
    assert list(caveats(nobody)) == []


@pytest.mark.parametrize(
    ("groups", "seen", "words"),
    [
        ({"im0": "slide"}, ("slide",), "the tested picture of d"),
        ({"im0": "one", "im1": "two"}, ("one", "two"), "both tested pictures of d"),
        ({"im0": "one", "im1": "two", "im2": "three"}, ("one",), "1 of the 3 tested pictures of d"),
    ],
)
def test_pictures_that_were_seen_in_training_are_counted(
    groups: dict[str, str], seen: tuple[str, ...], words: str
) -> None:
    made = Made("d", "net", scores(), groups=groups, trained_on="t", seed=0, seen_groups=seen)
    assert f"net (trained on t) learned from other regions of {words}." in caveats(table(made))


def test_a_warning_stands_once_with_the_methods_it_is_about() -> None:
    dark = ("did you mean `peak: 4095`?",)
    everybody = table(Made("d", "a", scores(), warnings=dark), Made("d", "b", scores(), warnings=dark))
    assert list(caveats(everybody)) == ["d: did you mean `peak: 4095`?"]
    one = table(Made("d", "a", scores(), warnings=dark), Made("d", "b", scores()))
    assert list(caveats(one)) == ["d, a: did you mean `peak: 4095`?"]
    named = table(Made("d", "a", scores(), warnings=("d, test split: dark", "d: three files were left out")))
    assert list(caveats(named)) == ["d, test split: dark", "d: three files were left out"]


def test_likeness_to_what_was_learned_from_is_told_of_who_learned_from_it() -> None:
    like = "1 of 8 test images of d looks like a training image of t, so probably seen in training: im0 (like t3)"
    shown = table(
        Made("d", "bicubic", scores()), Made("d", "net", scores(by=1), trained_on="t", seed=0, warnings=(like,))
    )
    assert f"d, net: {like}" in caveats(shown)


def test_too_few_images_are_told_with_how_many_it_takes() -> None:
    few = table(*(Made("d", name, scores(6, by)) for by, name in enumerate("abcdef")))
    assert few.ranking is not None
    (said,) = too_few(few.ranking)
    needed = units_needed(6)
    assert needed > 6
    assert said == f"6 images cannot tell 6 methods apart, whatever the scores: that takes {needed} or more."
    many = table(*(Made("d", name, scores(needed, by)) for by, name in enumerate("abcdef")))
    assert many.ranking is not None and list(too_few(many.ranking)) == []


def test_a_short_training_is_called_a_first_look(board: Board) -> None:
    results = board.results
    (said,) = short_training(build_table(results.scopes[0], results.metrics, "blobs"))
    assert said.startswith("learner trained for ") and said.endswith("too short for more than a first look.")
