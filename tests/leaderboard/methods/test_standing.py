"""How a method did: ranks, values and pictures are those of the tables and of the gallery."""

from __future__ import annotations

from dataclasses import replace

from srbench.leaderboard.gallery.shots import Shot
from srbench.leaderboard.methods.standing import Standing, standings, told
from srbench.leaderboard.results.results import Entrant, Results
from srbench.leaderboard.tables.ranked import build_table

from ..toyboard import Made, results_of

IMAGES = [f"im{number}" for number in range(12)]


def made(**merits: float) -> Results:
    return results_of(
        [
            Made("d", name, {"psnr": {image: 20.0 + merit + 0.3 * at for at, image in enumerate(IMAGES)}})
            for name, merit in merits.items()
        ]
    )


def found(results: Results, shots: dict[tuple[str, str, str], list[Shot]] | None = None) -> dict[str, list[Standing]]:
    (scope,) = results.scopes
    table = build_table(scope, results.metrics, "d")
    return standings([(table, {row.entrant: f"cells/{row.entrant.name}.html" for row in table.rows})], shots or {})


def test_each_method_has_its_rank_its_mean_and_where_the_number_leads() -> None:
    of = found(made(good=3.0, fair=1.0, poor=0.0))
    assert {name: (one.rank, one.of, one.href) for name, (one,) in of.items()} == {
        "good": ("1", 3, "cells/good.html"),
        "fair": ("2", 3, "cells/fair.html"),
        "poor": ("3", 3, "cells/poor.html"),
    }
    (good,) = of["good"]
    assert good.value is not None and good.value.number is not None and good.column is not None
    assert abs(good.value.number - (23.0 + 0.3 * 5.5)) < 1e-9
    assert (good.dataset, good.column.title, good.trouble) == ("d", "PSNR, dB", "")


def test_pictures_are_those_of_the_entrant_there() -> None:
    shots = [Shot("a.png", "a", "index.html", "worst")]
    of = found(made(a=1.0, b=0.0), {("d", "x4-y", "a"): shots, ("other", "x4-y", "b"): shots})
    assert [*of["a"][0].shots] == shots and of["b"][0].shots == ()


def test_a_method_whose_cell_failed_has_the_reason_and_no_rank() -> None:
    scores = {"psnr": dict.fromkeys(IMAGES, 20.0)}
    (one,) = found(results_of([Made("d", "good", scores), Made("d", "bad", {}, reason="it broke")]))["bad"]
    assert (one.rank, one.place, one.value) == ("", None, None) and "it broke" in one.trouble


def test_how_often_it_is_first_is_told_of_several_comparisons_alone() -> None:
    (one,) = found(made(a=1.0, b=0.0))["a"]
    shared, second = replace(one, rank="1–2"), replace(one, rank="2", place=2)
    assert [*told([one])] == []
    assert [*told([one, shared, second])] == [
        "First alone in 1 of 3 comparisons; in 1 it cannot be told from the first."
    ]
    assert [*told([second, second])] == ["First alone in none of 2 comparisons."]
    assert one.entrant == Entrant("a", None, 0, "a")
