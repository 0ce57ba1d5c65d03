"""`srbench upscale`."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("upscale", short_help="Upscale your own pictures with any method.")
@click.argument("method")
@click.argument("images", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Where SR goes.")
@click.option("--scale", type=click.IntRange(min=1), help="The factor [that of the model, otherwise 4].")
@click.option("--model", help="The cell (label or key) or folder that holds what the method learned.")
@click.option("--memory-gb", type=click.FloatRange(min=0, min_open=True), help="Upscale in tiles above this.")
def command(
    method: str, images: tuple[Path, ...], out: Path, scale: int | None, model: str | None, memory_gb: float | None
) -> None:
    """Upscale IMAGES (files, or folders of them) with METHOD into the folder OUT, losslessly, in their own depth.

    A picture that cannot be read is reported and the others go on; the exit code is then 1.
    """
    from rich.console import Console
    from rich.progress import Progress

    from srbench.upscaling import load_method, pictures, upscale_file

    chosen = load_method(method, model, scale)
    files = pictures(images)
    out.mkdir(parents=True, exist_ok=True)
    failed = 0
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        for path in progress.track(files, description=f"{method} x{chosen.scale}"):
            try:
                click.echo(upscale_file(chosen, path, out, None if memory_gb is None else memory_gb * 1e9))
            except Exception as error:  # one bad picture, or one that the method fails on, must not stop the others
                failed += 1
                click.secho(f"{path}: {error}", fg="red", err=True)
    if failed:
        click.get_current_context().exit(1)
