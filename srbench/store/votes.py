"""What people said of pictures, kept beside the records of what made these.

STORE/votes/sessions/<hash>.json   what one person said in one go, with what each picture was; sealed
           /keys/<study>.json      what the pictures of a page for judging are, by the ids that stand in it; sealed

A session is named by the hash of its content, so that the same file twice is one.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal, TypeVar

import msgspec

from srbench.store.cell import digest
from srbench.store.files import StoreError, content_of, remove, write_atomically
from srbench.store.record import is_key
from srbench.store.records import Store
from srbench.store.seal import UNREADABLE, sealed, unsealed
from srbench.store.texts import brief

VOTES = "votes"
LONGEST_CODE = 40
"""The most of a rater's code, in characters."""

Kind = Literal["pairs", "opinions"]
Choice = Literal["left", "right", "neither"]
Purpose = Literal["vote", "catch", "repeat"]
_Kept = TypeVar("_Kept")


class Picture(msgspec.Struct, frozen=True):
    """What a picture is: HR, nearest, or SR of an entrant of this name, made by the cell of this key."""

    dataset: str
    protocol: str
    image: str
    what: Literal["sr", "hr", "nearest"]
    name: str = ""
    cell: str = ""


class Answer(msgspec.Struct, frozen=True):
    """An answer. pictures: which were shown, the left one first. said: the choice, or the mark from 1 to 5.

    purpose: what the trial was for: a `vote`, a `catch` trial, or the `repeat` of a vote. seconds: from when the
    pictures were there.
    """

    purpose: Purpose
    pictures: tuple[int, ...]
    said: Choice | int
    seconds: float

    def __post_init__(self) -> None:
        """What nobody can have said, or in no time, is a `ValueError`."""
        marked = isinstance(self.said, int)
        if len(self.pictures) != (1 if marked else 2) or (isinstance(self.said, int) and not 1 <= self.said <= 5):
            raise ValueError(f"{self.said!r} is no answer to {len(self.pictures)} pictures")
        if not (math.isfinite(self.seconds) and self.seconds >= 0):
            raise ValueError("an answer took no time that there is")


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """What one person said in one go.

    study: the hash of the page. session: of whoever began to answer, made of random numbers, the `seed` of the order
    among them. rater: the code that was given, if any. reference: whether HR stood beside. pictures: what was shown.
    complete: whether all trials were answered.
    """

    study: str
    session: str
    kind: Kind
    seed: int
    rater: str = ""
    reference: bool = False
    complete: bool = False
    pictures: tuple[Picture, ...]
    answers: tuple[Answer, ...]

    def __post_init__(self) -> None:
        """Answers to what was not shown, of the other kind, or of another purpose than they say, are a `ValueError`."""
        for answer in self.answers:
            if not all(0 <= place < len(self.pictures) for place in answer.pictures):
                raise ValueError("an answer is about a picture that is not there")
            if isinstance(answer.said, int) != (self.kind == "opinions"):
                raise ValueError(f"{answer.said!r} is no answer in a study of {self.kind}")
            shown = self.shown(answer)
            if len({(one.dataset, one.protocol, one.image) for one in shown}) > 1 or len(set(shown)) < len(shown):
                raise ValueError("an answer is about pictures that are not to be compared")
            if any((one.what == "sr") == (answer.purpose == "catch") for one in shown):
                raise ValueError(f"no page shows {' and '.join(one.what for one in shown)} as a {answer.purpose}")

    @property
    def person(self) -> str:
        """Whose it is, as far as that can be told: whoever gave this code, or who answered in this session alone."""
        return self.rater or self.session

    def shown(self, answer: Answer) -> tuple[Picture, ...]:
        """The pictures of an answer."""
        return tuple(self.pictures[place] for place in answer.pictures)


def code(text: str) -> str:
    """A rater's code as it is kept: on one line, without what no terminal should see."""
    return brief(" ".join(text.split()), LONGEST_CODE)


def keep_key(store: Store, study: str, key: Mapping[str, Picture]) -> None:
    """Keep what the pictures of a study are, by their ids. Raises `StoreError`."""
    _write(store.root / VOTES / "keys" / f"{study}.json", msgspec.json.encode(key))


def key_of(store: Store, study: str) -> dict[str, Picture] | None:
    """What the pictures of a study are; None where no page of that hash was made from this store."""
    return _read(store.root / VOTES / "keys" / f"{study}.json", dict[str, Picture]) if is_key(study) else None


def keep_session(store: Store, session: Session, instead_of: Sequence[Session] = ()) -> None:
    """Keep a session in the place of others. Raises `StoreError`."""
    _write(_place(store, session), msgspec.json.encode(session))
    for other in instead_of:
        if other != session:
            remove(_place(store, other))


def sessions_in(store: Store) -> list[Session]:
    """The sessions that are kept and sound, each as far as it went, in an order that depends on them alone.

    Merged stores may hold one at several stages, and as a board published it: its rater's own code is then told.
    """
    kept = [_read(path, Session) for path in sorted((store.root / VOTES / "sessions").glob("*.json"))]
    sessions = [one for one in kept if one is not None and one.answers]
    ids, found = {one.session for one in sessions}, dict[str, Session]()
    for one in sessions:
        best = found.setdefault(one.session, one)
        if (len(one.answers), one.rater not in ids) > (len(best.answers), best.rater not in ids):
            found[one.session] = one
    return list(found.values())


def about(keys: Collection[str], sessions: Iterable[Session]) -> list[Session]:
    """The sessions in which SR of cells with these keys was shown: a store may serve several matrices."""
    return [session for session in sessions if any(one.cell in keys for one in session.pictures)]


def numbered(sessions: Sequence[Session]) -> list[Session]:
    """The sessions as they may be published: raters are numbered, and their codes are nowhere."""
    numbers = {
        person: f"rater {number}" for number, person in enumerate(dict.fromkeys(one.person for one in sessions), 1)
    }
    return [msgspec.structs.replace(session, rater=numbers[session.person]) for session in sessions]


def unnumbered(sessions: Sequence[Session]) -> list[Session]:
    """Sessions of a board, whose numbers of raters mean nothing elsewhere: each rater goes by a session of theirs."""
    own: dict[str, str] = {}
    for one in sessions:
        own[one.person] = min(one.session, own.get(one.person, one.session))
    return [msgspec.structs.replace(one, rater=own[one.person]) for one in sessions]


def _place(store: Store, session: Session) -> Path:
    return store.root / VOTES / "sessions" / f"{digest(msgspec.to_builtins(session))}.json"


def _write(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{path.parent}: cannot be made: {error.strerror or error}") from error
    write_atomically(path, sealed(data))


def _read(path: Path, kind: type[_Kept]) -> _Kept | None:
    try:
        content = unsealed(content_of(path))
        return None if content is None else msgspec.json.decode(content, type=kind)
    except (OSError, ValueError, *UNREADABLE):
        return None
