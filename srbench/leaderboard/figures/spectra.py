"""The figure of radial spectra: HR's power over spatial frequency, and that of each method's SR relative to it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from srbench.leaderboard.figures.drawing import (
    INK,
    Chart,
    as_svg,
    below,
    colour_of,
    drawing,
    short_name,
    symbol_of,
)
from srbench.leaderboard.gallery.spectra import NYQUIST, Spectra
from srbench.leaderboard.results.results import Entrant
from srbench.leaderboard.words.numerals import number, plural
from srbench.pictures import Scale

MOST_METHODS = 8
_LOWEST = -60.0
"""In dB: less than a thousandth of HR's amplitude is nothing."""


def spectra_chart(spectra: Spectra, entrants: Sequence[Entrant], scale: Scale, where: str, name: str) -> Chart | None:
    """The figure of a dataset's images, of those entrants of which it has spectra; None where HR has no power at all.

    entrants: the most important first; more than a few are named below. where: the dataset, in words.
    """
    known = [entrant for entrant in entrants if entrant.name in spectra.sr]
    if not known or not any(spectra.hr):
        return None
    shown = known[:MOST_METHODS]
    relative = {entrant: decibels(spectra.sr[entrant.name], spectra.hr) for entrant in known}
    nyquist = NYQUIST / float(scale)
    axis = "spatial frequency, cycles per pixel of HR"
    with drawing(height=3.9) as figure:
        above, axes = figure.subplots(2, 1, sharex=True, height_ratios=(1, 2.2))
        above.plot(
            spectra.frequencies, decibels(spectra.hr, [max(spectra.hr)] * len(spectra.hr)), color=INK, linewidth=1.2
        )
        above.set_ylabel("HR, dB")
        axes.axhline(0, color=INK, linewidth=1)
        for place, entrant in enumerate(shown):
            axes.plot(
                spectra.frequencies,
                relative[entrant],
                color=colour_of(entrant.slot),
                marker=symbol_of(entrant.slot),
                markevery=(place % 4, 4),
                markersize=5,
                linewidth=1.3,
                label=short_name(f" {entrant.name}" if entrant.name.startswith("_") else entrant.name),
            )
        axes.set_ylabel("SR relative to HR, dB")
        axes.set_xlim(0, NYQUIST)
        for part, most in ((above, 3), (axes, 5)):
            part.axvline(nyquist, color=INK, linewidth=0.8, linestyle=(0, (4, 3)))
            part.locator_params(axis="y", nbins=most)
        above.annotate(
            "Nyquist of LR",
            (nyquist, 1),
            xycoords=("data", "axes fraction"),
            xytext=(3, 2),
            textcoords="offset points",
            fontsize=9,
            annotation_clip=False,
        )
        below(figure, axis)
        figure.legend(frameon=False, fontsize=9, loc="outside upper center", ncols=3)
        heads, places = _columns(spectra, nyquist)
        lines = tuple((one.name, *(number(relative[one][place], 1) for place in places)) for one in known)
        words = "; ".join(f"{line[0]}: {', '.join(line[1:])} dB" for line in lines)
        svg = as_svg(figure, name, f"Power spectra of {where}", f"{axis}. At {', '.join(heads)}: {words}.")
    more = (
        f" Of {len(known)} methods the first {MOST_METHODS} are drawn; the numbers have all." if known != shown else ""
    )
    return Chart(
        caption=f"Power over spatial frequency, {where}",
        svg=svg,
        heads=("SR relative to HR, dB", *(f"at {head}" for head in heads)),
        lines=lines,
        remark=(
            f"Mean of {plural(spectra.images, 'whole image')} of the viewer. On the line at 0, SR has as much detail "
            "of a size as HR, below it less, above it more; whether it is right, spectra do not say. Detail finer than "
            f"at the dashed line is not in LR.{more}"
        ),
    )


def decibels(power: Sequence[float], reference: Sequence[float]) -> list[float]:
    """10 log10 of the ratio; where there is none of one or both, the ends of the scale, or 0."""
    return [_decibel(one, other) for one, other in zip(power, reference, strict=True)]


def _decibel(power: float, reference: float) -> float:
    if power == reference:
        return 0.0
    if min(power, reference) <= 0:
        return _LOWEST if power <= 0 else -_LOWEST
    return min(max(10 * math.log10(power / reference), _LOWEST), -_LOWEST)


def _columns(spectra: Spectra, nyquist: float) -> tuple[list[str], list[int]]:
    """The frequencies that the numbers are told of: half of LR's Nyquist, the bands beside it, and HR's."""
    wanted = sorted({nyquist / 2, nyquist, (nyquist + NYQUIST) / 2, NYQUIST})
    middles = spectra.frequencies
    places = list(dict.fromkeys(min(range(len(middles)), key=lambda k: abs(middles[k] - one)) for one in wanted))
    return [f"{middles[place]:.3f}" for place in places], places
