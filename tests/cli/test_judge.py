"""`srbench judge`: the page, where it was wanted, and what is said of it."""

from __future__ import annotations

from pathlib import Path

from rig.verbs import Srbench


def test_the_page_is_one_file_and_its_size_is_told(here: Path, srbench: Srbench) -> None:
    said = srbench("judge", "matrix.yaml", "--trials", 3)
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("page: judge.html (2 methods, 2 images, 0.")
    text = Path("judge.html").read_text(encoding="utf-8")
    assert '"trials":3' in text and '"kind":"pairs"' in text and "bicubic" not in text


def test_kind_reference_and_place_are_as_asked(here: Path, srbench: Srbench) -> None:
    said = srbench("judge", "matrix.yaml", "--kind", "opinions", "--reference", "--out", "asked.html")
    assert said.code == 0 and not Path("judge.html").exists()
    text = Path("asked.html").read_text(encoding="utf-8")
    assert '"kind":"opinions"' in text and '"reference":true' in text


def test_one_method_alone_cannot_be_judged(here: Path, srbench: Srbench) -> None:
    said = srbench("judge", "matrix.yaml", "--where", "method=bicubic")
    assert said.code == 2 and "there is nothing to judge: of 1 method there are pictures" in said.err
