"""What hostile names, captions, logs and tampered records leave on pages of every kind: text, and nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from srbench.leaderboard import publish_again
from srbench.leaderboard.pages.site import SCRIPTS
from srbench.leaderboard.site.folder import PublishError

from .markup import Tag, parse
from .sites import SITES, judge
from .toyboard import HOSTILE_REASON

ADDRESSES = ("href", "src", "srcset", "action", "formaction", "data", "poster", "xlink:href")
ELSEWHERE = re.compile(r"\s*(?!data:image/)[a-z][a-z0-9+.-]*:|\s*//", re.IGNORECASE)
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
            known = Path(attributes.get("src", "")).name in SCRIPTS if "src" in attributes else child.text in scripts
            if not known:
                yield f"a script: {words}"
        if child.name in ("iframe", "object", "embed", "base", "foreignobject") or "http-equiv" in attributes:
            if "content-security-policy" not in attributes.get("http-equiv", "").lower():
                yield f"an element: {words}"
        for name, value in attributes.items():
            if name.startswith("on") or name in ("autofocus", "srcdoc") or "1337" in value:
                yield f"an attribute: {words}"
            if name in ADDRESSES and ELSEWHERE.match(value) and value != "data:,":
                yield f"an address: {words}"
        if child.name == "img" and "src" in attributes and not attributes["src"].startswith("data:"):
            if not (folder / attributes["src"]).is_file():
                yield f"a picture that is not there: {words}"
        if child.name == "style" and child.text not in scripts:
            yield f"a style: {words}"
        yield from _harm(child, folder, scripts)


@pytest.mark.parametrize("name", SITES)
def test_no_page_has_anything_that_runs_or_leads_elsewhere(site: Callable[[str], Path], name: str) -> None:
    assert harm(site(name), frozenset()) == []
