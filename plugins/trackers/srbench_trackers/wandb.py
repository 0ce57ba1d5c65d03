"""Runs of a project of Weights & Biases."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import ClassVar, Literal

from .server import SECONDS, reached
from .tracked import RecordTracker, Tracked, needs


class WandB(RecordTracker):
    """A run of Weights & Biases for each cell and each training, in a project.

    project: the matrix's name, when left out. mode: `offline` writes files below `FOLDER/wandb`, which `wandb sync`
    takes to a server when somebody asks for it; `online` takes everything there at once. Names of machines, programs
    and packages are left out.
    """

    looked_for: ClassVar[frozenset[str]] = frozenset({"folder"})

    def __init__(
        self,
        project: str | None = None,
        mode: Literal["offline", "online"] = "offline",
        folder: Path = Path("results"),
    ) -> None:
        needs("wandb")
        self._project, self._mode, self._folder = project, mode, folder

    def begin(self, matrix: str) -> None:
        """Find the project."""
        self._project = self._project or matrix
        self._folder.mkdir(parents=True, exist_ok=True)

    def take(self, tracked: Tracked) -> None:
        """Make a run."""
        import wandb

        if self._mode == "offline":
            self._make_run(tracked)
            return
        with reached("W&B", wandb.setup().settings.base_url):
            self._make_run(tracked)

    def _make_run(self, tracked: Tracked) -> None:
        import wandb

        quietly = wandb.Settings(
            silent=True,
            console="off",
            host="unnamed",
            disable_code=True,
            disable_git=True,
            x_disable_meta=True,
            x_disable_stats=True,
            x_save_requirements=False,
            init_timeout=SECONDS,
            finish_timeout=2 * SECONDS,
            finish_timeout_raises=True,
        )
        run = wandb.init(
            project=self._project,
            name=tracked.name,
            job_type=tracked.kind,
            config=dict(tracked.parameters),
            dir=str(self._folder),
            mode=self._mode,
            reinit="create_new",
            settings=quietly,
        )
        for (stage, step), points in groupby(tracked.points, lambda point: (point.stage, point.step)):
            run.define_metric(f"{stage}/*", step_metric=f"{stage}/step")
            run.log({f"{stage}/step": step, **{point.curve: point.value for point in points}})
        run.summary.update({**tracked.values, **tracked.words})
        run.finish(exit_code=0 if tracked.ok else 1)

    def end(self) -> None:
        """End the process that wandb works with, unless somebody else in this process uses it."""
        import wandb

        if wandb.run is None:
            wandb.teardown()
