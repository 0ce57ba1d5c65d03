"""`srbench merge`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from srbench.store.texts import visible

if TYPE_CHECKING:
    from srbench.store.merge import Conflict, Merged


@click.command("merge", short_help="Bring stores together, nothing lost.")
@click.argument("sources", nargs=-1, required=True, metavar="STORE...", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--into",
    "target",
    required=True,
    metavar="STORE",
    type=click.Path(file_okay=False, path_type=Path),
    help="The store that gets what the others hold; a new one is made.",
)
def command(sources: tuple[Path, ...], target: Path) -> None:
    """Bring the records of every STORE, with models, pictures and logs, into one; the others are only read.

    A STORE may also be a published board: its records and votes are taken, and it has no SR. What the target has stays
    as it is. A cell that is ok takes the place of one that is not, and metrics that either has are united. What is
    damaged in the target is made good, and told with what of it is gone. A record that contradicts the target's, with
    another score or other SR, is kept in STORE/conflicts and told; what is damaged in a source is told, and not taken.
    Exits with 1 where there is such a conflict or damage. A merge that was interrupted goes on when it is repeated.
    """
    from srbench.commands.merge import opened
    from srbench.runner.supervision.at_work import at_work_in
    from srbench.store.merge import merge
    from srbench.store.records import Store

    told = False
    with at_work_in(Store(target), "srbench merge", alone=True):
        for source in sources:
            with opened(source) as store:
                merged = merge(store, Store(target))
            _tell(source, merged)
            told |= bool(merged.conflicts or merged.faults)
    if told:
        click.get_current_context().exit(1)


def _tell(source: Path, merged: Merged) -> None:
    counts = {
        "taken": merged.taken,
        "completed": merged.completed,
        "there already": merged.there,
        "made good": len(merged.made_good),
        "in conflict": len(merged.conflicts),
        "damaged": len(merged.faults),
    }
    click.echo(
        f"{click.format_filename(source)}: " + ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    )
    for fault in merged.made_good:
        click.echo(visible(f"made good: {fault.label or fault.folder}: {fault.what}"), err=True)
    for fault in merged.faults:
        click.secho(visible(f"not taken: {fault.label or fault.folder}: {fault.what}"), fg="red", err=True)
    for conflict in merged.conflicts:
        click.secho(visible(f"conflict: {_in_words(conflict)}"), fg="red", err=True)
    if merged.conflicts:
        click.echo(
            "the store keeps what it had; to take the other of two, move the folder of the first away, and merge the "
            "store in conflicts/ that holds the other",
            err=True,
        )


def _in_words(conflict: Conflict) -> str:
    said = "; ".join(f"{one.what} is {one.kept} here, {one.other} there" for one in conflict.differences)
    return f"{conflict.label or conflict.kept.name}: {said} (here: {conflict.kept}; there: {conflict.other})"
