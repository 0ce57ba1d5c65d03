"""Take in what people said on a page for judging."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from srbench.commands.judge import whole_key
from srbench.errors import SrbenchError
from srbench.leaderboard import Published, publish_again
from srbench.leaderboard.board.contents import Board
from srbench.leaderboard.judging.raters import Rater, raters_in
from srbench.leaderboard.pages.document import read_records
from srbench.store.records import Store
from srbench.store.seal import UNREADABLE
from srbench.store.votes import (
    Answer,
    Kind,
    Picture,
    Session,
    about,
    code,
    keep_session,
    key_of,
    sessions_in,
)

_MOST_BYTES = 20 * 1000 * 1000


class _Saved(msgspec.Struct, kw_only=True):
    """What the page saves: a session, in which pictures go by their ids."""

    format: Literal["srbench judging 1"]
    study: str
    kind: Kind
    reference: bool
    session: str
    seed: int
    rater: str
    complete: bool
    pictures: list[str]
    answers: list[Answer]


@dataclass(frozen=True)
class Taken:
    """What became of files of answers. new: how many sessions were not known. raters: all that are known now.

    published: the pages made anew, where the board is one that was published.
    """

    new: int
    raters: tuple[Rater, ...]
    published: Published | None = None


def take_in(files: Sequence[Path], records: Path, board: Board | None, store: Store | None) -> Taken:
    """Keep what files of answers hold, in the store or, of a board that was published, in its pages, made anew.

    Of one session the file with the most answers is kept. Raises `SrbenchError`, with nothing kept, for a file that
    cannot be read, or is about other pictures than the board's.
    """
    if board is None or store is None:
        known = list(read_records(records).votes)
    else:
        known = about({cell.key for cell in board.cells}, sessions_in(store))
    new: list[Session] = []
    for session in _read(files, records, board, store):
        earlier = [one for one in (*known, *new) if one.session == session.session]
        longest = max((len(one.answers) for one in earlier), default=-1)
        if longest == len(session.answers) and all(one.answers != session.answers for one in earlier):
            raise SrbenchError(
                f"there are two files of the session {session.session[:8]} with {longest} answers that are not the "
                "same; keep the right one"
            )
        if longest < len(session.answers):
            new = [one for one in new if one not in earlier] + [session]
    names = {session.session for session in new}
    replaced = [one for one in known if one.session in names]
    kept = [one for one in known if one not in replaced] + new
    published = None
    if board is None or store is None:
        published = publish_again(records, records.parent, kept) if new else None
    else:
        for session in new:
            keep_session(store, session, [one for one in replaced if one.session == session.session])
    return Taken(len(new), tuple(raters_in(kept)), published)


def _read(files: Sequence[Path], records: Path, board: Board | None, store: Store | None) -> Iterator[Session]:
    """The sessions of files, with what each picture is."""
    whole: dict[str, Picture] | None = None
    for path in files:
        saved = _saved(path)
        key = key_of(store, saved.study) if store is not None else None
        if key is None:
            key = whole = whole_key(records, board, store) if whole is None else whole
        if not all(one in key for one in saved.pictures):
            raise SrbenchError(
                f"{path} is about other pictures than those of this board: the page was made from another board, or "
                "from this one before its SR was made anew"
            )
        try:
            yield Session(
                study=saved.study,
                session=saved.session[:64],
                kind=saved.kind,
                seed=saved.seed,
                rater=code(saved.rater),
                reference=saved.reference,
                complete=saved.complete,
                pictures=tuple(key[one] for one in saved.pictures),
                answers=tuple(saved.answers),
            )
        except ValueError as error:
            raise SrbenchError(f"{path} was not saved by a page for judging, or was changed since: {error}") from error


def _saved(path: Path) -> _Saved:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise SrbenchError(f"{path} is too large for a file of answers")
        return msgspec.json.decode(path.read_bytes(), type=_Saved)
    except (ValueError, *UNREADABLE) as error:  # msgspec's errors are ValueErrors
        raise SrbenchError(f"{path} is no file of answers that a page for judging saved: {error}") from error
