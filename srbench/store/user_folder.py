"""The user's home, and srbench's own folder in the user's cache."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import platformdirs


def home() -> Path | None:
    """The user's home, if any is known."""
    try:
        return Path.home()
    except RuntimeError:
        return None


def user_cache() -> Path:
    """The folder for what can be made again: in the temporary one for a user without a home, as in many containers."""
    if home() is None and "XDG_CACHE_HOME" not in os.environ:
        return Path(tempfile.gettempdir()) / f"srbench-{os.getuid()}"
    return platformdirs.user_cache_path("srbench")


def made_user_cache() -> Path:
    """The folder, made where it is not there, for its owner alone: names of patients' files may be in it.

    Raises `OSError`.
    """
    folder = user_cache()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
