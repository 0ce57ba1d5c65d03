"""`srbench verify`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from srbench.cli.options import json_option, place_argument, store_option, stores_at
from srbench.cli.output import print_rows
from srbench.errors import SrbenchError

if TYPE_CHECKING:
    from srbench.store.records import Store


@click.command("verify", short_help="Whether a store's files are those that were written.")
@place_argument
@store_option
@click.option(
    "--again",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help="Also make N cells once more, and compare SR and scores.",
)
@json_option
def command(place: Path | None, store: Path | None, again: int, as_json: bool) -> None:
    """Read every file that the records of a store name, and list those that are damaged or gone.

    The store is the one that is named, that of a matrix, or every one in `results`. What is listed is made again by the
    next run that uses it. Exits with 1 when something is listed.

    With --again, cells that went well are chosen at random and made once more, from the same models, in a store of
    their own. On other hardware, or with another number of threads, the last digits may be others.
    """
    from srbench.api import make_again
    from srbench.store.verify import Fault, faults

    stores = stores_at(place, store)
    found = [fault for one in stores for fault in faults(one)]
    made = 0
    for one in stores if again else ():
        for cell in make_again(_matrix_of(one), store=one.root, count=again):
            made += 1
            click.echo(f"made again: {cell.label}", err=True)
            found += [Fault(cell.folder, cell.label, difference) for difference in cell.differences]
    rows = [{"folder": str(fault.folder), "of": fault.label, "what": fault.what} for fault in found]
    if found or as_json:
        print_rows(rows, as_json)
    else:
        click.echo(
            "every file is the one that was written" + (f"; {made} made again came out the same" if made else "")
        )
    if found:
        click.get_current_context().exit(1)


def _matrix_of(store: Store) -> Path:
    matrix = store.last_matrix()
    if matrix is None:
        raise SrbenchError(f"--again: the matrix that the store {store.root} was made from is gone; run it again first")
    return matrix
