"""Declarations of weights: what is refused when it is written, and what a file is called."""

from __future__ import annotations

from dataclasses import replace

import pytest

from srbench.contract.published import PublishedError
from srbench.contract.weights_file import WeightsFile

GOOD = WeightsFile("vgg19", "https://example.org/models/vgg19-dcbb9e9d.pth", "0123456789abcdef" * 4, "MIT", "A. Uthor")


@pytest.mark.parametrize(
    ("url", "file"),
    [
        ("https://example.org/models/vgg19-dcbb9e9d.pth", "vgg19-dcbb9e9d.pth"),
        ("http://example.org/x.safetensors?download=1#top", "x.safetensors"),
        ("https://example.org/a%2Dfile.pth", "a-file.pth"),
        ("https://example.org/some/folder/", "folder"),
    ],
)
def test_the_file_is_called_what_its_publisher_calls_it(url: str, file: str) -> None:
    assert replace(GOOD, url=url).file == file


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/x.pth",
        "file:///etc/passwd",
        "x.pth",
        "",
        "https://example.org",
        "https://example.org/",
        "https://example.org/..",
        "https://example.org/.hidden",
        "https://example.org/a%20b.pth",
        "https://example.org/%2e%2e",
        "https://example.org/größe.pth",
        "https://example.org/x.pth%0A",
    ],
)
def test_an_address_that_names_no_plain_file_is_refused(url: str) -> None:
    with pytest.raises(PublishedError, match=r"'vgg19': the address .* should begin with https:// and end in a file"):
        replace(GOOD, url=url)


def test_a_name_inside_an_address_cannot_lead_out_of_the_folder() -> None:
    assert "/" not in replace(GOOD, url="https://example.org/a%2F..%2F..%2Fpasswd").file


@pytest.mark.parametrize("name", ["", " ", "a b", ".x", "-x", "ü", "a/b", "a\n", "../x"])
def test_a_name_that_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(PublishedError, match="a name is letters, digits"):
        replace(GOOD, name=name)


@pytest.mark.parametrize("sha256", ["", "0" * 63, "0" * 65, "0" * 32, "A" * 64, "g" * 64, "0" * 64 + "\n"])
def test_a_hash_that_is_none_is_refused(sha256: str) -> None:
    with pytest.raises(PublishedError, match="64 lower-case hex digits"):
        replace(GOOD, sha256=sha256)


@pytest.mark.parametrize("size", [0, -1])
def test_a_size_that_no_file_has_is_refused(size: int) -> None:
    with pytest.raises(PublishedError, match=f"a size of {size} bytes"):
        replace(GOOD, size=size)
    assert replace(GOOD, size=1).size == 1


@pytest.mark.parametrize("field", ["licence", "source"])
@pytest.mark.parametrize("text", ["", " \n\t"])
def test_terms_and_makers_must_be_told(field: str, text: str) -> None:
    with pytest.raises(PublishedError, match=f"the {field} is empty"):
        replace(GOOD, **{field: text})  # type: ignore[arg-type]
