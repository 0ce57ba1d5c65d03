"""A publication, in words and in the right form; and those of every shipped plugin, held against its prose."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec
import pytest

import srbench
from srbench.registry.registry import Kind, registry
from srbench.store.texts import own_documentation

EDSR = srbench.Paper(
    ("Lim", "Son", "others"),
    "Enhanced deep residual networks for single image super-resolution",
    2017,
    conference="CVPR workshops",
    arxiv="1707.02921",
    doi="10.1109/CVPRW.2017.151",
)
KINDS: tuple[Kind, ...] = ("method", "dataset", "metric", "extractor")


def test_it_is_told_in_one_line() -> None:
    assert str(EDSR) == (
        "Lim, Son, et al., “Enhanced deep residual networks for single image super-resolution”, CVPR workshops 2017 "
        "(arXiv 1707.02921, doi 10.1109/CVPRW.2017.151)"
    )
    assert str(srbench.Paper(("Keys",), "Cubic convolution", 1981)) == "Keys, “Cubic convolution”, 1981"
    assert str(srbench.Paper(("Lim, Bee", "Van Gool"), "T", 2000, journal="J")) == "Lim, Van Gool, “T”, J 2000"


def test_what_can_be_cited_has_no_faults() -> None:
    assert [*EDSR.faults()] == []
    assert [*srbench.Paper(("A",), "T", 2000, arxiv="cs.CV/0601001").faults()] == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"authors": ()}, "names nobody"),
        ({"authors": ("others",)}, "names nobody"),
        ({"authors": ("Lim", " ")}, "names nobody"),
        ({"authors": ("Lim", "others", "Son")}, "'others' is not the last"),
        ({"title": " "}, "title is empty"),
        ({"title": "Networks."}, "full stop"),
        ({"year": 17}, "its year is 17"),
        ({"journal": "TIP"}, "a conference and a journal"),
        ({"arxiv": "arXiv:1707.02921"}, "write it as 1707.02921"),
        ({"doi": "https://doi.org/10.1109/1"}, "its DOI is"),
    ],
)
def test_each_fault_is_told(change: dict[str, object], fault: str) -> None:
    (told,) = msgspec.structs.replace(EDSR, **change).faults()
    assert fault in told


def shipped() -> Iterator[tuple[str, type]]:
    """Every class of the installed plugins that may name papers, with what it is called."""
    for kind in KINDS:
        for entry in registry().entries(kind):
            target = entry.load()
            yield entry.entry.name, target
            for variants in getattr(target, "variants", {}).values():
                yield from variants.items()


@pytest.mark.parametrize(("name", "kind"), [*shipped()])
def test_papers_of_shipped_plugins_are_those_of_their_prose(name: str, kind: type) -> None:
    """The first paper of a docstring is among the class's papers, unless it says that there is none."""
    text = " ".join(own_documentation(kind).split())
    own = vars(kind).get("papers", ())
    numbers = {paper.arxiv for paper in own} - {""}
    prose = re.findall(r"arXiv (\d{4}\.\d{5})", text)
    assert not own or numbers or not prose, f"{name}: the docstring has an arXiv number, its papers have none"
    if prose and "without a paper" not in text and own:
        assert prose[0] in numbers
    for paper in own:
        assert not [*paper.faults()]
        if paper.title.lower() in text.lower():  # a paper that the prose names in full
            before = text[: text.lower().index(paper.title.lower())]
            surnames = [author.partition(",")[0] for author in paper.authors if author != "others"]
            assert surnames[0] in before and str(paper.year) in text, f"{name}: {paper}"


def test_most_shipped_plugins_that_have_a_paper_name_it() -> None:
    lacking = sorted(
        name
        for name, kind in shipped()
        if re.search(r'[A-Z]\w+, "[A-Z]|arXiv \d', text := " ".join(own_documentation(kind).split()))
        and "without a paper" not in text
        and not getattr(kind, "papers", ())
    )
    assert lacking == []
