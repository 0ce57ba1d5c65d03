"""Declarations of published datasets: what is refused when it is written, and what follows from one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from srbench.contract.published import (
    Members,
    PublishedArchive,
    PublishedDataset,
    PublishedError,
    checksum_kind,
)

ARCHIVE = PublishedArchive("https://example.org/files/set.zip?download=1", "0" * 32, (Members("set/*.png", 5),), 10)
SET = PublishedDataset("set", (ARCHIVE,), "CC0-1.0", "A. Uthor 2026")


def test_a_checksum_is_known_by_its_length() -> None:
    assert (checksum_kind("0" * 32), checksum_kind("f" * 64)) == ("md5", "sha256")


@pytest.mark.parametrize("checksum", ["", "0" * 40, "A" * 64, "g" * 32, "0" * 32 + "\n", "0" * 128])
def test_anything_else_is_no_checksum(checksum: str) -> None:
    with pytest.raises(PublishedError, match="is no checksum: 64 lower-case hex digits"):
        replace(ARCHIVE, checksum=checksum)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"url": "ftp://example.org/set.zip"}, "should begin with https://"),
        ({"url": "https://example.org/%2e%2e"}, "end in a file name"),
        ({"size": 0}, "a size of 0 bytes"),
        ({"members": ()}, "no members are wanted"),
    ],
)
def test_an_archive_that_cannot_be_had_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(PublishedError, match=message):
        replace(ARCHIVE, **change)


@pytest.mark.parametrize("path", ["", "/set/*.png", "../*.png", "set/../../*.png"])
def test_members_are_below_a_folder_and_stay_there(path: str) -> None:
    with pytest.raises(PublishedError, match="is no path below a folder"):
        Members(path, 5)
    with pytest.raises(PublishedError, match="is no path below a folder"):
        Members("*.png", 5, path)


def test_a_count_is_positive() -> None:
    with pytest.raises(PublishedError, match="a count of 0 files"):
        Members("*.png", 0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "a b"}, "a name is letters, digits"),
        ({"licence": " "}, "the licence is empty"),
        ({"source": ""}, "the source is empty"),
        ({"archives": ()}, "without an archive"),
        *[({"folder": folder}, "no folder under the data root") for folder in ("/etc", "..", "a/../b", "a//b", ".x")],
    ],
)
def test_a_dataset_says_its_terms_and_stays_in_its_folder(change: dict[str, Any], message: str) -> None:
    with pytest.raises(PublishedError, match=message):
        replace(SET, **change)


def test_what_follows_from_a_declaration() -> None:
    assert (ARCHIVE.file, SET.folder, SET.size) == ("set.zip", "set", 10)
    assert replace(SET, folder="family/set").folder == "family/set"
    assert replace(SET, archives=(ARCHIVE, ARCHIVE)).size == 20
    assert replace(SET, archives=(ARCHIVE, replace(ARCHIVE, size=None))).size is None
