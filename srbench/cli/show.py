"""`srbench show`."""

from __future__ import annotations

from pathlib import Path

import click

from srbench.cli.options import json_option, store_option
from srbench.cli.output import print_json
from srbench.store.texts import visible


@click.command("show", short_help="A cell's record and its log.")
@click.argument("cell")
@store_option
@json_option
def command(cell: str, store: Path | None, as_json: bool) -> None:
    """Show the record of CELL: its label (`set5/x4-y/bicubic`) or the first digits of its key."""
    import msgspec

    from srbench.leaderboard.words.numerals import flat
    from srbench.store.cell import begun_with
    from srbench.store.conflicts import conflicts
    from srbench.store.find import find_record
    from srbench.store.image_names import read_names

    place, stored = find_record(cell, store)
    record = stored.by_name()
    if as_json:
        print_json(msgspec.to_builtins(record))
        return
    begun = begun_with(record.ingredients.get("model") or {})
    facts: dict[str, object] = {
        "cell": record.label,
        "key": record.key,
        "status": record.status + (f": {record.reason}" if record.reason else ""),
        "started": f"{record.started}, took {record.seconds:g} s",
        **({} if record.job is None else {"job": record.job}),
        **({"training": begun} if begun else {}),
        "LR": record.lr,
        "folder": place.folder("cells", record.key),
    }
    for number, other in enumerate(conflicts(place), start=1):
        if other.read("cells", record.key):
            facts[f"conflict.{number}"] = other.folder("cells", record.key)
    parameters = (record.ingredients.get("method") or {}).get("params") or {}
    facts |= {f"method.{name}": text for name, text in flat(parameters)}
    facts |= {f"cost.{name}": value for name, value in record.cost.items()}
    facts |= {f"environment.{name}": value for name, value in record.environment.items()}
    for name, result in record.metrics.items():
        score = result.reason if result.value is None else f"{result.value:.6g} {result.unit}, n = {result.n}"
        facts[f"metric.{name}"] = f"{result.status}, {score}"
        facts |= {f"metric.{name}.{label}": f"{value:.6g}" for label, value in result.details.numbers.items()}
        details = result.details
        for what, classes in (("by-class", details.by_class), ("ceiling-by-class", details.ceiling_by_class)):
            for label, one in classes.items():
                numbers = {"value": one.value, "spread": one.spread, "n": one.n}
                said = (f"{told} {number:.6g}" for told, number in numbers.items() if number is not None)
                facts[f"metric.{name}.{what}.{label}"] = ", ".join(said)
        if (confusion := details.confusion) is not None:
            for true, counts in zip(confusion.classes, confusion.counts, strict=True):
                said = (f"{label} {count:.6g}" for label, count in zip(confusion.classes, counts, strict=True))
                facts[f"metric.{name}.confusion.{true}"] = ", ".join(said)
        if result.notes:
            facts[f"metric.{name}.notes"] = "; ".join(result.notes)
    for named in read_names(place):
        if (named.dataset, named.split) == (record.point.get("dataset"), "test") and named.id in record.images:
            facts[f"name.{named.id}"] = named.name
    facts |= {f"warning.{number}": warning for number, warning in enumerate(record.warnings, start=1)}
    width = max(len(name) for name in facts)
    for name, value in facts.items():
        click.echo(visible(f"{name.ljust(width)}  {'-' if value is None else value}"))
    log = place.folder("cells", record.key) / "log.txt"
    click.echo("log:")
    click.echo(visible(log.read_text(errors="replace").rstrip()) if log.exists() else record.log_tail or "(empty)")
