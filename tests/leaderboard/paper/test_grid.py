"""A ranked table as papers print it: what is bold, what is underlined, what is in footnotes."""

from __future__ import annotations

import math

from srbench.leaderboard.paper.grid import Entry, Grid, grid, title
from srbench.leaderboard.tables.emphasis import best
from srbench.leaderboard.tables.ranked import build_table

from ..toyboard import Board, Made, results_of


def ramp(start: float, count: int = 12, wobble: float = 0.0) -> dict[str, float]:
    return {f"im{place:02}": start + place + wobble * (-1) ** place for place in range(count)}


def of(cells: list[Made], dataset: str | None = "d", budget: str = "") -> Grid:
    results = results_of(cells)
    return grid(build_table(results.scopes[0], results.metrics, dataset), budget)


def texts(line: tuple[Entry, ...]) -> list[str]:
    return [entry.text for entry in line]


def emphasis(found: Grid, place: int = 2) -> dict[str, str]:
    return {line[1].text: line[place].emphasis for line in found.lines}


def test_the_best_and_the_second_are_emphasised_where_all_are_told_apart() -> None:
    cells = [Made("d", name, {"psnr": ramp(start)}) for name, start in (("a", 20), ("b", 30), ("c", 25))]
    found = of(cells)
    assert [line[1].text for line in found.lines] == ["b", "c", "a"]
    assert emphasis(found) == {"b": "best", "c": "second", "a": ""}
    assert found.caption == (
        "d: 12 images. x4, bicubic LR, Y channel, 4 px border, native depth. Ranked by PSNR. Bold: the best. "
        "Underlined: the second, told apart from all others. In brackets: 95 % intervals."
    )


def test_ties_of_the_best_are_bold_and_then_nothing_is_second() -> None:
    cells = [
        Made("d", "a", {"psnr": ramp(30, wobble=0.1)}),
        Made("d", "b", {"psnr": ramp(30, wobble=-0.1)}),
        Made("d", "c", {"psnr": ramp(20)}),
    ]
    assert emphasis(of(cells)) == {"a": "best", "b": "best", "c": ""}
    assert "Bold: the best and what cannot be told apart from it." in of(cells).caption


def test_a_second_that_has_ties_is_not_underlined() -> None:
    cells = [
        Made("d", "a", {"psnr": ramp(40)}),
        Made("d", "b", {"psnr": ramp(30, wobble=0.1)}),
        Made("d", "c", {"psnr": ramp(30, wobble=-0.1)}),
    ]
    assert emphasis(of(cells)) == {"a": "best", "b": "", "c": ""}


def test_each_metric_has_its_own_best_and_heads_say_unit_and_direction() -> None:
    cells = [
        Made("d", "a", {"psnr": ramp(30), "lpips": ramp(5)}),
        Made("d", "b", {"psnr": ramp(20), "lpips": ramp(1)}),
    ]
    found = of(cells)
    assert [(head.text, head.better) for head in found.heads] == [
        ("Rank", ""),
        ("Method", ""),
        ("PSNR, dB", "up"),
        ("dB vs a", "up"),
        ("LPIPS", "down"),
    ]
    assert emphasis(found, 4) == {"a": "", "b": "best"}


def test_what_is_bold_is_what_is_bold_on_the_page() -> None:
    cells = [
        Made("d", name, {"psnr": ramp(start), "fid": {None: fid}})  # type: ignore[dict-item]
        for name, start, fid in (("a", 30, 5.0), ("b", 20, 3.0), ("c", 10, 9.0))
    ]
    results = results_of(cells)
    table = build_table(results.scopes[0], results.metrics)
    shown = best(table)
    found = grid(table)
    for column in table.columns:
        place = next(at for at, head in enumerate(found.heads) if head.text == column.title)
        bold = {name for name, one in emphasis(found, place).items() if one == "best"}
        assert bold == {entrant.name for entrant in shown[column.metric]} != set()


def test_differences_without_intervals_are_no_finer_than_the_values() -> None:
    few = of([Made("d", name, {"psnr": ramp(start, 3)}) for name, start in (("a", 20.123456), ("b", 30.0))])
    assert [entry.text for entry in few.lines[0][2:4]] == ["31.00", "+9.88"]


def test_one_alone_is_not_the_best_of_anything() -> None:
    assert emphasis(of([Made("d", "a", {"psnr": ramp(30)})])) == {"a": ""}


