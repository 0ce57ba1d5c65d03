"""Arguments and options that several verbs share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from srbench.errors import nearest

if TYPE_CHECKING:
    from srbench.store.records import Status

STATUSES: tuple[Status, ...] = ("failed", "timeout", "out_of_memory", "killed", "skipped", "ok")

matrix_argument = click.argument("matrix", type=click.Path(path_type=Path))
store_option = click.option(
    "--store", type=click.Path(file_okay=False, path_type=Path), help="The folder of records [results/NAME]."
)
verify_option = click.option(
    "--verify", is_flag=True, help="Read every picture and every file of the records, whatever is remembered of them."
)
retry_option = click.option(
    "--retry", default="", metavar="STATUS,...", help="Repeat cells that ended so, `failed,timeout` say."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def statuses(text: str) -> set[Status]:
    """The statuses that `--retry` names. Raises `click.BadParameter`."""
    asked = {part.strip() for part in text.split(",") if part.strip()}
    for status in sorted(asked):
        if status not in STATUSES:
            raise click.BadParameter(f"unknown status {status!r}.{nearest(status, STATUSES)}", param_hint="--retry")
    return {status for status in STATUSES if status in asked}
