"""The formats of the installed plugins, and whose a file is."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from srbench.contract.dataset import Part
from srbench.contract.format import HEAD, Format, Frame, IndexFile
from srbench.errors import SrbenchError
from srbench.pictures import ImageError
from srbench.registry import parameters
from srbench.registry.registry import registry
from srbench.store.file_memory import remembered


class Formats:
    """Every installed format, with parameters."""

    def __init__(self, params: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        """params: those that are not at their defaults, by the format's name.

        Raises `SrbenchError` for a format that there is not, or a parameter that is wrong.
        """
        self._made: dict[str, tuple[Format, str]] = {}
        asked = params or {}
        for name in asked:
            registry().get("format", name)  # says which there are
        for registered in registry().entries("format"):
            name = registered.entry.name
            kind = registered.load()
            try:
                values = parameters.resolve(kind, asked.get(name, {}))
            except parameters.ParameterError as error:
                raise SrbenchError(f"format {name!r}: {error}") from error
            self._made[name] = kind(**values), f"{name} {kind.version} {values}"

    def of(self, path: Path) -> Format | None:
        """The format of a file; None where no plugin knows it.

        Raises `IndexFile` for one that lists others, and `ImageError` for one that cannot be opened.
        """
        found = self._of(path)
        return None if found is None else found[0]

    def frames(self, path: Path) -> list[tuple[Frame, Part]] | None:
        """The frames of a file, each with its picture; None where no format knows the file.

        Raises `IndexFile` for one that lists others, and `ImageError`.
        """
        found = self._of(path)
        if found is None:
            return None
        made, how = found
        frames = remembered(path, f"frames {how}", lambda: list(made.frames(path)), list[Frame])
        return [(frame, Part(path, f"{how} {frame.key}", partial(made.read, frame))) for frame in frames]

    def _of(self, path: Path) -> tuple[Format, str] | None:
        try:
            with path.open("rb", buffering=0) as file:
                head = file.read(HEAD)
        except OSError as error:
            raise ImageError(f"{path}: cannot be read: {error.strerror or error}") from error
        found = next((found for found in self._made.values() if found[0].recognises(path, head)), None)
        if found is not None and (files := found[0].listed(path, head)) is not None:
            raise IndexFile(f"{path}: lists other files, and holds no picture itself", files)
        return found
