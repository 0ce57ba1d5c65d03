"""YAML into nodes: the values that others read, each at its place, and nothing that runs or grows without end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from srbench.matrix.nodes import Node, plain
from srbench.matrix.yaml_nodes import MAX_BYTES, MAX_DEPTH, MAX_NODES, read_file, read_nodes


def root_of(text: str) -> Node:
    root, problems = read_nodes(text)
    assert problems == []
    assert root is not None
    return root


def fault(text: str) -> tuple[int, int, str]:
    """The place and message of the only thing that is wrong."""
    _, (problem,) = read_nodes(text)
    return problem.line, problem.column, problem.message


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text(max_size=8), inside, max_size=4),
    max_leaves=15,
)


@settings(max_examples=100)
@given(value=st.lists(JSON, min_size=1, max_size=3))
def test_json_reads_as_json(value: list[Any]) -> None:
    """JSON is YAML 1.2; the json module is the independent reader."""
    assert json.dumps(plain(root_of(json.dumps(value))), sort_keys=True) == json.dumps(value, sort_keys=True)


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5), st.from_regex("[a-z]{1,8}", fullmatch=True))))
def test_every_value_stands_where_it_was_written(rows: list[tuple[int, int, str]]) -> None:
    lines, places = [], []
    for blank, spaces, word in rows:
        lines += [""] * blank + [f"-{' ' * (spaces + 1)}{word}"]
        places.append((len(lines), spaces + 3, word))
    root, problems = read_nodes("\n".join(lines))
    items = [] if root is None else root.value
    assert isinstance(items, list) and problems == []
    assert [(item.line, item.column, item.text) for item in items] == places


def test_keys_and_values_have_places_of_their_own_and_what_is_not_written_has_its_key_s() -> None:
    pairs = root_of("a: 1\nb: 2\nc:\nd: 4\n").value
    assert isinstance(pairs, dict)
    assert {key: ((k.line, k.column), (v.line, v.column)) for key, (k, v) in pairs.items()} == {
        "a": ((1, 1), (1, 4)),
        "b": ((2, 1), (2, 4)),
        "c": ((3, 1), (3, 1)),
        "d": ((4, 1), (4, 4)),
    }


def test_quotes_make_text_and_aliases_repeat_at_their_own_place() -> None:
    assert plain(root_of("['1', \"true\", 1]")) == ["1", "true", 1]
    items = root_of("- &a {x: [1]}\n- *a\n").value
    assert isinstance(items, list)
    assert plain(items[0]) == plain(items[1]) == {"x": [1]}
    assert (items[1].line, items[1].column) == (2, 3)


@pytest.mark.parametrize("text", ["", "# nothing\n"])
def test_an_empty_text_has_no_root_and_nothing_wrong(text: str) -> None:
    assert read_nodes(text) == (None, [])


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("- a\n---\n- b\n", 2, 1, "a second document begins here"),
        ("%YAML 1.1\n---\na: b\n", 1, 1, "matrix files are YAML 1.2"),
        ("a: 1\n  b: 2\n", 2, 4, "not valid YAML: mapping values are not allowed"),
        ("a: *b\n", 1, 4, "the alias *b has no anchor &b before it"),
        ("a: &a [*a]\n", 1, 8, "the alias *a has no anchor"),
        ("a: !!python/name:os.system x\n", 1, 4, "python/name:os.system"),
        ("a: 1\n<<: {b: 1}\n", 2, 1, "merge keys (`<<`) are not supported"),
        ("a: 1\nb: 2\na: 3\n", 3, 1, "the key 'a' is there already, at line 1"),
        ("? [a]\n: b\n", 1, 3, "a key should be text; this is a list"),
        (f"a: {'1' * 5000}\n", 1, 4, "has too many digits"),
        ("a:\n\tb: 1\n", 2, 1, "a tab in the indentation"),
        ("a: b\x07\n", 1, 5, "U+0007"),
        ('a: "\\ud800"\n', 1, 4, "half a character"),
        ('a: "\\UFFFFFFFF"\n', 1, 5, "there is no character \\UFFFFFFFF"),
    ],
)
def test_what_is_wrong_is_told_where_it_stands(text: str, line: int, column: int, words: str) -> None:
    found = fault(text)
    assert found[:2] == (line, column) and words in found[2]


def test_the_rest_of_a_text_is_read_without_what_is_wrong_in_it() -> None:
    root, problems = read_nodes("a: 1\na: 2\nb: !odd 3\n")
    assert root is not None and plain(root) == {"a": 1, "b": 3}
    assert len(problems) == 2


def test_characters_beyond_the_plane_are_joined_from_their_halves_as_json_writes_them() -> None:
    assert plain(root_of('["\\ud83d\\ude00"]')) == ["\U0001f600"]


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_deep_nesting_is_refused_with_its_place(opening: str) -> None:
    line, column, message = fault(opening * 2_000)
    assert (line, column) == (1, MAX_DEPTH * len(opening) + 1)
    assert "nested more than" in message


def test_deep_nesting_through_aliases_is_refused() -> None:
    lines = ["a0: &a0 [1]"] + [f"a{i}: &a{i} [*a{i - 1}]" for i in range(1, 60)]
    line, _, message = fault("\n".join(lines))
    assert line == MAX_DEPTH
    assert "nested more than" in message


def test_a_small_text_cannot_grow_large_through_aliases() -> None:
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 30)]
    assert f"more than {MAX_NODES} values" in fault("\n".join(lines))[2]


def test_a_file_is_read_without_its_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"\xef\xbb\xbfa: \xc3\xbc\r\nb: 2\r\n")
    root, problems = read_file(path)
    assert root is not None and plain(root) == {"a": "ü", "b": 2} and problems == []


@pytest.mark.parametrize(
    ("content", "line", "column", "words"),
    [
        (b"a: \xc3\xbc\nb: \xe9\n", 2, 4, "the byte 0xe9 is not UTF-8"),
        (b" " * (MAX_BYTES + 1), 0, 0, "larger than 256 KiB"),
        (None, 0, 0, "there is no such file"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(
    tmp_path: Path, content: bytes | None, line: int, column: int, words: str
) -> None:
    path = tmp_path / "file"
    if content is not None:
        path.write_bytes(content)
    root, (problem,) = read_file(path)
    assert root is None
    assert (problem.line, problem.column) == (line, column) and words in problem.message
    assert read_file(path / "below")[0] is None
