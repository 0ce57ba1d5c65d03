"""The badge of a board: who leads, in a line, as a drawing that any page can embed."""

from __future__ import annotations

from functools import lru_cache
from xml.sax.saxutils import escape

from srbench.leaderboard.findings.lead import baseline
from srbench.leaderboard.results.results import Entrant, shortened
from srbench.leaderboard.results.standings import Standings
from srbench.leaderboard.words.numerals import decimals_of, half_width, number, warranted_decimals
from srbench.store.texts import visible

BADGE = "badge.svg"
_LABEL = "srbench"
_LONGEST = 48
_SIZE, _PAD, _HEIGHT = 11, 7, 20
_DARK, _BLUE = "#3b3f45", "#0a5ea8"
"""White on either has a contrast above 6."""


def badge_words(ranking: Standings | None) -> str:
    """`srcnn leads, +0.8 dB`; or that several cannot be told apart, or nothing is ranked."""
    if ranking is None:
        return "nothing ranked yet"
    best, leader, first = ranking.entrants[0], ranking.leader, ranking.first
    if len(ranking.entrants) == 1:
        return f"{best.name} alone"
    if leader is not None:
        ahead = _ahead(ranking, leader)
        return f"{leader.name} leads{ahead and f', {ahead}'}"
    tied = [best, *ranking.tied(best)] if len(first) == 1 else first
    names = [entrant.name for entrant in tied]
    return f"{' and '.join(names)} tied" if len(names) < 3 else f"{len(names)} methods tied"


def _ahead(ranking: Standings, leader: Entrant) -> str:
    """How much the leader differs from what it is held against, as the lead says it; empty where that is no number."""
    beaten = (one for one in (baseline(ranking), *ranking.entrants) if one and ranking.beats(leader, one))
    rival = next(beaten, ranking.entrants[1])  # the next one, where the order alone ranks
    found = ranking.difference(leader, rival)
    if found.estimate is None:
        return ""
    half = half_width(found)
    decimals = decimals_of(half) if half else warranted_decimals([], [found.estimate])
    return f"{number(found.estimate, decimals, signed=True)} {ranking.unit or ranking.label}"


def badge(words: str) -> bytes:
    """The drawing: 20 pixels high, as wide as its text; the text is its title, for those who do not see it."""
    shown = visible(shortened(words, _LONGEST))
    title = escape(f"{_LABEL}: {shown}", {'"': "&quot;"})
    left, right = (_width(text) + 2 * _PAD for text in (_LABEL, shown))
    whole = left + right
    texts = "".join(
        f'<text x="{x + _PAD}" y="14" textLength="{width - 2 * _PAD}">{escape(text)}</text>'
        for x, width, text in ((0, left, _LABEL), (left, right, shown))
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{whole}" height="{_HEIGHT}" role="img" aria-label="{title}">'
        f"<title>{title}</title>"
        f'<clipPath id="r"><rect width="{whole}" height="{_HEIGHT}" rx="3"/></clipPath>'
        f'<g clip-path="url(#r)"><rect width="{left}" height="{_HEIGHT}" fill="{_DARK}"/>'
        f'<rect x="{left}" width="{right}" height="{_HEIGHT}" fill="{_BLUE}"/></g>'
        f'<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="{_SIZE}">{texts}</g></svg>\n'
    ).encode()


def embedding(words: str, address: str) -> str:
    """The Markdown that shows the badge of the board at an address, and leads there."""
    alt = shortened(f"{_LABEL}: {words}", _LONGEST + 12).replace("[", "(").replace("]", ")").replace("\n", " ")
    return f"[![{alt}]({address}/{BADGE})]({address}/index.html)"


@lru_cache
def _width(text: str) -> int:
    """How wide a text is in DejaVu Sans, which is as wide as Verdana, in pixels."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextToPath

    font = FontProperties(family="DejaVu Sans", size=_SIZE)
    width, _, _ = TextToPath().get_text_width_height_descent(text.replace("$", r"\$"), font, ismath=False)
    return round(width)
