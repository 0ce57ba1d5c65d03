"""The page on which people judge: one file that needs nothing else, neither a network nor a server.

It holds the pictures under ids that say nothing, and no text of the board: neither names of methods nor of datasets.
"""

from __future__ import annotations

import json
from base64 import b64encode
from importlib.resources import files

from srbench.leaderboard.judging.study import Scene, Shown, Study
from srbench.store.votes import Kind

CHECKS = 8
"""Catch trials, and repeated trials. Of eight answers seven right ones are told from chance, of seven six are not."""
EXAMPLES = 3
"""Scenes that show the ends of the scale before marks are given."""


def judging_page(study: Study, kind: Kind, trials: int, reference: bool = False) -> bytes:
    """The page of a study, as a file. trials: answers that count, besides those that check. reference: HR beside."""
    places = {one.id: place for place, one in enumerate(one for scene in study.scenes for one in scene.shown)}
    data = {
        "study": study.hash,
        "kind": kind,
        "reference": reference,
        "trials": trials,
        "checks": CHECKS,
        "examples": EXAMPLES,
        "ids": list(places),
        "scenes": [_scene(scene, places) for scene in study.scenes],
        "files": [b64encode(one.png).decode() for scene in study.scenes for one in scene.shown],
    }
    folder = files("srbench.leaderboard") / "static"
    page = (folder / "judge.html").read_text(encoding="utf-8")
    parts = {
        "STYLE": (folder / "judge.css").read_text(encoding="utf-8"),
        "SCRIPT": (folder / "judge.js").read_text(encoding="utf-8"),
        "DATA": json.dumps(data, separators=(",", ":")),
    }
    for name, text in parts.items():
        page = page.replace(f"/* {name} */", text, 1)
    return page.encode()


def _scene(scene: Scene, places: dict[str, int]) -> dict[str, object]:
    def place(one: Shown | None) -> int | None:
        return None if one is None else places[one.id]

    return {
        "width": scene.width,
        "height": scene.height,
        "methods": [place(one) for one in scene.methods],
        "hr": place(scene.hr),
        "nearest": place(scene.nearest),
    }
