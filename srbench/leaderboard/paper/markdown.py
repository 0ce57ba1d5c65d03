"""A ranked table in the Markdown of GitHub."""

from __future__ import annotations

import re
from collections.abc import Iterable

from srbench.leaderboard.paper.grid import Entry, Grid, Head
from srbench.store.texts import visible

_ARROWS = {"up": " ↑", "down": " ↓", "": ""}


def markdown(grid: Grid) -> str:
    """The table below its caption, and above its footnotes."""
    width = len(grid.heads)
    lines = [escaped(grid.caption), ""]
    lines.append(_row([_head(head) for head in grid.heads]))
    lines.append(_row(["---", "---", *["---:"] * (width - 2)]))
    rows = (*grid.lines, *grid.references)
    lines += [_row([*map(_cell, line), *[""] * (width - len(line))]) for line in rows]
    if grid.notes:
        lines.append("")
        lines += [f"<sup>{place}</sup> {_prose(note)}<br>" for place, note in enumerate(grid.notes, start=1)]
    return "".join(f"{line}\n" for line in lines)


def escaped(text: str) -> str:
    """Text that Markdown shows as it is; white space of any kind is one space."""
    plain = re.sub(r"\s+", " ", visible(text))
    plain = plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    plain = re.sub(r"[\\`*_{}\[\]#|~$@]|:(?! |$)", r"\\\g<0>", plain)
    return re.sub(r"^( ?)(?:([+-])(?=[- ]|$)|(\d+)([.)])(?= |$))", r"\1\3\\\2\4", plain)  # would begin a list


def _prose(text: str) -> str:
    """Words of messages, in which what stands between backticks is code."""
    parts = re.split(r"`([^`]+)`", text)
    return "".join(f"<code>{escaped(part)}</code>" if place % 2 else escaped(part) for place, part in enumerate(parts))


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _head(head: Head) -> str:
    return f"{escaped(head.text)}{_ARROWS[head.better]}{_marks(head.notes)}"


def _cell(entry: Entry) -> str:
    text = escaped(entry.text)
    if entry.emphasis == "best":
        text = f"**{text}**"
    elif entry.emphasis == "second":
        text = f"<ins>{text}</ins>"
    if entry.interval:
        text += rf" \[{escaped(entry.interval[0])}, {escaped(entry.interval[1])}\]"
    if entry.spread:
        text += f" {escaped(entry.spread)}"
    return text + _marks(entry.notes)


def _marks(notes: Iterable[int]) -> str:
    numbers = ", ".join(map(str, notes))
    return f"<sup>{numbers}</sup>" if numbers else ""
