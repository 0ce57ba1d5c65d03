"""The command line: one module a verb, each imported only when it is used."""

from __future__ import annotations

import gc
import importlib
import sys

import click

VERBS = (
    "run",
    "watch",
    "plan",
    "report",
    "publish",
    "show",
    "why",
    "list",
    "info",
    "fetch",
    "prepare",
    "upscale",
    "export",
    "judge",
    "votes",
    "verify",
    "merge",
    "clean",
    "doctor",
)


class _Verbs(click.Group):
    """Imports a verb's module when the verb is asked for; modules import nothing heavy at their top."""

    def list_commands(self, context: click.Context) -> list[str]:
        return [*VERBS]  # `list` is the name of a verb's module, once that is imported

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in VERBS:
            return None
        command: click.Command = importlib.import_module(f"srbench.cli.{name}").command
        return command


@click.group(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="srbench")
def cli() -> None:
    """Which super-resolution method serves your images, at what cost, and is the difference real?"""


def main() -> None:
    """Run the command line and exit: 0 fine, 1 some cell failed, 2 bad usage or bad matrix, 130 interrupted."""
    from srbench.errors import SrbenchError, machine_fault
    from srbench.store.texts import visible

    gc.set_threshold(50_000, 50)  # among thousands of pictures, none of them garbage, it would look around all the time
    try:
        code = cli.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = 2
    except SrbenchError as error:
        for message in error.messages:
            _tell(visible(message))
        code = 2
    except (KeyboardInterrupt, click.Abort) as interrupt:
        left = "".join(f"; {words}" for words in interrupt.args)
        click.echo(f"interrupted; what is finished is kept, run again to go on{left}", err=True)
        code = 130
    except BrokenPipeError:  # the reader of a pipe has seen enough
        sys.stderr.close()
        code = 0
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        _tell(visible(machine_fault(error) or f"{where}{error.strerror or error}"))
        code = 2
    sys.exit(code)


def _tell(message: str) -> None:
    click.secho("error: ", fg="red", bold=True, err=True, nl=False)
    click.echo(message, err=True)
