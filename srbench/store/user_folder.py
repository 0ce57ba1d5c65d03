"""srbench's own folder in the user's cache."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import platformdirs


def user_cache() -> Path:
    """The folder for what can be made again: in the temporary one for a user without a home, as in many containers."""
    if os.path.expanduser("~") == "~" and "XDG_CACHE_HOME" not in os.environ:
        return Path(tempfile.gettempdir()) / f"srbench-{os.getuid()}"
    return platformdirs.user_cache_path("srbench")
