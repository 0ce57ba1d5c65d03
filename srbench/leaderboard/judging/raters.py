"""Who is counted: raters whose answers can be told from chance, and who took time to look."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from srbench.leaderboard.words.numerals import plural, significant
from srbench.statistics.raters import Check, above_by_chance, same_by_chance
from srbench.store.votes import Answer, Kind, Picture, Session

FASTEST_SECONDS = 0.5
"""Half of somebody's answers in less: nobody looks at two pictures, decides, and presses a key so fast."""
_TURNED = {"left": "right", "right": "left"}
_COIN = 0.5


@dataclass(frozen=True)
class Rater:
    """A person and how the answers of one kind came out. reason: why they are left out; empty where they count.

    catches: catch trials that were right. repeats: repeated trials that were answered as before.
    """

    person: str
    kind: Kind
    sessions: tuple[Session, ...]
    catches: Check
    repeats: Check

    @property
    def answers(self) -> int:
        """How many were given."""
        return sum(len(session.answers) for session in self.sessions)

    @property
    def seconds(self) -> float:
        """Half of the answers took less."""
        return median([answer.seconds for session in self.sessions for answer in session.answers] or [0.0])

    @property
    def reason(self) -> str:
        """Why they are left out, in words."""
        if not self.answers:
            return "no answers"
        if self.seconds < FASTEST_SECONDS:
            return f"too fast: half of the answers in less than {significant(max(self.seconds, 0.01))} s"
        if self.catches.can_pass:
            return "" if self.catches.passed else f"answers as chance would: {self.checked}"
        if self.repeats.can_pass:
            return "" if self.repeats.passed else f"answers as chance would: {self.checked}"
        return f"too few answers to check: {self.checked}"

    @property
    def checked(self) -> str:
        """How the checks came out, in words."""
        repeats = f"{self.repeats.right} of {plural(self.repeats.of, 'repeated trial')} answered as before"
        expected = f" ({significant(100 * self.repeats.chance)} % by chance)" if self.repeats.of else ""
        return f"{self.catches.right} of {plural(self.catches.of, 'catch trial')} right, {repeats}{expected}"


def raters_in(sessions: Iterable[Session]) -> list[Rater]:
    """The raters of each kind, in the order of their first sessions. Sessions with one code are one person's."""
    found: dict[tuple[Kind, str], list[Session]] = {}
    for session in sessions:
        found.setdefault((session.kind, session.person), []).append(session)
    return [_rater(person, kind, own) for (kind, person), own in found.items()]


def _rater(person: str, kind: Kind, sessions: Sequence[Session]) -> Rater:
    told = [(session, answer) for session in sessions for answer in session.answers]
    repeats = [same for session in sessions for same in _repeats(session)]
    votes = [answer.said for _, answer in told if answer.purpose != "catch"]
    same = Check(sum(repeats), len(repeats), same_by_chance(votes, _TURNED))
    if kind == "pairs":
        right = [_chosen(session, answer) == "hr" for session, answer in told if answer.purpose == "catch"]
        return Rater(person, kind, tuple(sessions), Check(sum(right), len(right), _COIN), same)
    right = [above for session in sessions for above in _above(session)]
    marks = [answer.said for _, answer in told if isinstance(answer.said, int)]
    return Rater(person, kind, tuple(sessions), Check(sum(right), len(right), above_by_chance(marks)), same)


def chosen(session: Session, answer: Answer) -> Picture | None:
    """The picture that was chosen of two; None where neither was."""
    places = {"left": 0, "right": 1}
    return None if answer.said == "neither" else session.shown(answer)[places[str(answer.said)]]


def _chosen(session: Session, answer: Answer) -> str:
    picture = chosen(session, answer)
    return "" if picture is None else picture.what


def _repeats(session: Session) -> Iterable[bool]:
    """Tell for each repeated trial whether it was answered as before."""
    before = {frozenset(one.pictures): one for one in session.answers if one.purpose == "vote"}
    for answer in session.answers:
        first = before.get(frozenset(answer.pictures))
        if answer.purpose == "repeat" and first is not None:
            marked = isinstance(answer.said, int)
            yield answer.said == first.said if marked else chosen(session, answer) == chosen(session, first)


def _above(session: Session) -> Iterable[bool]:
    """Tell whether HR was marked above nearest, for each scene in which both were, as often as both were."""
    marks: dict[tuple[str, str, str], dict[str, list[int]]] = {}
    for answer in session.answers:
        if answer.purpose == "catch" and isinstance(answer.said, int):
            (one,) = session.shown(answer)
            scene = marks.setdefault((one.dataset, one.protocol, one.image), {"hr": [], "nearest": []})
            scene[one.what].append(answer.said)
    for scene in marks.values():
        yield from (hr > nearest for hr, nearest in zip(scene["hr"], scene["nearest"], strict=False))
