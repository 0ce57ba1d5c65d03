"""YAML 1.2 text as nodes that know their line and column, and nothing more.

ruamel.yaml splits the text into events; everything after that happens here, because a loader that builds Python
objects loses the positions that error messages need, and runs what tags ask for. Nodes are made without recursion,
tags are refused, aliases are followed but cannot grow a small file into a large one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    ScalarEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

MAX_BYTES = 2**18
MAX_DEPTH = 40
"""Lists and mappings inside each other; a matrix file needs about six."""
MAX_NODES = 20_000
"""Values in a file, those behind aliases counted wherever they are used."""

# YAML 1.2.2, section 10.3.2, the core schema. (A YAML 1.1 reader would take `on` for a boolean.)
_NULL = re.compile(r"~|null|Null|NULL|")
_BOOLS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(
    r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|(?P<inf>[-+]?\.(inf|Inf|INF))|(?P<nan>\.(nan|NaN|NAN))"
)
_BEYOND_UNICODE = re.compile(r"\\U(?!000|0010)[0-9a-fA-F]{8}")


@dataclass(frozen=True)
class Problem:
    """Something wrong in a file. line and column count from 1; both are 0 when the file as a whole is meant."""

    line: int
    column: int
    message: str


@dataclass(frozen=True)
class Node:
    """A place in the file; line and column count from 1."""

    line: int
    column: int


@dataclass(frozen=True)
class Scalar(Node):
    """One value, typed by the core schema: text, number, boolean, or None."""

    value: str | int | float | bool | None
    text: str
    plain: bool
    """Without quotes. A plain scalar with an empty text is one that is not written at all (`key:`)."""


@dataclass(frozen=True)
class Sequence(Node):
    """A list."""

    items: tuple[Node, ...]


@dataclass(frozen=True)
class Mapping(Node):
    """Keys with values, in the order of the file; no key twice."""

    pairs: tuple[tuple[Scalar, Node], ...]


def read_file(path: Path) -> tuple[Node | None, list[Problem]]:
    """Like `read_nodes`, of a file, which should be UTF-8 and small."""
    try:
        with path.open("rb") as opened:
            data = opened.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return None, [Problem(0, 0, "there is no such file")]
    except (OSError, ValueError) as error:
        return None, [Problem(0, 0, f"cannot be read: {getattr(error, 'strerror', None) or error}")]
    if len(data) > MAX_BYTES:
        return None, [Problem(0, 0, f"larger than {MAX_BYTES // 1024} KiB; is this a matrix file?")]
    try:
        return read_nodes(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode("utf-8", "replace")
        line, column = _position(before, len(before))
        message = f"the byte 0x{error.object[error.start]:02x} is not UTF-8; save the file as UTF-8"
        return None, [Problem(line, column, message)]


def read_nodes(text: str) -> tuple[Node | None, list[Problem]]:
    """The document's root, and what is wrong with the text.

    The root is None when the text is empty or cannot be read to its end. Faults that leave the rest readable (a tag,
    a key that is there twice) are listed, and the root is there without them.
    """
    composer = _Composer()
    yaml = YAML(typ="safe", pure=True)
    try:
        for event in yaml.parse(text):
            composer.take(event)
    except _Unreadable as error:
        return None, [*composer.problems, error.problem]
    except ReaderError as error:
        line, column = _position(text, error.position)
        found = f"the character U+{ord(text[error.position]):04X}, which YAML does not allow; remove it"
        return None, [*composer.problems, Problem(line, column, found)]
    except MarkedYAMLError as error:
        return None, [*composer.problems, _syntax_problem(text, error)]
    except (YAMLError, ValueError, OverflowError) as error:  # a character beyond Unicode ends in chr()
        beyond = _BEYOND_UNICODE.search(text)
        line, column = _position(text, beyond.start() if beyond else 0)
        cause = f"there is no character {beyond[0]}" if beyond else str(error)
        return None, [*composer.problems, Problem(line, column, f"not valid YAML: {cause}")]
    return composer.root, composer.problems


def plain(node: Node) -> Any:
    """The node as Python values: dict, list, str, int, float, bool, None."""
    if isinstance(node, Mapping):
        return {key.value: plain(value) for key, value in node.pairs}
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    assert isinstance(node, Scalar)
    return node.value


def describe(node: Node) -> str:
    """What a node is, in words, for messages that say what was found."""
    if isinstance(node, Mapping):
        return "a mapping (`key: value`)" if node.pairs else "an empty mapping"
    if isinstance(node, Sequence):
        return "a list" if node.items else "an empty list"
    assert isinstance(node, Scalar)
    if node.value is None:
        return "nothing"
    if isinstance(node.value, bool):
        return f"the boolean {node.text}"
    if isinstance(node.value, int | float):
        return f"the number {shorten(node.text)}"
    return f"the text {shorten(node.value)!r}"


def shorten(text: str) -> str:
    """The first 60 characters of a text at most, for messages."""
    return text if len(text) <= 60 else f"{text[:57]}..."


class _Unreadable(Exception):
    """Ends the reading of a text."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass
class _Open:
    """A list or mapping whose end has not come yet. size: nodes in it so far. depth: of the deepest, it included."""

    event: Event
    children: list[Node] = field(default_factory=list)
    size: int = 1
    depth: int = 1


@dataclass(frozen=True)
class _Measured:
    node: Node
    size: int
    depth: int


