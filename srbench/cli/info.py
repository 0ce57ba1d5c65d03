"""`srbench info`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from srbench.cli.options import json_option
from srbench.cli.output import print_json
from srbench.store.texts import own_documentation

if TYPE_CHECKING:
    from srbench.registry.registry import Registered


@click.command("info", short_help="What a method, dataset, metric, degradation or the like is, and its parameters.")
@click.argument("name")
@json_option
def command(name: str, as_json: bool) -> None:
    """Describe everything called NAME: where it comes from, what it does, its parameters and presets."""
    from srbench.errors import SrbenchError, nearest
    from srbench.registry.registry import KINDS, registry

    offered = registry()
    found = [one for kind in KINDS for one in offered.entries(kind) if one.entry.name == name]
    if not found:
        names = {known for kind in KINDS for known in offered.names(kind)}
        raise SrbenchError(f"nothing is called {name!r}.{nearest(name, names)}")
    facts = [_facts(one) for one in found]
    if as_json:
        print_json(facts)
        return
    for one in facts:
        _print(one)


def _facts(registered: Registered) -> dict[str, Any]:
    import inspect

    from srbench.registry.parameters import parameters

    target = registered.load()
    facts: dict[str, Any] = {
        "name": registered.entry.name,
        "kind": registered.kind,
        "plugin": f"{registered.plugin.distribution} {registered.plugin.version}",
        "summary": registered.entry.summary,
    }
    if not inspect.isclass(target):
        return {**facts, "facts": target.facts()}
    facts["description"] = own_documentation(target)
    for name in ("learns", "wants", "samples", "unit", "higher_is_better", "range", "version"):
        if hasattr(target, name):
            facts[name] = getattr(target, name)
    needs: frozenset[str] = getattr(target, "needs", frozenset())
    if needs:
        facts["needs"] = sorted(needs)
    facts["parameters"] = [
        {"name": one.name, "type": one.type_name, "default": None if one.required else one.default}
        for one in parameters(target).values()
    ]
    facts["presets"] = {name: dict(values) for name, values in getattr(target, "presets", {}).items()}
    return facts


def _print(facts: dict[str, Any]) -> None:
    click.secho(f"{facts.pop('name')} ({facts.pop('kind')} of {facts.pop('plugin')})", bold=True)
    for name in ("summary", "description"):
        if facts.get(name):
            click.echo(facts[name])
    rows = facts.pop("parameters", [])
    presets = facts.pop("presets", {})
    for name, value in facts.items():
        if name not in ("summary", "description") and value not in ("", None):
            click.echo(f"{name}: {value}")
    if rows:
        click.echo("parameters:")
        for row in rows:
            click.echo(f"  {row['name']}: {row['type']}" + ("" if row["default"] is None else f" = {row['default']}"))
    for name, values in presets.items():
        click.echo(f"preset {name}: " + ", ".join(f"{key}={value}" for key, value in values.items()))
