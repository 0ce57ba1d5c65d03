"""BibTeX of a board: of itself, and of every paper that its methods, datasets and metrics stand on."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from importlib.metadata import version

from srbench.contract.paper import OTHERS, Paper
from srbench.leaderboard.board.contents import Board, BoardSource
from srbench.leaderboard.paper.latex import escaped
from srbench.leaderboard.words.dates import date_words
from srbench.leaderboard.words.numerals import slug
from srbench.store.cell import digest
from srbench.store.texts import visible

DIGITS = 16
"""So many of a board's hash stand in an entry: 64 would run out of any line. The board's page has all."""
_PASSED_OVER = frozenset({"a", "an", "the", "on", "of", "for", "in", "to", "and", "from"})


def bibtex(board: Board, data: str, date: str) -> str:
    """The entries, and comments that say which are of what, and of what none is known.

    data: the board's `fingerprint`. date: of its last result, as records have it.
    """
    papers = dict.fromkeys(paper for _, source in _sources(board) for paper in source.papers)
    keys = keys_of(papers)
    lines = [board_entry(board, data, date), *_comments(board, keys), ""]
    return "\n".join([*lines, *(_paper(paper, keys[paper]) for paper in papers)])


def citation(board: Board, data: str, date: str) -> str:
    """The board in one line, to be cited where there is no BibTeX."""
    when = f"results of {date_words(date)}, " if date else ""
    return f"“{board.title}”, leaderboard made by srbench {_version()}, {when}sha256:{data}"


def board_entry(board: Board, data: str, date: str) -> str:
    """The entry of the board itself."""
    fields = {"title": f"{{{escaped(board.title)}}}", "howpublished": f"Leaderboard made by srbench {_version()}"}
    try:
        day = datetime.fromisoformat(date)
    except ValueError:
        fields["note"] = f"sha256:{data[:DIGITS]}"
    else:
        fields |= {"year": str(day.year), "note": f"Results of {date_words(date)}, sha256:{data[:DIGITS]}"}
    fields["key"] = "srbench"  # by which an entry without authors is sorted
    return _entry("misc", f"srbench-{slug(board.name)}-{data[:8]}", fields)


def keys_of(papers: Iterable[Paper]) -> Mapping[Paper, str]:
    """A key for each: first author, year, first word of the title; where several share it, each with a hash of its own.

    A paper has the same key on every board, but for one on which another one would have it, too.
    """
    plain = {paper: _plain_key(paper) for paper in papers}
    shared = Counter(plain.values())
    return {
        paper: key if shared[key] == 1 else f"{key}-{digest([paper.authors, paper.title, paper.year])[:4]}"
        for paper, key in plain.items()
    }


def _plain_key(paper: Paper) -> str:
    surname = paper.authors[0].partition(",")[0] if paper.authors else ""
    words = [word for word in map(_letters, re.split(r"[\s\-:]+", paper.title)) if word and word not in _PASSED_OVER]
    return f"{_letters(surname) or 'anonymous'}{paper.year}{(words or ['untitled'])[0]}"


def _letters(text: str) -> str:
    """What is left of a word in lower-case ASCII letters and digits."""
    return re.sub("[^a-z0-9]", "", unicodedata.normalize("NFKD", text).lower())


def _sources(board: Board) -> Iterator[tuple[str, BoardSource]]:
    for kind, sources in (
        ("Method", board.methods),
        ("Dataset", board.datasets),
        ("Metric", board.metric_sources),
    ):
        yield from ((kind, source) for source in sources)


def _comments(board: Board, keys: Mapping[Paper, str]) -> Iterator[str]:
    for kind, source in _sources(board):
        # A comment is whatever stands outside entries: an @ in it would begin one.
        name = " ".join(visible(source.name).split()).replace("@", "(at)")
        named = ", ".join(keys[paper] for paper in source.papers) or "no paper known"
        yield f"% {kind} {name}: {named}"


def _paper(paper: Paper, key: str) -> str:
    fields = {"author": " and ".join(map(_author, paper.authors)), "title": f"{{{escaped(paper.title)}}}"}
    if paper.conference:
        fields["booktitle"] = escaped(paper.conference)
    if paper.journal:
        fields["journal"] = escaped(paper.journal)
    fields["year"] = str(paper.year)
    if paper.arxiv:
        fields |= {"eprint": paper.arxiv, "archivePrefix": "arXiv"}
    if paper.doi:
        fields["doi"] = paper.doi
    kind = "inproceedings" if paper.conference else "article" if paper.journal else "misc"
    return _entry(kind, key, fields)


def _author(name: str) -> str:
    """One author; a surname of several words, or with an `and` in it, is held together."""
    if name == OTHERS:
        return name
    return escaped(name) if re.fullmatch(r"\S+|[^,]+,[^,]+", name) and " and " not in name else f"{{{escaped(name)}}}"


def _entry(kind: str, key: str, fields: Mapping[str, str]) -> str:
    body = "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items())
    return f"@{kind}{{{key},\n{body}}}\n"


def _version() -> str:
    return version("srbench")
