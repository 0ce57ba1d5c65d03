"""A file of published weights: where it is to be had, what it must hash to, and on what terms."""

from __future__ import annotations

from dataclasses import dataclass

from srbench.contract.published import PublishedError, check_size, check_terms, checksum_kind, file_of


@dataclass(frozen=True)
class WeightsFile:
    """Weights that a plugin needs and somebody else publishes.

    name: how `srbench fetch` and plugins call it; letters, digits, `.`, `_`, `-`. url: `http` or `https`; its last
    part is the name of the file on disk, and its suffix the format: `.safetensors`, otherwise what `torch.save` writes.
    sha256: of the whole file, 64 hexadecimal digits. licence: the terms, as the publisher states them. source: who made
    the weights and where that can be read. size: bytes, None where it is not known. Raises `PublishedError`.
    """

    name: str
    url: str
    sha256: str
    licence: str
    source: str
    size: int | None = None

    def __post_init__(self) -> None:
        check_terms(self.name, self.licence, self.source)
        try:
            file_of(self.url)
            if checksum_kind(self.sha256) != "sha256":
                raise PublishedError(f"{self.sha256!r} is an md5; weights need a sha256: 64 lower-case hex digits")
            check_size(self.size)
        except PublishedError as error:
            raise PublishedError(f"weights {self.name!r}: {error}") from None

    @property
    def file(self) -> str:
        """The name of the file in `weights/` under the data root: its publisher's name for it."""
        return file_of(self.url)
