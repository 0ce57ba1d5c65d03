"""The command line in this process: what it leaves, and the matrix that it works on."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple


class Said(NamedTuple):
    """What the command line left: the exit code, standard output, standard error."""

    code: int
    out: str
    err: str


Srbench = Callable[..., Said]


def rewrite(folder: Path, **changes: object) -> None:
    """Change the matrix of a folder."""
    path = folder / "matrix.yaml"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
