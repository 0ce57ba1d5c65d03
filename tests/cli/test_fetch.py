"""`srbench fetch` as a person meets it: a plugin that declares weights, a server, a data root."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rig import Bench
from rig.server import CONTENT, Server
from rig.verbs import Srbench


def listed(srbench: Srbench) -> dict[str, dict[str, object]]:
    return {row["name"]: row for row in json.loads(srbench("fetch", "--json").out)}


def test_weights_are_fetched_once_and_stay(shop: Bench, server: Server, srbench: Srbench) -> None:
    assert listed(srbench)["toy-weights"] == {
        "kind": "weights",
        "name": "toy-weights",
        "state": "absent",
        "size": len(CONTENT),
        "licence": "CC0-1.0",
        "what": "a test",
    }
    path = shop.folder / "data root" / "weights" / "weights.pth"
    for _ in range(2):
        assert srbench("fetch", "toy-weights") == (0, f"weights toy-weights: {path}\n", "")
        assert path.read_bytes() == CONTENT
    assert server.asked == [0]
    assert listed(srbench)["toy-weights"]["state"] == "here"


def test_one_that_cannot_be_had_does_not_stop_the_others(shop: Bench, server: Server, srbench: Srbench) -> None:
    server.content = b"\0" * len(CONTENT)
    said = srbench("fetch", "toy-weights", "toy-noise", "toy-absent", "manga109")
    assert (said.code, said.out) == (1, "dataset toy-noise: ready\n")
    assert "is not the file that was declared" in said.err
    assert f"toy-absent: nothing at {shop.folder / 'data root' / 'absent'}" in said.err
    assert str(shop.folder / "data root" / "manga109" / "HR") in said.err


@pytest.mark.parametrize(
    ("name", "message"),
    [("toy-weight", "Did you mean 'toy-weights'?"), ("folder", "the dataset 'folder' takes parameters")],
)
def test_a_wrong_name_stops_everything_before_it_begins(
    shop: Bench, server: Server, srbench: Srbench, name: str, message: str
) -> None:
    said = srbench("fetch", "toy-weights", name)
    assert said.code == 2 and message in said.err
    assert server.asked == []


def test_the_list_for_people_has_sizes_in_megabytes_and_the_licence(shop: Bench, srbench: Srbench) -> None:
    (line,) = [line for line in srbench("fetch").out.splitlines() if " vgg16 " in line]
    assert "553 MB" in line and "BSD-3-Clause" in line and "absent" in line


def test_nothing_is_written_by_looking(shop: Bench, srbench: Srbench) -> None:
    srbench("fetch")
    assert not Path("data root").exists()


TERMS = ("terms   for research only", "source  A. Uthor 2026", "some/set.zip")


class Terminal(io.StringIO):
    """Somebody who types."""

    def isatty(self) -> bool:
        return True


def test_terms_are_shown_and_accepted_by_the_option(library: Bench, server: Server, srbench: Srbench) -> None:
    said = srbench("fetch", "toy-set", "--accept-terms")
    assert (said.code, said.out.splitlines()[0]) == (0, "dataset toy-set: ready")
    assert all(term in said.err for term in TERMS)
    again = srbench("fetch", "toy-set")
    assert again == (0, "dataset toy-set: ready\n", "")
    assert server.asked == [0]


def test_without_a_terminal_nothing_is_accepted(library: Bench, server: Server, srbench: Srbench) -> None:
    said = srbench("fetch", "toy-noise", "toy-set")
    assert (said.code, said.out) == (2, "")
    assert all(term in said.err for term in (*TERMS, "accept the terms of toy-set with --accept-terms"))
    assert server.asked == []
    assert not Path("data root").exists()


@pytest.mark.parametrize("answer", ["y", "n", ""])
def test_somebody_at_a_terminal_is_asked(
    library: Bench, server: Server, srbench: Srbench, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(f"{answer}\n"))
    said = srbench("fetch", "toy-set", "toy-noise")
    assert all(term in said.err for term in (*TERMS, "Do you accept these terms? [y/N]"))
    assert "dataset toy-noise: ready" in said.out
    assert (said.code, "dataset toy-set: ready" in said.out) == ((0, True) if answer == "y" else (1, False))
    assert server.asked == ([0] if answer == "y" else [])
