"""Arguments and options that several verbs share."""

from __future__ import annotations

from pathlib import Path

import click

matrix_argument = click.argument("matrix", type=click.Path(path_type=Path))
store_option = click.option(
    "--store", type=click.Path(file_okay=False, path_type=Path), help="The folder of records [results/NAME]."
)
verify_option = click.option(
    "--verify", is_flag=True, help="Read every picture and every file of the records, whatever is remembered of them."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
