"""A file of published weights: where it is to be had, what it must hash to, and on what terms."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from srbench.errors import SrbenchError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class WeightsFileError(SrbenchError):
    """A declaration of weights that cannot be used: an address that is none, a hash that is none."""


@dataclass(frozen=True)
class WeightsFile:
    """Weights that a plugin needs and somebody else publishes.

    name: how `srbench fetch` and plugins call it; letters, digits, `.`, `_`, `-`. url: `http` or `https`; its last
    part is the name of the file on disk, and its suffix the format: `.safetensors`, otherwise what `torch.save` writes.
    sha256: of the whole file, 64 hexadecimal digits. licence: the terms, as the publisher states them. source: who made
    the weights and where that can be read. size: bytes, None where it is not known. Raises `WeightsFileError`.
    """

    name: str
    url: str
    sha256: str
    licence: str
    source: str
    size: int | None = None

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise WeightsFileError(f"weights {self.name!r}: a name is letters, digits, '.', '_' and '-'")
        if urlsplit(self.url).scheme not in ("http", "https") or not _NAME.fullmatch(self.file):
            raise WeightsFileError(
                f"weights {self.name!r}: the address {self.url!r} should begin with https:// and end in a file name of "
                "letters, digits, '.', '_' and '-'"
            )
        if not _SHA256.fullmatch(self.sha256):
            raise WeightsFileError(f"weights {self.name!r}: {self.sha256!r} is no sha256: 64 lower-case hex digits")
        if self.size is not None and self.size <= 0:
            raise WeightsFileError(f"weights {self.name!r}: a size of {self.size} bytes")
        for field in ("licence", "source"):
            if not getattr(self, field).strip():
                raise WeightsFileError(f"weights {self.name!r}: the {field} is empty; people must know it before use")

    @property
    def file(self) -> str:
        """The name of the file in `weights/` under the data root: its publisher's name for it."""
        return PurePosixPath(unquote(urlsplit(self.url).path)).name
