"""`srbench upscale`."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from srbench.cli.options import given_parameters

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

    from srbench.commands.sources import Picture
    from srbench.commands.upscale import Declared, Loaded, Written
    from srbench.pictures import Scale


def _scale(context: click.Context, parameter: click.Parameter, given: str | None) -> Scale | None:
    from srbench.errors import SrbenchError
    from srbench.pictures import scale_of

    try:
        return None if given is None else scale_of(given)
    except SrbenchError as error:
        raise click.BadParameter(str(error)) from None


def _values(context: click.Context, parameter: click.Parameter, given: Any) -> Declared | None:
    from srbench.commands.upscale import Declared
    from srbench.pictures import Values

    if given is None:
        return None
    peak = parameter.name == "peak"
    try:
        values = Values(*((0.0, given) if peak else given))
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
    return Declared(values, f" that --{parameter.name} gives", cut_off=not peak)


@click.command("upscale", short_help="Upscale your own pictures with any method.")
@click.argument("method")
@click.argument("images", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Where SR goes.")
@click.option(
    "--scale",
    callback=_scale,
    metavar="NUMBER",
    help="The factor, such as 4, 1.5 or 10/7 [that of the model or checkpoint, otherwise 4].",
)
@click.option("--model", help="The cell (label or key) or folder that holds what the method learned.")
@click.option(
    "--param",
    "params",
    multiple=True,
    metavar="KEY=VALUE",
    help="A parameter, as in a matrix file; of a trained model those of its use, ensemble=8 say; may be repeated.",
)
@click.option(
    "--format",
    "formats",
    multiple=True,
    metavar="FORMAT.KEY=VALUE",
    help="A parameter of a format of files, as `folder` takes it: fits.hdu=SCI, nifti.axis=sagittal; may be repeated.",
)
@click.option(
    "--peak",
    type=float,
    callback=_values,
    help="The value that means white, 0 being black: 4095 for 12 bits in 16 [that of the model, header or depth].",
)
@click.option(
    "--range",
    type=(float, float),
    metavar="BLACK WHITE",
    callback=_values,
    help="Both, as `range` of the dataset `folder`: -1000 3000. What is beyond is cut off.",
)
@click.option("--device", help="Where to compute: cpu, cuda, cuda:1, mps [the first GPU, otherwise the CPU].")
@click.option(
    "--memory-gb",
    type=click.FloatRange(min=0, min_open=True),
    help="Upscale in tiles above this [half of the free memory; of a GPU's, four fifths].",
)
@click.option(
    "--existing",
    type=click.Choice(["refuse", "skip", "overwrite"]),
    default="refuse",
    show_default=True,
    help="What becomes of SR that is there already.",
)
def command(
    method: str,
    images: tuple[Path, ...],
    out: Path,
    scale: Scale | None,
    model: str | None,
    params: tuple[str, ...],
    formats: tuple[str, ...],
    peak: Declared | None,
    range: Declared | None,
    device: str | None,
    memory_gb: float | None,
    existing: str,
) -> None:
    """Upscale IMAGES (files, or folders and zips with all below them) with METHOD into the folder OUT.

    SR is lossless, in each picture's own depth, PNG or TIFF, or a file of the same format (DICOM, NIfTI, FITS, TIFF
    stacks) with its spacing; a picture's place in its folder is kept.
    Transparency is kept: alpha is interpolated, and colours that nobody sees do not bleed into those that are seen.
    Black is 0 and white 255, 65535 or 1 (float) unless a header, the model or an option tells; values below or above
    are an error, or cut off by --range. Of folders, hidden files are passed over, and what else is no picture is
    counted. The path of each new file is printed. A picture that cannot be upscaled is reported and the others go on;
    the exit code is then 1.
    """
    from rich.console import Console

    from srbench.commands.sources import find_sources
    from srbench.commands.upscale import free_memory, load_method, usable_device

    given = given_parameters("--param", params)
    if peak is not None and range is not None:
        raise click.UsageError("--peak is the short form of a --range from 0: give one of the two")
    sources = find_sources(images, out, _of_formats(formats))
    files = sources.pictures
    if sources.passed_over:
        click.echo(f"passed over: {sources.passed_over}", err=True)
    there = [path for path in (picture.existing() for picture in files) if path is not None]
    if there and existing == "refuse":
        raise click.UsageError(
            f"{len(there)} of {len(files)} outputs exist already, {there[0]} for one; go on with --existing skip, or "
            "replace them with --existing overwrite"
        )
    device = usable_device(device)
    chosen = load_method(method, model, scale, given, device)
    out.mkdir(parents=True, exist_ok=True)
    memory = free_memory(device) if memory_gb is None else memory_gb * 1e9
    todo = [picture for picture in files if existing != "skip" or picture.existing() is None]
    console = Console(stderr=True)
    if given_values := peak or range:
        chosen = replace(chosen, declared=given_values)
    elif chosen.declared is not None:
        low, high, bits = chosen.declared.values.low, chosen.declared.values.high, chosen.declared.bits
        click.echo(f"black is {low:g} and white {high:g} for pictures of {bits} bits, as in the training", err=True)
    written = _upscale_all(console, chosen, todo, f"{method} x{chosen.scale}", memory)
    failed = len(todo) - len(written)
    for besides, files_of_it in Counter(one.besides for one in written if one.besides).items():
        click.echo(
            f"not enlarged in {files_of_it} of {len(todo)} files, which hold further pictures: {', '.join(besides)}; "
            "--format chooses pictures",
            err=True,
        )
    if undeclared := sum(one.undeclared for one in written):
        click.echo(
            f"black and white are each picture's own least and most value in {undeclared} of {len(todo)} files, whose "
            "headers name none; --range does",
            err=True,
        )
    if len(todo) < len(files) or failed:
        parts = {"upscaled": len(todo) - failed, "there already": len(files) - len(todo), "failed": failed}
        click.echo(", ".join(f"{count} {what}" for what, count in parts.items() if count), err=True)
    if failed:
        click.get_current_context().exit(1)


def _upscale_all(console: Console, chosen: Loaded, todo: list[Picture], title: str, memory: float) -> list[Written]:
    """Upscale one after the other; what was written of those that did not fail."""
    from srbench.commands.upscale import upscale_file
    from srbench.store.texts import brief

    written = []
    sizes = [_megapixels(picture.path, chosen.scale) for picture in todo]
    with _progress(console) as progress:
        bar = progress.add_task(title, total=sum(sizes), file="")
        done = 0.0
        for picture, size in zip(todo, sizes, strict=True):
            progress.update(bar, file=click.format_filename(picture.path.name))

            def moved(share: float, before: float = done, size: float = size) -> None:
                progress.update(bar, completed=before + share * size)

            try:
                written.append(upscale_file(chosen, picture, memory, moved))
                click.echo(click.format_filename(written[-1].path))
            except Exception as error:  # one bad picture, or one that the method fails on, must not stop the others
                message = str(error) or type(error).__name__
                named = message if str(picture.path) in message else f"{picture.path}: {message}"
                click.secho(brief(named), fg="red", err=True)
            done += size
            progress.update(bar, completed=done)
    return written


def _progress(console: Console) -> Progress:
    """A bar with the rate and the time that remains; nothing where there is no terminal."""
    import sys

    from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            speed = task.finished_speed or task.speed
            return Text("" if speed is None else f"{speed:.3g} megapixels/s", style="dim")

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.completed:.1f} of {task.total:.1f}", style="dim"),
        Rate(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[file]}", style="dim"),
        console=console,
        transient=True,
        disable=not console.is_terminal,
        # The paths are for whatever reads standard output, unless that is the terminal with the bar.
        redirect_stdout=sys.stdout.isatty(),
    )


def _megapixels(path: Path, scale: Scale) -> float:
    """The size of the SR, in megapixels; 0 for a picture that cannot be read, which says so in its turn."""
    from srbench.pictures import ImageError, image_size

    try:
        height, width = image_size(path)
    except ImageError:
        return 0.0
    return float(height * width * scale**2) / 1e6


def _of_formats(params: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """The parameters of formats, by their names."""
    found: dict[str, dict[str, Any]] = {}
    for key, value in given_parameters("--format", params).items():
        name, dot, parameter = key.partition(".")
        if not dot:
            raise click.UsageError(f"--format {key!r} names no parameter of a format: fits.hdu=SCI")
        found.setdefault(name, {})[parameter] = value
    return found
