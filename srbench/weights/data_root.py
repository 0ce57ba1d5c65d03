"""Where named datasets and weights live."""

from __future__ import annotations

import os
from pathlib import Path

from srbench.store.user_folder import user_cache

VARIABLE = "SRBENCH_DATA"


def data_root() -> Path:
    """The folder that `SRBENCH_DATA` names, or srbench's own folder in the user's cache."""
    named = os.environ.get(VARIABLE)
    return Path(named).expanduser() if named else user_cache() / "data"
