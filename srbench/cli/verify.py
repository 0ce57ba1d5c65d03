"""`srbench verify`."""

from __future__ import annotations

from pathlib import Path

import click

from srbench.cli.options import json_option, store_option
from srbench.cli.output import print_rows


@click.command("verify", short_help="Whether a store's files are those that were written.")
@click.argument("place", required=False, metavar="[STORE|MATRIX]", type=click.Path(path_type=Path))
@store_option
@json_option
def command(place: Path | None, store: Path | None, as_json: bool) -> None:
    """Read every file that the records of a store name, and list those that are damaged or gone.

    The store is the one that is named, that of a matrix, or every one in `results`. What is listed is made again by the
    next run that uses it. Exits with 1 when something is listed.
    """
    from srbench.api import default_store
    from srbench.matrix import matrix_file, matrix_name
    from srbench.store.find import stores
    from srbench.store.records import SHELVES
    from srbench.store.verify import faults

    if store is None and place is not None:
        store = (
            place
            if any((place / shelf).is_dir() for shelf in SHELVES)
            else default_store(matrix_name(matrix_file(place)))
        )
    found = [fault for one in stores(store) for fault in faults(one)]
    rows = [{"folder": str(fault.folder), "of": fault.label, "what": fault.what} for fault in found]
    if found or as_json:
        print_rows(rows, as_json)
    else:
        click.echo("every file is the one that was written")
    if found:
        click.get_current_context().exit(1)
