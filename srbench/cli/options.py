"""Arguments and options that several verbs share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from srbench.errors import nearest

if TYPE_CHECKING:
    from srbench.store.record import Status
    from srbench.store.records import Store

STATUSES: tuple[Status, ...] = ("failed", "timeout", "out_of_memory", "killed", "skipped", "ok")

matrix_argument = click.argument("matrix", type=click.Path(path_type=Path))


def _no_file(context: click.Context, parameter: click.Parameter, value: Path | None) -> Path | None:
    if value is not None and value.is_file():
        raise click.BadParameter(f"{value} is a file; a store is a folder, such as results/NAME")
    return value


store_option = click.option(
    "--store", type=click.Path(path_type=Path), callback=_no_file, help="The folder of records [results/NAME]."
)
place_argument = click.argument("place", required=False, metavar="[STORE|MATRIX]", type=click.Path(path_type=Path))
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


def stores_at(place: Path | None, store: Path | None) -> list[Store]:
    """The store of `--store`, that at a place, or that of the matrix there; all in `results` where neither is named."""
    from srbench.store.find import stores
    from srbench.store.records import is_store

    if store is None and place is not None:
        store = place if is_store(place) else store_of_matrix(place)
    return stores(store)


def store_of_matrix(place: Path) -> Path:
    """The default store of the matrix that a path names, whether it is there or not. Raises `SrbenchError`."""
    from srbench.api import default_store
    from srbench.matrix import matrix_file, matrix_name

    return default_store(matrix_name(matrix_file(place)))


where_option = click.option(
    "--where",
    multiple=True,
    metavar="KEY=VALUE",
    help="Only cells with this dataset, protocol, method, trained_on or seed; may be repeated.",
)
only_option = click.option("--only", multiple=True, metavar="CELL", help="Only this cell; may be repeated.")
skip_option = click.option("--skip", multiple=True, metavar="CELL", help="All but this cell; may be repeated.")


def coordinates(pairs: tuple[str, ...]) -> dict[str, set[str]]:
    """What `--where` asks for, by coordinate."""
    chosen: dict[str, set[str]] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise click.BadParameter(f"{pair!r} is not KEY=VALUE", param_hint="--where")
        chosen.setdefault(key, set()).add(value)
    return chosen


def given_parameters(option: str, params: tuple[str, ...]) -> dict[str, Any]:
    """What an option that may be repeated gives as `KEY=VALUE`, values as in a matrix file."""
    from srbench.matrix.nodes import plain
    from srbench.matrix.yaml_nodes import read_nodes

    given: dict[str, Any] = {}
    for param in params:
        key, equals, text = param.partition("=")
        if not key or not equals:
            raise click.UsageError(f"{option} {param!r} is not KEY=VALUE")
        if key in given:
            raise click.UsageError(f"{option} {key} is there twice")
        node, problems = read_nodes(text)
        if problems:
            raise click.UsageError(f"{option} {key}: {problems[0].message}")
        given[key] = None if node is None else plain(node)
    return given
