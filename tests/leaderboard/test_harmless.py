"""What hostile names, captions, logs and tampered records leave on pages of every kind: text, and nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest

from srbench.errors import SrbenchError
from srbench.leaderboard import publish_again
from srbench.leaderboard.pages.site import SCRIPTS, static
from srbench.store.records import Store
from srbench.store.votes import keep_session

from .judging.people import Rater
from .markup import Tag, parse
from .sites import SITES
from .toyboard import HOSTILE_REASON, keep, make_board, write
from .trainings.test_extractors import KEY
from .trainings.test_extractors import left as trained

ADDRESSES = ("href", "src", "srcset", "action", "formaction", "data", "poster", "xlink:href")
ELSEWHERE = re.compile(r"\s*(?!data:image/)[a-z][a-z0-9+.-]*:|\s*//", re.IGNORECASE)
DRAWN = "*{stroke-linejoin: round; stroke-linecap: butt}"
"""The style in every figure."""
EVIL = f"\"' onfocus=alert(1) autofocus x=' {HOSTILE_REASON} javascript:alert(3) `${{alert(4)}}` {{{{ 7 * 191 }}}}"
"""What would do harm in an attribute, as an element, as an address, in a script, and in a template."""


def harm(pages: Path, scripts: frozenset[str] = frozenset()) -> list[str]:
    """What on the pages and in the figures of a folder could run, or lead elsewhere, a line each."""
    told = []
    for path in sorted(pages.rglob("*.html")):
        told += [f"{path.relative_to(pages)}: {line}" for line in _harm(parse(path), path.parent, scripts)]
    for path in sorted(pages.rglob("*.svg")):
        for element in ElementTree.parse(path).iter():
            names = {element.tag.rpartition("}")[2], *element.attrib}
            if "script" in names or "foreignObject" in names or any(name.startswith("on") for name in names):
                told.append(f"{path.relative_to(pages)}: {element.tag} {element.attrib}")
    return told


def _harm(tag: Tag, folder: Path, scripts: frozenset[str]) -> Iterator[str]:
    for child in tag.children:
        attributes = child.attributes
        words = f"{child.name} {attributes} {child.text[:80]}"
        if child.name == "script" and attributes.get("type") != "application/json":
            source = attributes.get("src")
            known = child.text in scripts if source is None else source.removeprefix("../") in (*SCRIPTS, "boards.js")
            if not known:
                yield f"a script: {words}"
        equivalent = attributes.get("http-equiv", "Content-Security-Policy")
        if child.name in ("iframe", "object", "embed", "base") or equivalent != "Content-Security-Policy":
            yield f"an element: {words}"
        for name, value in attributes.items():
            if name.startswith("on") or name in ("autofocus", "srcdoc") or "1337" in value:
                yield f"an attribute: {words}"
            if name in ADDRESSES and ELSEWHERE.match(value) and value != "data:,":
                yield f"an address: {words}"
        source = attributes.get("src", "data:")
        if child.name == "img" and not source.startswith("data:") and not (folder / unquote(source)).is_file():
            yield f"a picture that is not there: {words}"
        if child.name == "style" and child.text not in scripts | {DRAWN}:
            yield f"a style: {words}"
        yield from _harm(child, folder, scripts)


def own_text() -> frozenset[str]:
    """Script and style of the page on which people judge, which holds them."""
    return frozenset(f"\n{static(name).decode()}\n" for name in ("judge.js", "judge.css"))


@pytest.mark.parametrize("name", SITES)
def test_no_page_has_anything_that_runs_or_leads_elsewhere(site: Callable[[str], Path], name: str) -> None:
    assert harm(site(name), own_text() if name == "judge page" else frozenset()) == []


def test_harm_is_found(tmp_path: Path) -> None:
    bad = (
        "<script>alert(1)</script>",
        "<p onclick='x()'>x</p>",
        "<a href='javascript:x()'>x</a>",
        "<a href='//x.org'>x</a>",
        "<img src='x' alt='x'>",
        "<iframe></iframe>",
        "<style>*{}</style>",
        "<p title='1337'>x</p>",
    )
    for place, text in enumerate(bad):
        (tmp_path / f"{place}.html").write_text(f"<html><body>{text}</body></html>", encoding="utf-8")
    assert [line.partition(".")[0] for line in harm(tmp_path)] == [str(place) for place in range(len(bad))]


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What a board was made from, a method that learned, an extractor and votes among it."""
    toy = make_board(
        tmp_path_factory.mktemp("toy"), ("blobs",), 1, 1, methods=("bicubic", "lanczos", "learner", "slow")
    )
    store = Store(toy.store)
    trained(store)
    for record in list(store.records("cells")):
        named = record.by_name()
        if "fid" in named.metrics:
            named.metrics["fid"].extractor = KEY
            keep(toy.store, named)
    keep_session(store, Rater(toy.results, {"bicubic": -1.2, "lanczos": 0.0}, 0).session("pairs"))
    pages = write(toy, tmp_path_factory.mktemp("pages") / "toy")
    return [json.loads(line) for line in (pages / "records.jsonl").read_text(encoding="utf-8").splitlines()]


