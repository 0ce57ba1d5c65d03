"""Protocols of the file: by name, with changes, or written out; and only those of the matrix's task."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from toys.offers import toy_registry

import srbench
from srbench.contract.chain import Chain
from srbench.contract.degradations import Bicubic, GaussianBlur
from srbench.matrix.entries import Uses
from srbench.matrix.fields import Fields
from srbench.matrix.nodes import Mistake
from srbench.matrix.protocols import Protocols, asks_for
from srbench.matrix.yaml_nodes import read_nodes
from srbench.registry.registry import Registry
from srbench.tasks import generation, super_resolution

STANDARD = {protocol.name: protocol for protocol in (*super_resolution.protocols(), *generation.protocols())}


@pytest.fixture(scope="module")
def registry() -> Registry:
    return toy_registry()


def listed(
    registry: Registry, text: str, task: str = "super-resolution"
) -> tuple[tuple[srbench.Protocol, ...], list[Mistake]]:
    root, problems = read_nodes(text)
    assert root is not None and problems == []
    fields = Fields(problems)
    return Protocols(registry, Uses(registry, Path(), fields), fields, registry.get("task", task).load()).listed(
        root
    ), problems


@pytest.mark.parametrize(
    ("text", "protocol"),
    [
        ("x4-y", STANDARD["x4-y"]),
        ("{use: x2-rgb}", STANDARD["x2-rgb"]),
        ("{use: x2-y, as: again}", replace(STANDARD["x2-y"], name="again")),
        ("{use: x4-y, as: whole, border: 0}", replace(STANDARD["x4-y"], name="whole", border=0)),
        (
            "{use: x4-y, as: blurred, degradation: {gaussian-blur: {sigma: 1.6}}}",
            replace(STANDARD["x4-y"], name="blurred", degradation=GaussianBlur(1.6)),
        ),
        (
            "{use: x4-y, as: chain, degradation: [{gaussian-blur: {sigma: 1.6}}, bicubic]}",
            replace(STANDARD["x4-y"], name="chain", degradation=Chain((GaussianBlur(1.6), Bicubic()))),
        ),
        (
            "{use: x4-y, as: alone, degradation: [{gaussian-blur: {sigma: 1.6}}]}",
            replace(STANDARD["x4-y"], name="alone", degradation=GaussianBlur(1.6)),
        ),
        (
            "{as: x16, scale: 16, channel: gray, border: 4, degradation: bicubic, seed: 3}",
            srbench.Protocol("x16", 16, "gray", 4, Bicubic(), seed=3),
        ),
        (
            "{as: same, scale: 1, channel: y8, border: 0, degradation: {use: bicubic, borders: repeat}}",
            srbench.Protocol("same", 1, "y8", 0, Bicubic("repeat")),
        ),
        *(
            (f"{{use: x4-y, as: finer, scale: {written}}}", replace(STANDARD["x4-y"], name="finer", scale=scale))
            for written, scale in [("10/7", Fraction(10, 7)), ("1.5", Fraction(3, 2)), ("'2'", 2), ("3.0", 3)]
        ),
    ],
)
def test_every_form(registry: Registry, text: str, protocol: srbench.Protocol) -> None:
    assert listed(registry, f"[{text}]") == ((protocol,), [])


def test_generation_has_its_own_protocols_with_keys_of_their_own(registry: Registry) -> None:
    named = generation.protocols()[0]
    assert listed(registry, f"[{named.name}]", "generation") == ((named,), [])
    ((made,), problems) = listed(registry, "[{as: tiny, size: 8, framing: tiles}]", "generation")
    assert problems == [] and (made.name, made.size, made.framing, made.task) == ("tiny", 8, "tiles", "generation")


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("[x5-y]", (1, 2), "unknown protocol 'x5-y'. Did you mean"),
        ("[x4-y, x4-y]", (1, 8), "'x4-y' is there twice"),
        ("[{use: x4-y, border: 0}]", (1, 3), "a protocol with changes is another protocol: name it with `as`"),
        ("[{use: x4-y, as: x2-y, border: 2}]", (1, 18), "`as`: 'x2-y' is the name of another protocol"),
        ("[{use: x4-y, as: a, border: -1}]", (1, 29), "`border`: expected a whole number from 0 up"),
        ("[{use: x4-y, as: a, channel: cmyk}]", (1, 30), "`channel`: expected one of"),
        ("[{use: x4-y, as: a, bordr: 1}]", (1, 21), "unknown key 'bordr'. Did you mean 'border'?"),
        ("[{use: x4-y, as: a, degradation: bicubi}]", (1, 34), "unknown degradation 'bicubi'"),
        ("[{use: x4-y, as: a, degradation: {use: bicubic, as: b}}]", (1, 34), "stands in no table: leave `as` out"),
        ("[{use: x4-y, as: a, degradation: [bicubic, bicubi]}]", (1, 44), "unknown degradation 'bicubi'"),
        ("[{use: x4-y, as: a, degradation: [[bicubic]]}]", (1, 35), "expected a degradation: `NAME`"),
        ("[{use: x4-y, as: a, degradation: []}]", (1, 34), "expected a list of degradations"),
        ("[{x4-y: {}}]", (1, 2), "expected a protocol: `NAME`"),
        ("[strange]", (1, 2), "unknown degradation 'unheard-of'"),
        ("[32px]", (1, 2), "'32px' is a protocol of generation; this matrix asks for super-resolution"),
    ],
)
def test_what_is_wrong_is_told_where_it_stands(
    registry: Registry, text: str, place: tuple[int, int], message: str
) -> None:
    _, problems = listed(registry, text)
    assert [(problem.line, problem.column) for problem in problems] == [place], problems
    assert message in problems[0].message


def test_a_protocol_written_out_says_everything_that_is_needed(registry: Registry) -> None:
    found, problems = listed(registry, "[{as: half, scale: 4, channel: y}]")
    assert found == ()
    assert all(key in " ".join(problem.message for problem in problems) for key in ("border", "degradation"))


def test_the_task_in_words() -> None:
    assert asks_for(generation.TASK) == "this matrix asks for generation"
    assert asks_for(super_resolution.TASK) == "this matrix asks for super-resolution"


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("0", "`scale`: a scale is a number from 1 up, such as 4, 1.5 or 10/7; 0 is none"),
        ("[4]", "expected a number from 1 up, such as 4, 1.5 or 10/7; found a list"),
        ("large", "'large' is none"),
        ("1.4286", "write a fraction of smaller numbers, such as 10/7"),
    ],
)
def test_what_is_no_scale_is_told_with_its_place(registry: Registry, written: str, words: str) -> None:
    found, problems = listed(registry, f"[{{use: x4-y, as: finer, scale: {written}}}]")
    assert found == ()
    assert words in problems[0].message