class _Composer:
    def __init__(self) -> None:
        self.root: Node | None = None
        self.problems: list[Problem] = []
        self._open: list[_Open] = []
        self._anchors: dict[str, _Measured] = {}
        self._nodes = 0

    def take(self, event: Event) -> None:
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        if isinstance(event, DocumentStartEvent):
            if self.root is not None:
                raise _Unreadable(Problem(line, column, "a second document begins here; a matrix file holds one"))
            if event.version not in (None, (1, 2)):
                raise _Unreadable(Problem(1, 1, "matrix files are YAML 1.2; remove the %YAML line"))
        elif isinstance(event, AliasEvent):
            self._add(self._aliased(event.anchor, line, column), None)
        elif isinstance(event, ScalarEvent | SequenceStartEvent | MappingStartEvent):
            if event.ctag is not None:
                message = f"the tag {shorten(str(event.ctag))!r}; a matrix file holds plain values only, remove it"
                self.problems.append(Problem(line, column, message))
            # An alias inside the node that it names would be a circle: the name is unknown until the node ends.
            self._anchors.pop(event.anchor, None)
            if isinstance(event, ScalarEvent):
                self._add(_Measured(self._scalar(event, line, column), 1, 0), event.anchor)
            else:
                self._open.append(_Open(event))
                self._check_depth(len(self._open), line, column)
        elif self._open and type(event).__name__ in ("SequenceEndEvent", "MappingEndEvent"):
            self._close()

    def _aliased(self, name: str, line: int, column: int) -> _Measured:
        if name not in self._anchors:
            message = f"the alias *{shorten(name)} has no anchor &{shorten(name)} before it"
            raise _Unreadable(Problem(line, column, message))
        found = self._anchors[name]
        return replace(found, node=replace(found.node, line=line, column=column))

    def _add(self, measured: _Measured, anchor: str | None) -> None:
        node = measured.node
        self._nodes += measured.size
        if self._nodes > MAX_NODES:
            message = f"more than {MAX_NODES} values (those behind aliases count wherever they are used)"
            raise _Unreadable(Problem(node.line, node.column, message))
        self._check_depth(len(self._open) + measured.depth, node.line, node.column)
        self._place(measured, anchor)

    def _place(self, measured: _Measured, anchor: str | None) -> None:
        if anchor is not None:
            self._anchors[anchor] = measured
        if self._open:
            parent = self._open[-1]
            parent.children.append(measured.node)
            parent.size += measured.size
            parent.depth = max(parent.depth, measured.depth + 1)
        else:
            self.root = measured.node

    def _check_depth(self, depth: int, line: int, column: int) -> None:
        if depth > MAX_DEPTH:
            raise _Unreadable(Problem(line, column, f"lists and mappings nested more than {MAX_DEPTH} deep"))

    def _close(self) -> None:
        done = self._open.pop()
        line, column = done.event.start_mark.line + 1, done.event.start_mark.column + 1
        node: Node
        if isinstance(done.event, SequenceStartEvent):
            node = Sequence(line, column, tuple(done.children))
        else:
            assert isinstance(done.event, MappingStartEvent)
            node = Mapping(line, column, tuple(self._pairs(done.children)))
        self._nodes += 1
        self._place(_Measured(node, done.size, done.depth), done.event.anchor)

    def _pairs(self, children: list[Node]) -> Iterator[tuple[Scalar, Node]]:
        first_seen: dict[str, Scalar] = {}
        for key, value in zip(children[::2], children[1::2], strict=True):
            if not isinstance(key, Scalar) or key.value is None:
                self._report(key, f"a key should be text; this is {describe(key)}")
            elif key.plain and key.text == "<<":
                self._report(key, "merge keys (`<<`) are not supported; write the keys out, or alias the whole value")
            elif key.text in first_seen:
                self._report(
                    key, f"the key {shorten(key.text)!r} is there already, at line {first_seen[key.text].line}"
                )
            else:
                first_seen[key.text] = key
                # The parser places a value that is not written at whatever follows it.
                unwritten = isinstance(value, Scalar) and value.plain and not value.text
                yield key, replace(value, line=key.line, column=key.column) if unwritten else value

    def _scalar(self, event: ScalarEvent, line: int, column: int) -> Scalar:
        try:
            # JSON writes characters beyond U+FFFF as two escapes, which YAML does not join.
            text = event.value.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            self.problems.append(Problem(line, column, "an escape for half a character (U+D800 to U+DFFF)"))
            text = event.value.encode("utf-8", "replace").decode()
        if event.style is not None:
            return Scalar(line, column, text, text, plain=False)
        try:
            return Scalar(line, column, _typed(text), text, plain=True)
        except ValueError:  # Python converts no more than 4300 digits
            self.problems.append(Problem(line, column, f"the number {shorten(text)} has too many digits"))
            return Scalar(line, column, 0, text, plain=True)

    def _report(self, node: Node, message: str) -> None:
        self.problems.append(Problem(node.line, node.column, message))


def _typed(text: str) -> str | int | float | bool | None:
    if _NULL.fullmatch(text):
        return None
    if text in _BOOLS:
        return _BOOLS[text]
    if _INT.fullmatch(text):
        return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
    if found := _FLOAT.fullmatch(text):
        return float(text.replace(".", "", 1) if found["inf"] or found["nan"] else text)
    return text


def _syntax_problem(text: str, error: MarkedYAMLError) -> Problem:
    mark = error.problem_mark or error.context_mark
    lines = text.splitlines()
    line = lines[mark.line] if mark.line < len(lines) else ""
    indentation = line[: len(line) - len(line.lstrip())]
    if "\t" in indentation:
        return Problem(mark.line + 1, indentation.index("\t") + 1, "a tab in the indentation; YAML wants spaces")
    words = " ".join(part for part in (error.problem, error.context) if part)
    return Problem(mark.line + 1, mark.column + 1, f"not valid YAML: {words}")


def _position(text: str, index: int) -> tuple[int, int]:
    before = text[:index]
    return before.count("\n") + 1, index - (before.rfind("\n") + 1) + 1
