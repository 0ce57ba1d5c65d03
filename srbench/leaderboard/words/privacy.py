"""What leaves the machine: texts for pages and downloads, without the names of its folders."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from markupsafe import Markup

import srbench
from srbench.store.texts import visible
from srbench.store.user_folder import home

# An address is left alone. A path is absolute where it begins a word, or stands between quotation marks, where it may
# hold spaces; one part alone (`/255`) is none, and neither is the end of an element (`</g>`), escaped or not.
_PART = r"""(?:(?!&(?:lt|gt|quot|\#3[49]);)[^\s'"<>|`/])"""
_PATH = re.compile(
    rf"""(?P<address>\b(?!file:)[a-z][a-z0-9+.-]*://[^\s'"<>]+)
       | (?P<quote>['"])(?P<quoted>(?:file://)?(?:~/|/[^'"\n<>]+/)[^'"\n<>]*)(?P=quote)
       | (?P<bare>(?:file://|(?<![\w.~/\\<)\]}}*%$-])(?<!&lt;))(?:~/|/{_PART}+/)(?:{_PART}|/)*)""",
    re.VERBOSE,
)
_TRAILING = re.compile(r"(?::\d+)*[:.,;)\]}]*$")
_INSTALLED = re.compile(r"""(?:file://)?(?<![\w.~/-])/[^\s'"<>]*/(?:site|dist)-packages/""")
_PLAIN = frozenset({int, float, bool, type(None)})
_PACKAGE = re.compile(r"^.*/(?:site-packages|dist-packages|lib/python\d[\d.]*)/(?=.)")


class Privacy:
    """Shows paths as relative to the matrix file or to an installed package, all others as the file's own name."""

    def __init__(self, matrix: Path | None = None) -> None:
        folders = [Path(srbench.__file__).parent.parent]
        if matrix is not None:
            folders += [matrix.absolute().parent, matrix.resolve().parent]
        self._known = sorted({f"{folder}/" for folder in folders} - {"//"}, key=len, reverse=True)
        self._home = str(home() or "")
        self._text = lru_cache(maxsize=1 << 14)(self._shown)  # records have most of their texts in common

    def of(self, value: Any) -> Any:
        """Every text and path in nested data as it may be published, with codes for control characters."""
        if type(value) in _PLAIN:
            return value
        if type(value) is str:
            return self._text(value)
        if isinstance(value, Mapping):
            return {self.of(name): self.of(part) for name, part in value.items()}
        if isinstance(value, list | tuple):
            return [self.of(part) for part in value]
        if isinstance(value, Markup):
            return Markup(self._text(str(value)))
        return self._text(str(value)) if isinstance(value, str | Path) else value

    def _shown(self, text: str) -> str:
        text = visible(text)
        if "/" not in text:
            return text
        text = _INSTALLED.sub("", text)  # first: an environment may lie in a folder that is known
        for folder in self._known:
            text = re.sub(rf"(?:file://)?(?<![\w.~-]){re.escape(folder)}", "", text)
        if len(self._home) > 1:
            text = re.sub(rf"(?<![\w./-]){re.escape(self._home)}(?![\w-])", "~", text)
        return _PATH.sub(_public, text)


def _public(match: re.Match[str]) -> str:
    if match["address"]:
        return match[0]
    if match["quoted"]:
        return f"{match['quote']}{_name(match['quoted'])}{match['quote']}"
    ending = _TRAILING.search(match["bare"])
    assert ending is not None
    return _name(match["bare"][: ending.start()]) + ending[0]


def _name(path: str) -> str:
    inside = _PACKAGE.sub("", path)
    return inside if inside != path else path.rstrip("/").rpartition("/")[2]
