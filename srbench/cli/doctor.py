"""`srbench doctor`."""

from __future__ import annotations

import click

from srbench.cli.options import json_option
from srbench.cli.output import print_rows


@click.command("doctor", short_help="What this machine has, and what is wrong with it.")
@json_option
def command(as_json: bool) -> None:
    """Check Python, torch, devices, memory, disk, the data root, plugins. Exits with 1 when something is wrong."""
    from srbench.commands.doctor import diagnose

    findings = diagnose()
    rows = [{"check": one.check, "state": "ok" if one.ok else "wrong", "finding": one.finding} for one in findings]
    print_rows(rows, as_json)
    if not all(one.ok for one in findings):
        click.get_current_context().exit(1)
