"""Pages as trees of elements, for tests that look into them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

VOID = frozenset({"meta", "link", "img", "br", "input", "hr"})


@dataclass
class Tag:
    """An element: its name, attributes, and all text inside."""

    name: str
    attributes: dict[str, str]
    text: str = ""
    children: list[Tag] = field(default_factory=list)

    def find(self, *names: str) -> Iterator[Tag]:
        for child in self.children:
            if child.name in names:
                yield child
            yield from child.find(*names)

    def of_class(self, name: str) -> Iterator[Tag]:
        """The elements inside that are of this class."""
        for child in self.children:
            if name in child.attributes.get("class", "").split():
                yield child
            yield from child.of_class(name)


class Tree(HTMLParser):
    """Builds the tree and insists that every element is closed by its own end tag."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Tag("root", {})
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), f"an attribute twice in {tag}"
        element = Tag(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].children.append(Tag(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].name == tag, f"</{tag}> closes <{self.open[-1].name}> at {self.getpos()}"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.text += data


def parse(path: Path) -> Tag:
    tree = Tree()
    tree.feed(path.read_text(encoding="utf-8"))
    tree.close()
    assert tree.open == [tree.root]
    return tree.root