def test_numbers_stand_as_on_the_page_with_their_intervals() -> None:
    found = of([Made("d", "a", {"psnr": ramp(30)}), Made("d", "b", {"psnr": ramp(20)})])
    rank, name, psnr, gap = found.lines[1]
    assert (rank.text, name.text, psnr.text, gap.text) == ("2", "b", "25.5", "−10.0")
    assert psnr.interval is not None
    low, high = map(float, psnr.interval)
    assert 20 < low < 25.5 < high < 31


def test_few_images_have_no_interval_and_all_of_them_are_tied() -> None:
    found = of([Made("d", name, {"psnr": ramp(start, 3)}) for name, start in (("a", 20), ("b", 30))])
    assert [entry.interval for line in found.lines for entry in line] == [None] * 8
    assert emphasis(found) == {"a": "best", "b": "best"}
    assert found.lines[0][0].text == "1–2"


def test_what_is_missing_has_its_reason_in_a_footnote() -> None:
    cells = [
        Made("d", "a", {"psnr": ramp(30), "ssim": ramp(1)}),
        Made("d", "b", {"psnr": ramp(20)}, lacking={"ssim": "too small"}),
        Made("d", "c", {}, reason="out of memory"),
        Made("d", "e", {"psnr": dict.fromkeys(ramp(1), math.inf), "ssim": ramp(2)}),
    ]
    found = of(cells)
    lines = {line[1].text: line for line in found.lines}
    missing = lines["b"][-1]
    assert missing.text == "failed" and "too small" in found.notes[missing.notes[0] - 1]
    assert texts(lines["c"]) == ["–", "c", "incomplete"]
    assert found.notes[lines["c"][2].notes[0] - 1] == "c: failed: out of memory (d)"
    assert lines["e"][2].text == "∞"
    assert any("12 identical to HR" in found.notes[note - 1] for note in lines["e"][2].notes)


def test_few_seeds_and_short_trainings_are_footnotes() -> None:
    cells = [Made("d", "bicubic", {"psnr": ramp(20)})]
    cells += [Made("d", "net", {"psnr": ramp(30)}, trained_on="t", seed=0, cost={"train_seconds": 41.0})]
    found = of(cells, budget="300 steps")
    assert [head.text for head in found.heads][-2:] == ["Seeds", "Training"]
    told = [found.notes[note - 1] for note in found.heads[-1].notes]
    assert told == ["Every training had 300 steps.", "net trained for 41 s: too short for more than a first look."]
    seeds, training = found.lines[0][-2:]
    assert (seeds.text, training.text) == ("1", "41 s")
    assert "Fewer than 3 seeds" in found.notes[seeds.notes[0] - 1]
    assert texts(found.lines[1])[-2:] == ["–", "–"]


def test_a_time_of_other_hardware_says_so() -> None:
    fast, slow = ({"device": name, "cores": 2} for name in ("A", "B"))
    cells = [
        Made("d", name, {"psnr": ramp(30)}, cost={"ms_per_megapixel": 5.0}, environment=where)
        for name, where in (("a", fast), ("b", fast), ("c", slow))
    ]
    found = of(cells)
    (entry,) = (line[-1] for line in found.lines if line[1].text == "c")
    assert [found.notes[note - 1] for note in entry.notes] == ["Measured on B (2 cores); not to be compared."]


def test_a_spread_stands_beside_its_value_and_on_how_many_it_rests_in_a_footnote(board: Board) -> None:
    results = board.results
    found = grid(build_table(results.scopes[0], results.metrics, "blobs"))
    place = [head.text for head in found.heads].index("FID")
    ceiling, floor = (line[place] for line in found.references)
    assert (ceiling.text, ceiling.spread, floor.text, floor.spread) == ("2.5", "", "61.0", "± 1.5")
    assert "n 9, d 8" in [found.notes[note - 1] for note in found.lines[0][place].notes]


def test_titles_tell_tables_apart() -> None:
    cells = [Made(dataset, "a", {"psnr": ramp(30)}, protocol=name) for dataset in "de" for name in ("x4-y", "x2-y")]
    results = results_of(cells)
    found = [title(build_table(scope, results.metrics, dataset)) for scope in results.scopes for dataset in (None, "d")]
    assert found == [
        "x4-y, all datasets, ranked by PSNR",
        "x4-y, d, ranked by PSNR",
        "x2-y, all datasets, ranked by PSNR",
        "x2-y, d, ranked by PSNR",
    ]
