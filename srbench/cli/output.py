"""Tables for people, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import click

from srbench.store.texts import each, visible


def print_rows(rows: Sequence[Mapping[str, Any]], as_json: bool) -> None:
    """Rows with the same keys, as an aligned table with a head, or as a JSON list."""
    if as_json:
        print_json(rows)
        return
    if not rows:
        click.echo("none")
        return
    columns = list(rows[0])
    texts = [columns, *([_text(row[column]) for column in columns] for row in rows)]
    widths = [max(len(line[index]) for line in texts) for index in range(len(columns))]
    head, *lines = ("  ".join(map(str.ljust, line, widths)).rstrip() for line in texts)
    click.secho(head, bold=True)
    click.echo("\n".join(lines))


def print_json(value: Any) -> None:
    """Indented JSON."""
    plain = json.loads(json.dumps(value, default=str))
    click.echo(json.dumps(each(plain, visible), indent=2, ensure_ascii=False))


def _text(value: Any) -> str:
    if value is None:
        return "-"
    return visible(" ".join(str(value).split()))
