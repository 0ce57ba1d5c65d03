"""The figure of spectra: in decibels, from 0 to Nyquist, with the limit of LR where its scale puts it."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from srbench.leaderboard.figures.spectra import decibels, spectra_chart
from srbench.leaderboard.gallery.spectra import Spectra
from srbench.leaderboard.results.results import Entrant

from .drawn import lines, segments, texts

FREQUENCIES = (np.arange(32) + 0.5) / 64
HR = tuple(float(one) for one in 1 / (0.01 + FREQUENCIES**2))
CUT = tuple(float(one) for one in HR * np.exp(-8 * FREQUENCIES))
SHARP = tuple(float(one) for one in 2 * np.array(HR))
SPECTRA = Spectra(5, HR, {"blurred": CUT, "sharp": SHARP})
ENTRANTS = [Entrant("blurred", None, 0, "blurred"), Entrant("sharp", None, 1, "sharp")]


def test_decibels_are_ten_logarithms_and_stay_on_the_scale_where_there_is_no_power() -> None:
    assert decibels([10.0, 0.01, 0.0, 0.0, 1.0], [1.0, 1.0, 1.0, 0.0, 0.0]) == pytest.approx([10, -20, -60, 0, 60])


def test_lines_lie_where_the_ratio_to_hr_says() -> None:
    chart = spectra_chart(SPECTRA, ENTRANTS, 4, "set5", "f")
    assert chart is not None
    drawn = {slot: np.array(max(lines(chart.svg, f"var(--m{slot})"), key=len)) for slot in (0, 1)}
    down = -np.array([drawn[0][:, 1], drawn[1][:, 1]])
    expected = np.array([10 * np.log10(np.exp(-8 * FREQUENCIES)), np.full(32, 10 * np.log10(2))])
    slope, shift = np.polyfit(down.ravel(), expected.ravel(), 1)
    assert slope * down + shift == pytest.approx(expected, abs=0.02) and slope > 0


@pytest.mark.parametrize(("scale", "limit"), [(2, 0.25), (4, 0.125), (Fraction(3, 2), 1 / 3)])
def test_the_nyquist_frequency_of_lr_is_marked(scale: int | Fraction, limit: float) -> None:
    chart = spectra_chart(SPECTRA, ENTRANTS, scale, "set5", "f")
    assert chart is not None and "Nyquist of LR" in texts(chart.svg)
    (above, below) = (x for (x, y), (_, end) in segments(chart.svg, "var(--ink)", vertical=True) if abs(y - end) > 20)
    drawn = np.array(max(lines(chart.svg, "var(--m0)"), key=len))
    slope, shift = np.polyfit(drawn[:, 0], FREQUENCIES, 1)
    assert above == below and slope * above + shift == pytest.approx(limit, abs=1e-3)


def test_numbers_are_told_around_the_limit_of_lr() -> None:
    chart = spectra_chart(SPECTRA, ENTRANTS, 4, "set5", "f")
    assert chart is not None
    at = [float(head.removeprefix("at ")) for head in chart.heads[1:]]
    assert at == pytest.approx([0.0625, 0.125, 0.3125, 0.5], abs=0.01)
    for (name, *numbers), sr in zip(chart.lines, (CUT, SHARP), strict=True):
        expected = np.interp(at, FREQUENCIES, 10 * np.log10(np.array(sr) / HR))
        assert [float(one.replace("−", "-")) for one in numbers] == pytest.approx(expected, abs=0.06), name


def test_more_than_eight_are_in_the_numbers_and_those_without_spectra_nowhere() -> None:
    many = Spectra(5, HR, {f"m{place}": CUT for place in range(10)})
    entrants = [Entrant(f"m{place}", None, place, f"m{place}") for place in range(11)]
    chart = spectra_chart(many, entrants, 4, "set5", "f")
    assert chart is not None and len(chart.lines) == 10 and "Of 10 methods the first 8 are drawn" in chart.remark
    assert {f"m{place}" for place in range(8)} <= set(texts(chart.svg)) and "m8" not in texts(chart.svg)
    assert spectra_chart(SPECTRA, entrants, 4, "set5", "f") is None
    assert spectra_chart(Spectra(1, (0.0, 0.0), {"blurred": (0.0, 0.0)}), ENTRANTS, 4, "set5", "f") is None
