"""What every submission must do: say of each image whether its SR is there."""

from __future__ import annotations

from srbench.contract.submission import Asked
from srbench.errors import SrbenchError
from srbench.testing.check import CheckFailure, check
from srbench.testing.subjects import MethodSubject

ASKED = [
    Asked("made", "x4-rgb", 4, "made-1"),
    Asked("made", "x4-rgb", 4, "image-0002", "P 07/slice [2].tif"),
    Asked("made", "x2-y", 2, "made.3", "made.3.png"),
]
"""Images of which a submission holds nothing: their names are anything that names may be."""


def _is_submission(subject: MethodSubject) -> bool:
    return subject.is_submission


@check("method", needs=("constructs",), applies=_is_submission)
def accounts_for_every_image(subject: MethodSubject) -> None:
    """`find` has every image either among the files, which are there, or among the missing, with what it looked for."""
    for asked in ASKED:
        given = subject.create().find([asked])
        if ({*given.files} | {*given.missing}) != {asked.image} or {*given.files} & {*given.missing}:
            raise CheckFailure(
                f"of {asked.image!r}, `files` has {sorted(given.files)} and `missing` {sorted(given.missing)}; it "
                "should be in one of them, and nothing else in any"
            )
        for image, path in given.files.items():
            if not path.is_file():
                raise CheckFailure(f"the SR of {image!r} is said to be in {path}, which is no file")
        for image, wanted in given.missing.items():
            if not wanted.strip():
                raise CheckFailure(f"it does not say what it looked for as the SR of {image!r}")


@check("method", needs=("accounts_for_every_image",), applies=_is_submission)
def refuses_to_upscale(subject: MethodSubject) -> None:
    """It upscales no other picture, and says so by an `SrbenchError`."""
    from srbench.testing.pictures import lr_batch

    try:
        subject.create().upscale(lr_batch(1, 3, 12, 16), 4)
    except SrbenchError:
        return
    raise CheckFailure("upscale gave something for a picture of which no SR was handed in")
