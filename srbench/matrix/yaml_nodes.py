"""YAML 1.2 text into nodes, without running anything.

ruamel.yaml splits the text into events, whose marks are the places of nodes. What it composes of them itself has no
place for an alias, obeys tags, keeps keys that are there twice, and may be far larger than the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain, takewhile
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, Event, ScalarEvent, SequenceStartEvent, StreamEndEvent
from ruamel.yaml.reader import ReaderError

from srbench.matrix.nodes import KeyValue, Mistake, Node, Scalar, describe, shorten, typed

MAX_BYTES = 2**18
MAX_DEPTH = 40
"""Lists and mappings inside each other; a matrix file needs about six."""
MAX_NODES = 20_000
"""Values in a file, those behind aliases counted at every use."""

_BEYOND_UNICODE = re.compile(r"\\U(?!000|0010)[0-9a-fA-F]{8}")


def read_file(path: Path) -> tuple[Node | None, list[Mistake]]:
    """Like `read_nodes`, of a file, which should be UTF-8 and small."""
    try:
        with path.open("rb") as opened:
            data = opened.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return None, [Mistake(0, 0, "there is no such file")]
    except (OSError, ValueError) as error:
        return None, [Mistake(0, 0, f"cannot be read: {getattr(error, 'strerror', None) or error}")]
    if len(data) > MAX_BYTES:
        return None, [Mistake(0, 0, f"larger than {MAX_BYTES // 1024} KiB; is this a matrix file?")]
    try:
        return read_nodes(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        before, byte = data[: error.start].decode("utf-8-sig"), data[error.start]
        return None, [_problem_after(before, f"the byte 0x{byte:02x} is not UTF-8; save the file as UTF-8")]


def read_nodes(text: str) -> tuple[Node | None, list[Mistake]]:
    """The document's root, and what is wrong with the text.

    The root is None when the text is empty or cannot be read to its end. Faults that leave the rest readable (a tag,
    a key that is there twice) are listed, and the root is there without them.
    """
    composer = _Composer(YAML(typ="safe", pure=True).parse(text))
    try:
        return composer.document(), composer.problems
    except (YAMLError, ValueError, OverflowError) as error:
        return None, [*composer.problems, _problem(text, error)]


class _Refused(YAMLError):
    """Valid YAML that ends the reading."""

    def __init__(self, place: Node, message: str) -> None:
        self.problem = place.problem(message)


class _Composer:
    """Makes nodes of events. problems: what is wrong so far, but leaves the rest readable."""

    def __init__(self, events: Iterator[Any]) -> None:
        self.problems: list[Mistake] = []
        self._events = events
        self._anchors: dict[str, Node] = {}
        self._nodes = 0

    def document(self) -> Node | None:
        """The root of the only document; None where there is none."""
        next(self._events)  # the stream's start
        start = next(self._events)
        if isinstance(start, StreamEndEvent):
            return None
        if start.version not in (None, (1, 2)):
            raise _Refused(Node(1, 1), "matrix files are YAML 1.2; remove the %YAML line")
        root = self._node(next(self._events), 0)
        next(self._events)  # the document's end
        after = next(self._events)
        if not isinstance(after, StreamEndEvent):
            raise _Refused(_place(after), "a second document begins here; a matrix file holds one")
        return root

    def _node(self, event: Any, depth: int) -> Node:
        """The node that begins with this event, inside so many lists and mappings."""
        place = _place(event)
        if isinstance(event, AliasEvent):
            name = shorten(event.anchor)
            if event.anchor not in self._anchors:
                raise _Refused(place, f"the alias *{name} has no anchor &{name} before it")
            node = replace(self._anchors[event.anchor], line=place.line, column=place.column)
            self._count(place, _depths(node, depth))
            return node
        if event.ctag is not None:
            tag = shorten(str(event.ctag))
            self.problems.append(place.problem(f"the tag {tag!r}; a matrix file holds plain values only, remove it"))
        # An alias inside the node that it names would be a circle: the name is unknown until the node ends.
        self._anchors.pop(event.anchor, None)
        depth += not isinstance(event, ScalarEvent)
        self._count(place, [depth])
        # Up to the end of this list or mapping: those inside take their own ends.
        inside = takewhile(lambda event: not isinstance(event, CollectionEndEvent), self._events)
        if isinstance(event, ScalarEvent):
            node = self._scalar(event, place)
        elif isinstance(event, SequenceStartEvent):
            node = replace(place, value=[self._node(item, depth) for item in inside])
        else:
            node = replace(place, value=self._pairs(inside, depth))
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _count(self, place: Node, depths: Iterable[int]) -> None:
        """Note one node for each depth, which is the number of lists and mappings around it, itself included."""
        for depth in depths:
            self._nodes += 1
            if self._nodes > MAX_NODES:
                raise _Refused(place, f"more than {MAX_NODES} values, those behind aliases counted at every use")
            if depth > MAX_DEPTH:
                raise _Refused(place, f"lists and mappings nested more than {MAX_DEPTH} deep")

    def _pairs(self, events: Iterator[Any], depth: int) -> dict[str, KeyValue]:
        pairs: dict[str, KeyValue] = {}
        for event in events:
            key, value = self._node(event, depth), self._node(next(events), depth)
            if key.value is None or isinstance(key.value, list | dict):
                wrong = f"a key should be text; this is {describe(key)}"
            elif key.text == "<<" and event.style is None:
                wrong = "merge keys (`<<`) are not supported; write the keys out, or alias the whole value"
            elif key.text in pairs:
                wrong = f"the key {shorten(key.text)!r} is there already, at line {pairs[key.text][0].line}"
            else:
                # The parser places a value that is not written at all at whatever follows it.
                unwritten = value.value is None and not value.text
                pairs[key.text] = key, replace(value, line=key.line, column=key.column) if unwritten else value
                continue
            self.problems.append(key.problem(wrong))
        return pairs

    def _scalar(self, event: ScalarEvent, place: Node) -> Node:
        value: Scalar = 0
        text = event.value
        try:
            # JSON writes characters beyond U+FFFF as two escapes, which YAML does not join.
            text = text.encode("utf-16", "surrogatepass").decode("utf-16")
            value = typed(text) if event.style is None else text
        except UnicodeDecodeError:
            self.problems.append(place.problem("an escape for half a character (U+D800 to U+DFFF)"))
            value = text = text.encode("utf-8", "replace").decode()
        except ValueError:
            self.problems.append(place.problem(f"the number {shorten(text)} has too many digits"))
        return replace(place, value=value, text=text)


def _place(event: Event) -> Node:
    return Node(event.start_mark.line + 1, event.start_mark.column + 1)


def _depths(node: Node, depth: int) -> Iterator[int]:
    """How many lists and mappings are around the node and each inside it, itself included."""
    if isinstance(node.value, list | dict):
        depth += 1
        for part in node.value if isinstance(node.value, list) else chain(*node.value.values()):
            yield from _depths(part, depth)
    yield depth


def _problem(text: str, error: Exception) -> Mistake:
    """What ended the reading of a text."""
    if isinstance(error, _Refused):
        return error.problem
    if isinstance(error, ReaderError):
        found = f"the character U+{error.character:04X}, which YAML does not allow; remove it"
        return _problem_after(text[: error.position], found)
    if not isinstance(error, MarkedYAMLError):
        beyond = _BEYOND_UNICODE.search(text)  # which ends in a ValueError of chr()
        cause = f"there is no character {beyond[0]}" if beyond else str(error)
        return _problem_after(text[: beyond.start() if beyond else 0], f"not valid YAML: {cause}")
    mark = error.problem_mark or error.context_mark
    words = " ".join(part for part in (error.problem, error.context) if part)
    tab = "a tab in the indentation or before a value; YAML wants spaces" if r"'\t'" in words else None
    return Mistake(mark.line + 1, mark.column + 1, tab or f"not valid YAML: {words}")


def _problem_after(before: str, message: str) -> Mistake:
    lines = f"{before}?".splitlines()
    return Mistake(len(lines), len(lines[-1]), message)
