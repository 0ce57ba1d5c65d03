"""The figures of a training: every loss, every seed, where it broke; and words with the same numbers."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from srbench.leaderboard.figures.curves import Curve, loss_columns, losses, progress, validation

from .drawn import lines

STEPS = list(range(10, 101, 10))
HISTORY: dict[str, list[float | str | None]] = {
    "stage": ["pixel"] * 5 + ["gan"] * 5,
    "step": [*STEPS],
    "seconds": [*STEPS],
    "lr": [1e-4] * 10,
    "lr _d": [1e-5] * 10,
    "content": [1 / step for step in STEPS],
    "_d": [None] * 5 + [0.5, 0.6, 0.55, 0.5, 0.45],
    "validation": [None, 27.0, None, 29.5, None, 29.0, None, 29.25, None, 29.1],
}


def _columns(*names: str) -> dict[str, list[float | str | None]]:
    return {name: HISTORY[name] for name in names}


def texts(svg: str) -> list[str]:
    return ["".join(one.itertext()) for one in ElementTree.fromstring(svg).iter("text")]


def description(svg: str) -> str:
    return next("".join(one.itertext()) for one in ElementTree.fromstring(svg).iter("desc"))


def test_columns_are_losses_unless_they_are_something_else() -> None:
    other = HISTORY | {"adversarial": [1.0] * 10, "event": [None] * 10}
    assert loss_columns([Curve("a", HISTORY), Curve("b", other)]) == ["content", "_d", "adversarial"]


def test_series_are_without_holes_and_stages_have_their_ends() -> None:
    curve = Curve("seed 0", HISTORY)
    assert curve.series("validation") == ([20, 40, 60, 80, 100], [27.0, 29.5, 29.0, 29.25, 29.1])
    assert curve.series("nothing") == ([], [])
    assert curve.stages == [("pixel", 10, 50), ("gan", 60, 100)]
    assert Curve("seed 0", {name: column for name, column in HISTORY.items() if name != "stage"}).stages == []


def test_every_loss_and_rate_has_its_name_and_every_seed_its_last_number() -> None:
    svg = losses([Curve("seed 0", HISTORY), Curve("seed 1", HISTORY | {"content": [0.25] * 10}, broke=True)], "x")
    assert svg is not None
    said = texts(svg)
    assert {"content", "lr, up to 0.0001", "lr _d, up to 1e-05", "pixel", "gan", "step", "loss (log)"} <= set(said)
    assert any(text.strip() == "_d" for text in said)  # an underscore hides it from no legend
    assert description(svg) == (
        "seed 0: last content 0.01, _d 0.45; seed 1: last content 0.25, _d 0.45, where it diverged."
    )
    # A cross for each loss where the second seed broke off, and none for the first.
    assert svg.count("var(--bad)") > 0 and str(losses([Curve("seed 0", HISTORY)], "x")).count("var(--bad)") == 0


def test_validation_tells_the_best_and_the_last_score_of_each_training() -> None:
    svg = validation([Curve("seed 0", HISTORY, best=((40, 29.5), (80, 29.25)))], "y")
    assert svg is not None
    assert description(svg) == "seed 0: best 29.50 at step 40, best 29.25 at step 80, last 29.10."


def test_ids_of_two_figures_of_one_page_differ() -> None:
    ids = [set(re.findall(r'\bid="([^"]+)"', str(losses([Curve("seed 0", HISTORY)], name)))) for name in ("x", "y")]
    assert all(ids) and not ids[0] & ids[1]


def test_a_history_without_losses_is_no_figure() -> None:
    assert losses([Curve("seed 0", _columns("step", "validation", "lr"))], "x") is None


def test_losses_that_are_not_all_positive_are_on_a_linear_axis() -> None:
    history = {
        "stage": ["a"] * 3,
        "step": [1, 2, 3],
        "seconds": [1.0] * 3,
        "lr": [1e-4] * 3,
        "critic": [-1.0, None, 2.0],
    }
    curve = Curve("seed 0", history)
    assert loss_columns([curve]) == ["critic"]
    svg = losses([curve], "x")
    assert svg is not None
    assert "(log)" not in svg
    assert "critic 2" in svg
    assert validation([curve], "y") is None
    positive = losses([Curve("seed 0", history | {"critic": [1.0, 2.0, 3.0]})], "z")
    assert positive is not None
    assert "(log)" in positive


def test_small_multiples_have_a_panel_a_method_each_on_its_own_scale() -> None:
    loss = {"stage": ["a"] * 10, "step": STEPS, "mse": [1 / step for step in STEPS]}
    panels = [("srcnn", [Curve("seed 0", HISTORY), Curve("seed 1", HISTORY)]), ("_edsr", [Curve("seed 0", loss)])]
    panels.append(("nothing", [Curve("seed 0", _columns("step", "lr"))]))
    svg = progress(panels, "x")
    assert svg is not None
    assert {"srcnn", "_edsr", "validation", "mse"} <= set(map(str.strip, texts(svg))) and "nothing" not in texts(svg)
    assert description(svg) == (
        "srcnn, seed 0: last validation 29.1; srcnn, seed 1: last validation 29.1; _edsr, seed 0: last mse 0.01."
    )
    # Two lines of the first panel, one of the second; each as high as its panel, whatever its unit.
    drawn = [line for slot in (0, 1) for line in lines(svg, f"var(--m{slot})") if len(line) > 3]
    heights = [max(y for _, y in line) - min(y for _, y in line) for line in drawn]
    assert len(drawn) == 3 and all(height > 30 for height in heights)
    assert progress(panels[2:], "x") is None and progress([], "x") is None
