"""`srbench info`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from srbench.cli.options import given_parameters, json_option
from srbench.cli.output import print_json
from srbench.store.texts import own_documentation

if TYPE_CHECKING:
    from srbench.registry.parameters import Parameter
    from srbench.registry.registry import Registered


@click.command("info", short_help="What a method, dataset, metric, degradation or the like is, and its parameters.")
@click.argument("name")
@click.option(
    "--param",
    "params",
    multiple=True,
    metavar="KEY=VALUE",
    help="A parameter that brings others (`architecture=swinir`): describe it with these; may be repeated.",
)
@json_option
def command(name: str, params: tuple[str, ...], as_json: bool) -> None:
    """Describe everything called NAME: where it comes from, what it does, its parameters and presets."""
    from srbench.errors import SrbenchError, nearest
    from srbench.registry.registry import KINDS, registry

    offered = registry()
    found = [one for kind in KINDS for one in offered.entries(kind) if one.entry.name == name]
    if not found:
        names = {known for kind in KINDS for known in offered.names(kind)}
        raise SrbenchError(f"nothing is called {name!r}.{nearest(name, names)}")
    given = given_parameters("--param", params)
    facts = [_facts(one, given) for one in found]
    if as_json:
        print_json(facts)
        return
    for one in facts:
        _print(one)


def _facts(registered: Registered, given: dict[str, Any]) -> dict[str, Any]:
    import inspect

    from srbench.registry.parameters import (
        ParameterError,
        examine,
        own_parameters,
        presets,
        shared_parameters,
        variants,
    )

    target = registered.load()
    facts: dict[str, Any] = {
        "name": registered.entry.name,
        "kind": registered.kind,
        "plugin": f"{registered.plugin.distribution} {registered.plugin.version}",
        "summary": registered.entry.summary,
    }
    if not inspect.isclass(target):
        return {**facts, "facts": target.facts()}
    for error in examine(target, given)[1] if given else ():
        if error.parameter in given:
            raise ParameterError(error.parameter, f"{registered.entry.name}: {error}")
    facts["description"] = "\n\n".join(own_documentation(kind) for kind in (target, *variants(target, given)))
    for name in ("learns", "wants", "samples", "unit", "higher_is_better", "range", "version"):
        if hasattr(target, name):
            facts[name] = getattr(target, name)
    needs: frozenset[str] = getattr(target, "needs", frozenset())
    if needs:
        facts["needs"] = sorted(needs)
    if papers := [paper for kind in (target, *variants(target, given)) for paper in getattr(kind, "papers", ())]:
        facts["papers"] = [*map(str, dict.fromkeys(papers))]
    facts["parameters"] = list(map(_parameter, own_parameters(target, given).values()))
    shared: Mapping[str, type] = getattr(target, "shared", {})
    facts["shared"] = {
        attribute: {"summary": _summary(shared[attribute]), "parameters": list(map(_parameter, names.values()))}
        for attribute, names in shared_parameters(target, given).items()
        if names
    }
    facts["presets"] = {name: dict(values) for name, values in presets(target, given).items()}
    facts["variants"] = {
        name: {value: {"summary": _summary(kind), "presets": list(presets(kind, {}))} for value, kind in kinds.items()}
        for name, kinds in getattr(target, "variants", {}).items()
        if name not in given
    }
    return facts


def _parameter(one: Parameter) -> dict[str, Any]:
    return {"name": one.name, "type": one.type_name, "default": None if one.required else one.default}


def _summary(kind: type) -> str:
    """The first paragraph of what a class says of itself, on one line."""
    return " ".join(own_documentation(kind).split("\n\n")[0].split())


def _print_parameters(heading: str, rows: list[dict[str, Any]]) -> None:
    click.echo(f"{heading}:")
    for row in rows:
        click.echo(f"  {row['name']}: {row['type']}" + ("" if row["default"] is None else f" = {row['default']}"))


def _print(facts: dict[str, Any]) -> None:
    click.secho(f"{facts.pop('name')} ({facts.pop('kind')} of {facts.pop('plugin')})", bold=True)
    for name in ("summary", "description"):
        if facts.get(name):
            click.echo(facts[name])
    rows = facts.pop("parameters", [])
    shared = facts.pop("shared", {})
    presets = facts.pop("presets", {})
    variants = facts.pop("variants", {})
    papers = facts.pop("papers", [])
    for name, value in facts.items():
        if name not in ("summary", "description") and value not in ("", None):
            click.echo(f"{name}: {value}")
    for paper in papers:
        click.echo(f"paper: {paper}")
    if rows:
        _print_parameters("parameters", rows)
    for attribute, one in shared.items():
        _print_parameters(f"{attribute} ({one['summary']})", one["parameters"])
    for name, values in presets.items():
        click.echo(f"preset {name}: " + ", ".join(f"{key}={value}" for key, value in values.items()))
    for name, values in variants.items():
        click.echo(f"{name} (more of each: --param {name}={next(iter(values))}):")
        for value, one in values.items():
            click.echo(f"  {value} ({', '.join(one['presets'])}): {one['summary']}")
