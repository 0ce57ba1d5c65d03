"""Templates and files: everything that turns a context into a page in a folder. Escaping is always on."""

from __future__ import annotations

import re
from base64 import b64encode
from functools import lru_cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup, escape

from srbench.leaderboard.figures.comparisons import marker, whisker
from srbench.leaderboard.results.results import shortened
from srbench.leaderboard.tables.long import LongTable
from srbench.leaderboard.words import numerals
from srbench.leaderboard.words.privacy import Privacy

STYLES = ("style.css", "looking/look.css")
STYLE = STYLES[0]
_TABLES = ("tables/rows.js", "tables/columns.js", "tables/choices.js")
_LOOKING = tuple(f"looking/{name}.js" for name in ("viewer", "frame", "gestures", "display", "wall", "compare"))
_CROPS = ("crops/figure.js", "crops/boxes.js", "crops/crops.js")
SCRIPTS = ("address.js", *_TABLES, "copy.js", "print.js", "values.js", *_LOOKING, *_CROPS)


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
        finalize=_as_published,
    )
    env.policies["json.dumps_kwargs"] = {"sort_keys": True, "ensure_ascii": False, "separators": (",", ":")}
    env.filters |= {
        "number": numerals.number,
        "duration": numerals.duration,
        "significant": numerals.significant,
        "count": numerals.count,
        "shortened": shortened,
        "plural": numerals.plural,
        "with_code": _with_code,
        "tojson": _tojson,
        "cell": _cell,
        "svg": _svg,
    }
    env.globals |= {"marker": marker, "whisker": whisker, "version": version("srbench")}
    return env


def with_code(text: str) -> Markup:
    """Text of docstrings and messages as HTML: what stands between backticks is code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def _cell(value: str | int | float | None) -> str:
    """A cell of a table that a plugin fills."""
    if isinstance(value, float):
        return numerals.significant(value, 4)
    return numerals.DASH if value is None else f"{value:,}" if isinstance(value, int) else value


def _svg(document: str) -> str:
    """The address of a drawing as a picture, in which nothing runs."""
    return f"data:image/svg+xml;base64,{b64encode(document.encode()).decode()}"


def render(template: str, context: dict[str, Any]) -> bytes:
    """A page. privacy in the context: by which rules every text on it is shown (`Privacy`)."""
    return environment().get_template(template).render({"privacy": Privacy(), **context}).encode()


def write_static(folder: Path) -> None:
    """Copy the style sheets and scripts beside the pages."""
    for name in (*STYLES, *SCRIPTS):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(static(name))


def write_late(board: Path, folder: str, table: LongTable | None, privacy: Privacy) -> list[str]:
    """Write the rows of a table that its page does not hold; where, in the board's folder, if there are any.

    folder: that of the page, in `board`.
    """
    if table is None or not table.is_long:
        return []
    (board / folder).mkdir(exist_ok=True)
    (board / folder / table.late).write_bytes(render("tables/late.js", {"table": table, "privacy": privacy}))
    return [f"{folder}/{table.late}".lstrip("/")]


def static(name: str) -> bytes:
    """A style sheet or a script."""
    return (files("srbench.leaderboard") / "static" / name).read_bytes()


@pass_context
def _as_published(context: Context, value: Any) -> Any:
    """What is about to stand on a page."""
    return context["privacy"].of(value) if isinstance(value, str | Path) else value


@pass_context
def _with_code(context: Context, text: str) -> Markup:
    return with_code(context["privacy"].of(text))


@pass_context
def _tojson(context: Context, value: Any) -> Markup:
    policies = context.environment.policies
    return htmlsafe_json_dumps(context["privacy"].of(value), **policies["json.dumps_kwargs"])
