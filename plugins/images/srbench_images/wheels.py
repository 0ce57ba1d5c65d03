"""Pictures inside the wheels of other distributions.

Such wheels drop or change their pictures now and then: each is known by its sha256, so that a number never comes from
other pixels than it says.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import NamedTuple

from srbench import DatasetError, DatasetMissing, sha256


class Wheel(NamedTuple):
    """Where an installed distribution keeps its pictures, and a release that has those that are meant."""

    distribution: str
    package: str
    folder: str
    release: str

    def locate(self, picture: str, meant: str) -> Path:
        """The file of that name. Raises `DatasetMissing` when it is not there, `DatasetError` when it differs.

        meant: its sha256.
        """
        found = importlib.util.find_spec(self.package)
        if found is None or not found.submodule_search_locations:
            raise DatasetMissing(
                f"{picture} comes with {self.distribution}, which is not installed: pip install {self.distribution}"
            )
        path = Path(found.submodule_search_locations[0]) / self.folder / picture
        having = f"{self.distribution} {self.release}"
        if not path.is_file():
            raise DatasetMissing(f"{path}: this version of {self.distribution} does not carry it; {having} does")
        if sha256(path) != meant:
            raise DatasetError(
                f"{path}: this version of {self.distribution} carries another picture of that name (its sha256 "
                f"differs); {having} has the one that is meant"
            )
        return path
