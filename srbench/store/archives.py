"""Archives that somebody else may have made."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import BinaryIO


def refuse_compressed(file: Path | BinaryIO) -> None:
    """Raise `zipfile.BadZipFile` for a zip archive that unpacks to more than it takes; other files pass.

    torch compresses nothing that it writes, so such a file is no checkpoint, and could fill any memory.
    """
    if not zipfile.is_zipfile(file):
        return
    with zipfile.ZipFile(file) as archive:
        for entry in archive.infolist():
            if entry.compress_type != zipfile.ZIP_STORED or entry.file_size != entry.compress_size:
                raise zipfile.BadZipFile(f"{entry.filename} in it is compressed, which no checkpoint of torch is")
