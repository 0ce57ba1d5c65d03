"""Templates and files: everything that turns a context into a page in a folder. Escaping is always on."""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from srbench.leaderboard import numerals
from srbench.leaderboard.figures import marker, whisker
from srbench.leaderboard.results import shortened
from srbench.store import write_atomically

STYLE, SCRIPT = "style.css", "board.js"


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The templates, with the filters they use."""
    env = Environment(
        loader=PackageLoader("srbench.leaderboard"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    env.policies["json.dumps_kwargs"] = {"sort_keys": True, "ensure_ascii": False, "separators": (",", ":")}
    env.filters |= {
        "number": numerals.number,
        "duration": numerals.duration,
        "significant": numerals.significant,
        "count": numerals.count,
        "metric": numerals.metric_label,
        "shortened": shortened,
        "plural": numerals.plural,
        "with_code": with_code,
    }
    env.globals |= {"marker": marker, "whisker": whisker, "version": version("srbench")}
    return env


def with_code(text: str) -> Markup:
    """Text of docstrings and messages as HTML: what stands between backticks is code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def write_page(path: Path, template: str, context: dict[str, Any]) -> None:
    """Render a template into a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, environment().get_template(template).render(context).encode())


def write_static(folder: Path, *names: str) -> None:
    """Copy the style sheet or the script beside the pages."""
    for name in names:
        write_atomically(folder / name, (files("srbench.leaderboard") / "static" / name).read_bytes())


def date_words(date: str) -> str:
    """`2026-11-21T09:30:00Z` as `21 Nov 2026`; what is no date stays as it is."""
    try:
        day = datetime.fromisoformat(date)
    except ValueError:
        return date
    # Not strftime: month names would follow the locale.
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    return f"{day.day} {months[day.month - 1]} {day.year}"
