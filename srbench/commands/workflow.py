"""Write the workflow that puts a site of boards on GitHub Pages."""

from __future__ import annotations

import re
from importlib.metadata import version
from pathlib import Path

from srbench.errors import SrbenchError
from srbench.leaderboard.pages.site import static
from srbench.store.files import write_atomically

WORKFLOW = ".github/workflows/pages.yml"
_MARK = b"# Written by `srbench publish --workflow`"
_SAFE = re.compile(r"[A-Za-z0-9._/-]+")


def write_workflow(site: Path) -> Path:
    """Write it into the repository that holds the site; a file there that is not srbench's is left alone.

    Raises `SrbenchError` where there is no repository, or such a file.
    """
    absolute = site.resolve()
    root = next((folder for folder in (absolute, *absolute.parents) if (folder / ".git").exists()), None)
    if root is None:
        raise SrbenchError(f"{site} lies in no git repository; make one around it with `git init`")
    inside = absolute.relative_to(root).as_posix()
    if not _SAFE.fullmatch(inside):
        raise SrbenchError(f"{site}: a workflow wants a folder with a plain name (letters, digits, `.`, `_`, `-`)")
    place = root / WORKFLOW
    if place.is_symlink() or (place.exists() and not place.read_bytes().startswith(_MARK)):
        raise SrbenchError(f"{place} is there, and srbench did not write it; move it away, or put the steps in by hand")
    place.parent.mkdir(parents=True, exist_ok=True)
    text = static("pages.yml").replace(b"SITE", inside.encode()).replace(b"VERSION", version("srbench").encode())
    write_atomically(place, text)
    return place