FIXED = frozenset(
    {
        "key",
        "status",
        "task",
        "channel",
        "framing",
        "degradation",
        "state",
        "kind",
        "purpose",
        "what",
        "said",
        "session",
    }
    | {"study", "model", "cell", "href", "error_href", "map_href", "values", "extractor", "slug"}
)
"""Fields of which srbench says what may stand in them, rather than a person, a plugin or a log."""


def strings(value: Any, field: str = "") -> Iterator[tuple[str, str]]:
    """All strings, with the field that each stands in."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield from strings(part, name)
    elif isinstance(value, list):
        for part in value:
            yield from strings(part, field)
    elif isinstance(value, str):
        yield field, value


def changed(value: Any, change: Callable[[str, str], str], field: str = "") -> Any:
    """The same with other strings, and other names where names of fields are strings that stand elsewhere."""
    if isinstance(value, dict):
        return {change("", name): changed(part, change, name) for name, part in value.items()}
    if isinstance(value, list):
        return [changed(part, change, field) for part in value]
    return change(field, value) if isinstance(value, str) else value


def again(lines: list[dict[str, Any]], folder: Path) -> Path:
    """The pages of such lines."""
    (folder / "records.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    return publish_again(folder / "records.jsonl", folder / "pages").index.parent


def test_hostile_words_in_the_place_of_all_words_are_text(lines: list[dict[str, Any]], tmp_path: Path) -> None:
    fields = {name for line in lines for name in (*line, *_fields(line))}
    words = {
        text
        for line in lines
        for field, text in strings(line)
        if field not in FIXED and text and not text.endswith((".png", ".js"))
    } - (fields | {"HR", "LR"})
    evil = {text: f"{text} {EVIL}" for text in words}
    assert {"bicubic", "blobs", "im0", "x4-y", "psnr", "nothing more"} <= set(evil)
    pages = again([changed(line, lambda field, text: evil.get(text, text)) for line in lines], tmp_path)
    assert harm(pages) == []
    for path in (pages / "index.html", *(pages / "cells").glob("*.html"), *(pages / "methods").glob("*.html")):
        assert "onfocus=alert(1)" in parse(path).text


def _fields(value: Any) -> Iterator[str]:
    """Names of fields of structures, as far as they are no words."""
    if isinstance(value, dict):
        yield from (name for name in value if name in FIXED or (name.isidentifier() and "_" in name))
        for part in value.values():
            yield from _fields(part)
    elif isinstance(value, list):
        for part in value:
            yield from _fields(part)


@pytest.mark.parametrize("field", sorted(FIXED))
def test_hostile_words_in_the_place_of_keys_and_kinds_are_refused_or_text(
    lines: list[dict[str, Any]], tmp_path: Path, field: str
) -> None:
    evil = [changed(line, lambda where, text: EVIL if where == field and text else text) for line in lines]
    assert evil != lines
    try:
        pages = again(evil, tmp_path)
    except SrbenchError:
        return
    assert harm(pages) == []
