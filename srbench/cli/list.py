"""`srbench list`."""

from __future__ import annotations

import click

from srbench.cli.options import json_option
from srbench.cli.output import print_rows
from srbench.store.texts import brief

KINDS = (
    "methods",
    "datasets",
    "metrics",
    "extractors",
    "degradations",
    "formats",
    "protocols",
    "tasks",
    "executors",
    "sections",
    "trackers",
    "weights",
    "plugins",
)


@click.command("list", short_help="What the installed plugins offer.")
@click.argument("kind", type=click.Choice(KINDS), required=False)
@json_option
def command(kind: str | None, as_json: bool) -> None:
    """List methods, datasets, metrics, extractors, degradations, formats, protocols, tasks, executors, sections,
    trackers, weights or plugins; all but the last two, unless told.

    `list plugins` also shows those that cannot be loaded, and why; `list weights`, whose files they are and on what
    terms. `srbench fetch` says which of them are here.
    """
    from srbench.registry.registry import KINDS as OFFERED
    from srbench.registry.registry import registry

    if kind == "plugins":
        print_rows(_plugins(), as_json)
        return
    if kind == "weights":
        print_rows(_weights(), as_json)
        return
    rows = [
        {
            "kind": offered,
            "name": registered.entry.name,
            "summary": registered.entry.summary,
            "plugin": registered.plugin.distribution,
        }
        for offered in OFFERED
        if kind is None or kind == f"{offered}s"
        for registered in registry().entries(offered)
    ]
    print_rows(rows, as_json)
    for broken in registry().broken:
        click.echo(brief(f"not loaded: {broken.plugin.distribution}: {broken.reason}"), err=True)


def _plugins() -> list[dict[str, str]]:
    from srbench.registry.registry import registry

    fine = [
        {"plugin": plugin.distribution, "version": plugin.version, "state": "ok", "reason": ""}
        for plugin in registry().plugins
    ]
    return fine + [
        {
            "plugin": broken.plugin.distribution,
            "version": broken.plugin.version,
            "state": "broken",
            "reason": broken.reason,
        }
        for broken in registry().broken
    ]


def _weights() -> list[dict[str, object]]:
    from srbench.registry.registry import registry

    return [
        {
            "name": declared.file.name,
            "file": declared.file.file,
            "size": declared.file.size,
            "licence": declared.file.licence,
            "source": declared.file.source,
            "plugin": declared.plugin.distribution,
        }
        for declared in registry().weights
    ]
