"""The matrix file: what it says when it is right, and where exactly it says what is wrong."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from toys.offers import Still, toy_registry

from srbench.contract.executor import Limits, Resources
from srbench.contract.fit import Budget
from srbench.errors import SrbenchError
from srbench.matrix import Matrix, MatrixError, Order, matrix_file, read_matrix
from srbench.matrix.budgets import EARLIER, UNITS
from srbench.matrix.reading import KEYS, LIMITS
from srbench.matrix.train_keys import TRAIN_KEYS
from srbench.registry.configured import Use
from srbench.registry.registry import Registry
from srbench.store.records import Store


@pytest.fixture(scope="module")
def registry() -> Registry:
    return toy_registry()


GOOD = """\
name: classic
datasets: [set5]
protocols: [x4-y]
methods: [bicubic]
metrics: [psnr]
"""


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "matrix.yaml"
    path.write_bytes(text if isinstance(text, bytes) else textwrap.dedent(text).encode())
    return path


def faults(folder: Path, registry: Registry, text: str | bytes) -> list[tuple[int, int, str]]:
    with pytest.raises(MatrixError) as caught:
        read_matrix(write(folder, text), registry)
    return [(problem.line, problem.column, problem.message) for problem in caught.value.problems]


def test_fields_are_a_line_or_a_list_of_lines(tmp_path: Path, registry: Registry) -> None:
    assert read_matrix(write(tmp_path, GOOD), registry).fields == ()
    for text, fields in (("light microscopy", ("light microscopy",)), ("[a, b, a]", ("a", "b"))):
        assert read_matrix(write(tmp_path, f"{GOOD}field: {text}\n"), registry).fields == fields
    for text in ("3", "[]", "{a: b}", '["a", 3]'):
        assert "expected" in faults(tmp_path, registry, f"{GOOD}field: {text}\n")[0][2]


def test_an_executor_is_a_use_with_parameters(tmp_path: Path, registry: Registry) -> None:
    assert read_matrix(write(tmp_path, GOOD), registry).executor is None
    for text, jobs in (("queue", 3), ("{queue: {jobs: 7}}", 7), ("{use: queue, as: mine, jobs: 7}", 7)):
        executor = read_matrix(write(tmp_path, f"{GOOD}executor: {text}\n"), registry).executor
        assert executor is not None
        assert (executor.registered.entry.name, executor.params) == ("queue", {"jobs": jobs})
    assert faults(tmp_path, registry, f"{GOOD}executor: queu\n") == [
        (6, 11, "unknown executor 'queu'. Did you mean 'queue'?")
    ]
    ((line, column, message),) = faults(tmp_path, registry, f"{GOOD}executor: {{queue: {{job: 7}}}}\n")
    assert (line, column) == (6, 20) and "Did you mean 'jobs'?" in message


def test_rank_by_names_a_metric_as_tables_do(tmp_path: Path, registry: Registry) -> None:
    assert read_matrix(write(tmp_path, GOOD), registry).rank_by is None
    two = GOOD.replace("[psnr]", "[psnr, {use: ssim, as: likeness}]")
    assert read_matrix(write(tmp_path, f"{two}rank_by: likeness\n"), registry).rank_by == "likeness"
    assert faults(tmp_path, registry, f"{two}rank_by: likenes\n") == [
        (6, 10, "`rank_by`: 'likenes' is none of `metrics`. Did you mean 'likeness'?")
    ]
    assert faults(tmp_path, registry, f"{two}rank_by: [psnr]\n") == [
        (6, 10, "expected the name of a metric, found a list")
    ]


def test_whole_pictures_have_megabytes_from_0_up(tmp_path: Path, registry: Registry) -> None:
    assert read_matrix(write(tmp_path, GOOD), registry).whole_pictures_mb == 8
    assert read_matrix(write(tmp_path, f"{GOOD}whole_pictures_mb: 0\n"), registry).whole_pictures_mb == 0
    assert read_matrix(write(tmp_path, f"{GOOD}whole_pictures_mb: 2.5\n"), registry).whole_pictures_mb == 2.5
    assert faults(tmp_path, registry, f"{GOOD}whole_pictures_mb: -1\n") == [
        (6, 20, "`whole_pictures_mb`: expected megabytes, 0 for none; found the number -1")
    ]
    assert faults(tmp_path, registry, f"{GOOD}whole_pictures_mb: all\n") == [
        (6, 20, "`whole_pictures_mb`: expected a number, found the text 'all'")
    ]


def test_a_metric_that_compares_sets_ranks_generators_alone(tmp_path: Path) -> None:
    text = GOOD.replace("set5", "textures").replace("[psnr]", "[psnr, kid]") + "rank_by: kid\n"
    with pytest.raises(MatrixError, match=r"6:10: `rank_by`: 'kid' compares whole sets"):
        read_matrix(write(tmp_path, text))
    text = """
        name: m
        task: generation
        samples: 8
        datasets: [textures]
        methods: [ddpm-generator]
        train: {on: [same], budget: {steps: 1}}
        metrics: [fid, kid]
        rank_by: kid
        """
    assert read_matrix(write(tmp_path, text)).rank_by == "kid"


# --- files that are right ---------------------------------------------------------------------------------------


def test_the_smallest_file(tmp_path: Path, registry: Registry) -> None:
    matrix = read_matrix(write(tmp_path, GOOD), registry)
    assert (matrix.name, matrix.title) == ("classic", "classic")
    assert [use.name for use in matrix.datasets] == ["set5"]
    assert [protocol.name for protocol in matrix.protocols] == ["x4-y"]
    assert [use.registered.entry.target for use in matrix.methods] == [Still]
    assert (matrix.train_on, matrix.train.budget, matrix.seeds, matrix.limits) == ((), None, (0,), Limits())


def test_every_key_and_every_form_of_a_use(tmp_path: Path, registry: Registry) -> None:
    (tmp_path / "my-images").mkdir()
    text = """\
        name: all
        title: "Ümläuts, <b>x4</b>"
        datasets:
          - set5
          - folder: {path: my-images, name: mine}
          - {use: folder, as: again, path: my-images, name: mine}
        protocols: [x4-y, x2-rgb]
        methods:
          - bicubic
          - srcnn: {preset: paper, width: 16}
          - {use: srcnn, as: srcnn-small, preset: small}
          - use: srcnn
            as: srcnn.3
            kernels: [9, 1, 5]
            norm: batch
        train:
          on: [t91, same, {folder: {path: my-images, name: other}}]
          budget: {steps: 2e4}
        metrics: [psnr, {fid: {extractor: skinlesnet}}]
        seeds: [0, 7, 1]
        limits: {seconds: 7200, memory_gb: 0.5, pictures_gb: 0.1}
        """
    matrix = read_matrix(write(tmp_path, text), registry)
    assert matrix.title == "Ümläuts, <b>x4</b>"
    assert [use.name for use in matrix.datasets] == ["set5", "mine", "again"]
    assert matrix.datasets[1].params == {"path": tmp_path / "my-images", "name": "mine"}
    assert [use.name for use in matrix.methods] == ["bicubic", "srcnn", "srcnn-small", "srcnn.3"]
    paper, small, third = (use.params for use in matrix.methods[1:])
    assert (paper["lr"], paper["width"]) == (1e-4, 16)
    assert small["width"] == 8
    assert (third["kernels"], third["norm"], third["width"]) == ((9, 1, 5), "batch", 32)
    assert matrix.methods[2].given == {"preset": "small"}
    assert [use if isinstance(use, str) else use.name for use in matrix.train_on] == ["t91", "same", "other"]
    assert matrix.train.budget == Budget("steps", 20000)
    assert [use.name for use in matrix.metrics] == ["psnr", "fid"]
    assert matrix.metrics[1].params == {"extractor": "skinlesnet"}
    assert (matrix.seeds, matrix.limits) == ((0, 7, 1), Limits(seconds=7200, memory_gb=0.5, pictures_gb=0.1))


def test_an_extractor_has_its_parameters_where_a_metric_names_it(tmp_path: Path) -> None:
    text = """
        name: m
        datasets: [textures]
        protocols: [x4-y]
        methods: [bicubic]
        metrics: [{use: fid, as: long, extractor: {skinlesnet: {epochs: 40}}}, {fid: {extractor: skinlesnet}}]
        """
    first, second = read_matrix(write(tmp_path, text)).metrics
    assert first.extractor is not None and second.extractor is not None
    assert (first.extractor.params["epochs"], second.extractor.params["epochs"]) == (40, None)
    assert first.params == second.params == {**second.params, "extractor": "skinlesnet"}


def _on_extractor(extractor: str) -> str:
    return f"""
        name: m
        datasets: [textures]
        protocols: [x4-y]
        methods: [bicubic]
        metrics: [{{fid: {{extractor: {extractor}}}}}]
        """


@pytest.mark.parametrize(
    ("extractor", "column", "message"),
    [
        ("{skinlesnet: {epoch: 4}}", 43, "unknown parameter 'epoch'. Did you mean 'epochs'?"),
        ("{skinlesnet: {epochs: 0}}", 51, "epochs: expected a whole number >= 1"),
        ("{skinlesnett: {}}", 30, "unknown extractor 'skinlesnett'. Did you mean 'skinlesnet'?"),
        ("skinlesnett", 29, "unknown extractor 'skinlesnett'. Did you mean 'skinlesnet'?"),
        ("{use: skinlesnet, as: a/b}", 51, "`as`: 'a/b' will not do as a name"),
        ("{skinlesnet: {on: texture}}", 47, "unknown dataset 'texture'. Did you mean 'textures'?"),
        ("{inception: {on: textures}}", 42, "`on`: 'inception' does not learn"),
        ("{skinlesnet: {on: {use: mednist, as: textures}}}", 47, "'textures' names two datasets; use `as`"),
        ("{timm: {}}", 30, "parameter 'model' is missing"),
        ("{timm: {model: 'a b'}}", 30, "'a b' is no name of a model"),
        ("3", 29, "expected the name of an extractor, found the number 3"),
    ],
)
def test_what_is_wrong_with_an_extractor_is_told_where_it_stands(
    tmp_path: Path, extractor: str, column: int, message: str
) -> None:
    with pytest.raises(MatrixError) as caught:
        read_matrix(write(tmp_path, _on_extractor(extractor)))
    (problem,) = caught.value.problems
    assert (problem.line, problem.column) == (6, column) and message in problem.message


def test_an_extractor_may_learn_on_another_dataset_or_on_one_that_is_there(tmp_path: Path) -> None:
    def extractor_of(text: str) -> Use:
        (metric,) = (matrix := read_matrix(write(tmp_path, _on_extractor(text)))).metrics
        assert metric.extractor is not None
        found.append(matrix)
        return metric.extractor

    found: list[Matrix] = []
    plain = extractor_of("{skinlesnet: {epochs: 4}}")
    assert plain.on is None and found[-1].instrument_data == []
    other = extractor_of("{use: skinlesnet, as: of-hands, epochs: 4, on: {use: mednist, as: hands}}")
    assert other.name == "of-hands" and other.on is not None and other.on.name == "hands"
    assert other.params == plain.params
    assert found[-1].instrument_data == [other.on]
    same = extractor_of("{skinlesnet: {on: textures}}")
    assert same.on is found[-1].datasets[0]


def test_a_folder_stands_for_the_file_in_it(tmp_path: Path, registry: Registry) -> None:
    write(tmp_path, GOOD)
    assert read_matrix(tmp_path, registry) == read_matrix(tmp_path / "matrix.yaml", registry)


def test_paths_are_relative_to_the_file_and_absolute_afterwards(
    tmp_path: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here" / "images").mkdir(parents=True)
    write(tmp_path / "here", GOOD.replace("[set5]", "[{folder: {path: images}}]"))
    monkeypatch.chdir(tmp_path)
    matrix = read_matrix(Path("here"), registry)
    assert matrix.datasets[0].params["path"] == tmp_path / "here" / "images"
    assert matrix.path == tmp_path / "here" / "matrix.yaml"


def test_an_anchor_repeats_a_value(tmp_path: Path, registry: Registry) -> None:
    text = GOOD.replace("[set5]", "[&a {use: folder, as: mine, path: .}]") + "train: {on: [*a]}\n"
    matrix = read_matrix(write(tmp_path, text), registry)
    assert matrix.train_on == matrix.datasets


def test_a_byte_order_mark_and_windows_line_ends_are_fine(tmp_path: Path, registry: Registry) -> None:
    plain_file = read_matrix(write(tmp_path, GOOD), registry)
    assert read_matrix(write(tmp_path, b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode()), registry) == plain_file


@pytest.mark.parametrize("unit", ["steps", "seconds", "epochs", "images"])
def test_every_unit_of_a_budget(tmp_path: Path, registry: Registry, unit: str) -> None:
    matrix = read_matrix(write(tmp_path, GOOD + f"train: {{on: [same], budget: {{{unit}: 3}}}}\n"), registry)
    assert matrix.train.budget == Budget(unit, 3.0)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "precision", "compiled", "micro_batches"),
    [
        ("", "32", False, 1),
        (", precision: 32", "32", False, 1),
        (', precision: "32", compile: false, micro_batches: 1', "32", False, 1),
        (", precision: bf16, compile: true", "bf16", True, 1),
        (", precision: fp16, micro_batches: 4", "fp16", False, 4),
    ],
)
def test_precision_compilation_and_micro_batches_of_trainings(
    tmp_path: Path, registry: Registry, given: str, precision: str, compiled: bool, micro_batches: int
) -> None:
    matrix = read_matrix(write(tmp_path, GOOD + f"train: {{on: [same]{given}}}\n"), registry)
    train = matrix.train
    assert (train.precision, train.compile, train.micro_batches) == (precision, compiled, micro_batches)


@pytest.mark.parametrize(("given", "order"), [("", "file"), *((f"order: {one}\n", one) for one in get_args(Order))])
def test_the_order_of_jobs(tmp_path: Path, registry: Registry, given: str, order: str) -> None:
    assert read_matrix(write(tmp_path, GOOD + given), registry).order == order


def test_a_preset_and_the_same_parameters_spelled_out_are_the_same(tmp_path: Path, registry: Registry) -> None:
    train = "train: {on: [same], budget: {steps: 1}}\n"
    text = GOOD.replace("[bicubic]", "[{srcnn: {preset: paper}}, {use: srcnn, as: b, lr: 0.0001, width: 64}]") + train
    preset, spelled = read_matrix(write(tmp_path, text), registry).methods
    assert preset.params == spelled.params


def test_create_makes_the_thing_with_its_parameters(tmp_path: Path, registry: Registry) -> None:
    matrix = read_matrix(write(tmp_path, GOOD), registry)
    assert isinstance(matrix.methods[0].create(), Still)


DOCS = (Path(__file__).parents[2] / "docs" / "matrix.md").read_text(encoding="utf-8")


def test_the_example_of_the_docs_is_a_matrix(tmp_path: Path, registry: Registry) -> None:
    (tmp_path / "my-images").mkdir()
    example = DOCS.split("```yaml\n")[1].split("```")[0]
    matrix = read_matrix(write(tmp_path, example), registry)
    assert [use.name for use in matrix.methods] == ["bicubic", "srcnn", "srcnn-small"]


def test_the_errors_shown_in_the_docs_are_the_ones_that_come(tmp_path: Path, registry: Registry) -> None:
    (tmp_path / "my-images").mkdir()
    example = DOCS.split("```yaml\n")[1].split("```")[0]
    for right, wrong in (("- set5", "- set55"), ("{preset: paper}", "{prest: paper}"), ("{steps:", "{step:")):
        example = example.replace(right, wrong, 1)
    shown = DOCS.split("```text\n")[1].split("```")[0]
    told = "".join(
        f"error: classic/matrix.yaml:{at}:{where}: {what}\n" for at, where, what in faults(tmp_path, registry, example)
    )
    assert told == shown


def test_a_store_in_a_matrixs_place_is_told_with_the_matrix_that_ran_in_it(tmp_path: Path) -> None:
    (tmp_path / "store/runs").mkdir(parents=True)
    with pytest.raises(SrbenchError, match=r"store is a store, and no matrix: .* and name the matrix$"):
        read_matrix(tmp_path / "store")
    (tmp_path / "other.yaml").touch()
    Store(tmp_path / "store").remember_matrix(tmp_path / "other.yaml")
    with pytest.raises(SrbenchError, match=r"the one that ran in it last is .*/other\.yaml$"):
        read_matrix(tmp_path / "store")
    (tmp_path / "store/matrix.yaml").write_text("name: inside")
    assert matrix_file(tmp_path / "store") == tmp_path / "store/matrix.yaml"


@pytest.mark.parametrize("key", [*KEYS, *UNITS, EARLIER, *TRAIN_KEYS, *LIMITS, "as", "preset", "same"])
def test_every_key_is_in_the_docs(key: str) -> None:
    assert f"`{key}`" in DOCS


# --- files that are wrong: (line, column, part of the message) of the one thing that is wrong ----------------------

TRAIN = "train: {on: [t91], budget: {steps: 5}}\n"

BROKEN = {
    "empty file": ("", 1, 1, "the file is empty"),
    "only a comment": ("# nothing\n", 1, 1, "the file is empty"),
    "not UTF-8": (b"name: caf\xe9\n", 1, 10, "the byte 0xe9 is not UTF-8"),
    "not UTF-8, further down": ("# é\n#é".encode() + b"\xff\n", 2, 3, "the byte 0xff is not UTF-8"),
    "a control character": ("name: a\ntitle: b\x07\n", 2, 9, "U+0007"),
    "tab indentation": (GOOD + "train:\n\ton: [same]\n", 7, 1, "a tab in the indentation"),
    "spaces, then a tab": (GOOD + "train:\n  \ton: [same]\n", 7, 3, "a tab in the indentation"),
    "a tab before a value": (GOOD + "title: \tx\n", 6, 8, "a tab in the indentation or before a value"),
    "lines that end as Macs and Unicode do": ("name: a\rtitle: b\u2028seeds: \x07\n", 3, 8, "U+0007"),
    "a bracket that never closes": (GOOD + "seeds: [0, 1\n", 7, 1, "not valid YAML: expected ',' or ']'"),
    "a colon in a value": ("name: a: b\n", 1, 8, "not valid YAML: mapping values are not allowed here"),
    "two documents": (GOOD + "---\n" + GOOD, 6, 1, "a second document begins here"),
    "YAML 1.1": ("%YAML 1.1\n---\n" + GOOD, 1, 1, "matrix files are YAML 1.2"),
    "an escape beyond Unicode": ('name: "\\UFFFFFFFF"\n', 1, 8, "there is no character \\UFFFFFFFF"),
    "half a character": (GOOD + 'title: "\\ud800"\n', 6, 8, "half a character"),
    "a list at the top": ("- a\n", 1, 1, "expected a matrix file with keys out of name, title"),
    "text at the top": ("\nhello\n", 2, 1, "found the text 'hello'"),
    "an empty mapping at the top": ("{}\n", 1, 1, "found an empty mapping"),
    "a tag": (GOOD + "title: !!python/object/apply:os.system ls\n", 6, 8, "python/object/apply:os.system"),
    "a tag that YAML knows": (GOOD + "seeds: [!!int 3]\n", 6, 9, "the tag"),
    "a merge key": (GOOD + "limits: {<<: {seconds: 1}, seconds: 3}\n", 6, 10, "merge keys (`<<`) are not supported"),
    "an alias without anchor": (GOOD + "title: *nothing\n", 6, 8, "the alias *nothing has no anchor"),
    "an alias to itself": (GOOD + "seeds: &a [*a]\n", 6, 12, "the alias *a has no anchor"),
    "a key that is a list": (GOOD + "? [a]\n: b\n", 6, 3, "a key should be text; this is a list"),
    "a key twice": (GOOD + "name: b\n", 6, 1, "the key 'name' is there already, at line 1"),
    "an unknown key": (GOOD + "seed: [0]\n", 6, 1, "unknown key 'seed'. Did you mean 'seeds'?"),
    "an unknown key without likeness": (GOOD + "qqq: [0]\n", 6, 1, "unknown key 'qqq'. There are: datasets, executor"),
    "no name": (GOOD.replace("name: classic\n", ""), 1, 1, "the key 'name' is missing"),
    "no metrics": (GOOD.replace("metrics: [psnr]\n", ""), 1, 1, "the key 'metrics' is missing"),
    "a name with a slash": (GOOD.replace("classic", "a/b"), 1, 7, "'a/b' will not do as a name"),
    "a name that climbs": (GOOD.replace("classic", ".."), 1, 7, "'..' will not do as a name"),
    "a name that is a number": (GOOD.replace("classic", "2024"), 1, 7, "expected text, found the number 2024; put it"),
    "a name that is not there": (GOOD.replace(" classic", ""), 1, 1, "`name`: expected text, found nothing"),
    "a title that is a list": (GOOD + "title: [a]\n", 6, 8, "`title`: expected one line of text, found a list"),
    "a title of two lines": (GOOD + "title: |\n  a\n  b\n", 6, 8, "expected one line of text"),
    "no value": (GOOD.replace(" [set5]", ""), 2, 1, "expected a list of datasets, found nothing"),
    "an empty list": (GOOD.replace("[set5]", "[]"), 2, 11, "expected a list of datasets, found an empty list"),
    "no list": (
        GOOD.replace("[psnr]", "psnr"),
        5,
        10,
        "expected a list of metrics, found the text 'psnr'; write [psnr]",
    ),
    "a null among names": (
        GOOD.replace("[set5]", "\n  - set5\n  -\n"),
        4,
        4,
        "expected the name of a dataset, found nothing",
    ),
    "a number among names": (
        GOOD.replace("[set5]", "[91]"),
        2,
        12,
        "expected the name of a dataset, found the number 91",
    ),
    "a list among names": (GOOD.replace("[set5]", "[[set5]]"), 2, 12, "expected a dataset: `NAME`"),
    "a novel among names": (GOOD.replace("set5", "set" * 900), 2, 12, "expected the name of a dataset, found the text"),
    "an unknown dataset": (GOOD.replace("set5", "set6"), 2, 12, "unknown dataset 'set6'. Did you mean 'set5'?"),
    "an unknown method": (GOOD.replace("bicubic", "bicubi"), 4, 11, "unknown method 'bicubi'. Did you mean 'bicubic'?"),
    "an unknown metric": (GOOD.replace("psnr", "snr"), 5, 11, "unknown metric 'snr'. Did you mean 'psnr'?"),
    "an unknown scale": (GOOD.replace("x4-y", "x5-y"), 3, 13, "unknown protocol 'x5-y'. Did you mean"),
    "a protocol with parameters": (
        GOOD.replace("[x4-y]", "[{x4-y: {a: 1}}]"),
        3,
        13,
        "expected a protocol: `NAME`, `{use: NAME, as: SHOWN, changes}` or `{as: SHOWN, scale: ..., channel: ...",
    ),
    "a protocol of two names": (GOOD.replace("[x4-y]", "[{x4-y: , x2-y: }]"), 3, 13, "found a mapping"),
    "a protocol with changes and its old name": (
        GOOD.replace("[x4-y]", "[{use: x4-y, border: 0}]"),
        3,
        14,
        "a protocol with changes is another protocol: name it with `as`",
    ),
    "a protocol that takes another's name": (
        GOOD.replace("[x4-y]", "[{use: x4-y, as: x2-y, border: 2}]"),
        3,
        29,
        "`as`: 'x2-y' is the name of another protocol",
    ),
    "a changed protocol that keeps its name": (
        GOOD.replace("[x4-y]", "[{use: x4-y, as: x4-y, border: 2}]"),
        3,
        29,
        "`as`: 'x4-y' is the name of another protocol",
    ),
    "a protocol of half a scale": (
        GOOD.replace("[x4-y]", "[{use: x4-y, as: a, scale: 0.5}]"),
        3,
        39,
        "`scale`: a scale is a number from 1 up, such as 4, 1.5 or 10/7; 0.5 is none",
    ),
    "a protocol of no scale": (GOOD.replace("[x4-y]", "[{use: x4-y, as: a, scale: 0}]"), 3, 39, "from 1 up"),
    "a protocol of less than no border": (
        GOOD.replace("[x4-y]", "[{use: x4-y, as: a, border: -1}]"),
        3,
        40,
        "`border`: expected a whole number from 0 up",
    ),
    "a protocol of an unknown channel": (
        GOOD.replace("[x4-y]", "[{use: x4-y, as: a, channel: red}]"),
        3,
        41,
        "`channel`: expected one of y, rgb, gray, y8; found the text 'red'",
    ),
    "a protocol with a key that it does not know": (
        GOOD.replace("[x4-y]", "[{use: x4-y, as: a, borders: 3}]"),
        3,
        32,
        "unknown key 'borders'. Did you mean 'border'?",
    ),
    "a protocol of squares": (GOOD.replace("[x4-y]", "[{use: x4-y, as: a, size: 32}]"), 3, 32, "unknown key 'size'"),
    "a protocol that is half written out": (
        GOOD.replace("[x4-y]", "[{as: a, scale: 8, channel: y, border: 8}]"),
        3,
        13,
        "the key 'degradation' is missing; without `use` a protocol is written out in full",
    ),
    "an unknown degradation": (
        GOOD.replace("[x4-y]", "[{use: x4-y, as: a, degradation: bicubik}]"),
        3,
        45,
        "unknown degradation 'bicubik'. Did you mean 'bicubic'?",
    ),
    "a degradation without a parameter that it needs": (
        GOOD.replace("[x4-y]", "[{use: x4-y, as: a, degradation: gaussian-blur}]"),
        3,
        45,
        "parameter 'sigma' is missing",
    ),
    "a degradation with a wrong parameter": (
        GOOD.replace("[x4-y]", "[{use: x4-y, as: a, degradation: {gaussian-blur: {sigma: 0}}}]"),
        3,
        69,
        "sigma: expected a number > 0",
    ),
    "a degradation with a misspelt parameter": (
        GOOD.replace("[x4-y]", "[{use: x4-y, as: a, degradation: {bicubic: {border: repeat}}}]"),
        3,
        56,
        "unknown parameter 'border'. Did you mean 'borders'?",
    ),
    "a degradation with a name of its own": (
        GOOD.replace("[x4-y]", "[{use: x4-y, as: a, degradation: {use: bicubic, as: b}}]"),
        3,
        45,
        "leave `as` out",
    ),
    "a protocol of a degradation that nothing offers": (
        GOOD.replace("x4-y", "strange"),
        3,
        13,
        "unknown degradation 'unheard-of'",
    ),
    "a protocol twice": (GOOD.replace("[x4-y]", "[x4-y, x4-y]"), 3, 19, "'x4-y' is there twice, at lines 3 and 3"),
    "an unknown name in the use form": (GOOD.replace("[bicubic]", "[{use: bicubc}]"), 4, 17, "Did you mean 'bicubic'?"),
    "use without a name": (GOOD.replace("[bicubic]", "[{use: , as: b}]"), 4, 12, "expected the name of a method"),
    "as without use": (GOOD.replace("[bicubic]", "[{bicubic: {as: b}}]"), 4, 22, "{use: bicubic, as: ..., parameters}"),
    "as that is a number": (GOOD.replace("[bicubic]", "[{use: bicubic, as: 3}]"), 4, 30, "`as`: expected text"),
    "as with a space": (GOOD.replace("[bicubic]", "[{use: bicubic, as: b c}]"), 4, 30, "'b c' will not do as a name"),
    "an entry whose name is no folder": (
        GOOD.replace("[bicubic]", "['odd:name']"),
        4,
        11,
        "give another one with `as`",
    ),
    "parameters at the wrong depth": (
        GOOD.replace("[bicubic]", "\n  - srcnn:\n    preset: paper") + TRAIN,
        5,
        5,
        "found a mapping (`key: value`) with the keys srcnn, preset",
    ),
    "parameters that are no mapping": (
        GOOD.replace("[bicubic]", "[{srcnn: paper}]"),
        4,
        19,
        "srcnn: expected parameters as `key: value`, found the text 'paper'",
    ),
    "parameters that are nothing": (GOOD.replace("[bicubic]", "\n  - srcnn:"), 5, 5, "srcnn: expected parameters"),
    "an unknown parameter": (
        GOOD.replace("[bicubic]", "[{srcnn: {widht: 3}}]") + TRAIN,
        4,
        20,
        "unknown parameter 'widht'. Did you mean 'width'?",
    ),
    "a parameter of a class without any": (
        GOOD.replace("[bicubic]", "[{bicubic: {a: 3}}]"),
        4,
        22,
        "unknown parameter 'a'. There are none.",
    ),
    "an unknown preset": (
        GOOD.replace("[bicubic]", "[{srcnn: {preset: papers}}]") + TRAIN,
        4,
        28,
        "unknown preset 'papers'. Did you mean 'paper'?",
    ),
    "a preset that is a list": (
        GOOD.replace("[bicubic]", "[{srcnn: {preset: [paper]}}]") + TRAIN,
        4,
        28,
        "unknown preset ['paper']",
    ),
    "a parameter of the wrong type": (
        GOOD.replace("[bicubic]", "[{srcnn: {width: wide}}]") + TRAIN,
        4,
        27,
        "width: expected a whole number, got text",
    ),
    "a parameter out of range": (
        GOOD.replace("[bicubic]", "[{srcnn: {width: 0}}]") + TRAIN,
        4,
        27,
        "width: expected a whole number >= 1",
    ),
    "a parameter out of a list": (
        GOOD.replace("[bicubic]", "[{srcnn: {norm: batsh}}]") + TRAIN,
        4,
        26,
        "norm: unknown value 'batsh'. Did you mean 'batch'?",
    ),
    "an infinite parameter": (
        GOOD.replace("[bicubic]", "[{srcnn: {lr: .inf}}]") + TRAIN,
        4,
        24,
        "lr: expected a finite number",
    ),
    "a parameter that is missing": (GOOD.replace("[set5]", "[{use: folder}]"), 2, 18, "parameter 'path' is missing"),
    "a folder that does not exist": (
        GOOD.replace("[set5]", "[{folder: {path: nowhere}}]"),
        2,
        28,
        "path: there is no file or folder",
    ),
    "a path that is a number": (GOOD.replace("[set5]", "[{folder: {path: 5}}]"), 2, 28, "path: expected a path, got 5"),
    "a path into an unknown home": (
        GOOD.replace("[set5]", "[{folder: {path: ~no-such-user-here/x}}]"),
        2,
        28,
        "is not known",
    ),
    "a path that is too long": (
        GOOD.replace("[set5]", f"[{{folder: {{path: {'x' * 5000}}}}}]"),
        2,
        28,
        "path: there is no file or folder",
    ),
    "a dataset whose own name will not do": (
        GOOD.replace("[set5]", "[{folder: {path: ., name: my images}}]"),
        2,
        37,
        "'my images' will not do as a name in tables",
    ),
    "a plugin that cannot be loaded": (
        GOOD.replace("bicubic", "gone"),
        4,
        11,
        "method 'gone' of srbench-toy cannot be loaded from 'no_such_module_anywhere:Thing': ModuleNotFoundError",
    ),
    "a method twice": (
        GOOD.replace("[bicubic]", "\n  - bicubic\n  - bicubic"),
        6,
        5,
        "'bicubic' is there twice, at lines 5 and 6; use `as` to name the second",
    ),
    "names that differ in case only": (
        GOOD.replace("[set5]", "\n  - set5\n  - {use: t91, as: SET5}"),
        4,
        5,
        "'SET5' is there twice, at lines 3 and 4",
    ),
    "a learner without train": (
        GOOD.replace("[bicubic]", "[bicubic, srcnn]").replace("metrics", "train: {on: [same]}\nmetrics"),
        5,
        1,
        "'srcnn' learns, so `train` needs 'budget', such as budget: {steps: 20000}",
    ),
    "a learner without training sets": (
        GOOD.replace("[bicubic]", "[srcnn]") + "train: {budget: {steps: 5}}\n",
        6,
        1,
        "'srcnn' learns, so `train` needs 'on', such as on: [same]",
    ),
    "train that is a list": (
        GOOD + "train: [t91]\n",
        6,
        8,
        "expected a mapping with keys out of on, budget, precision, compile, micro_batches, start; found a list",
    ),
    "an unknown key in train": (GOOD + "train: {onn: [t91]}\n", 6, 9, "unknown key 'onn'. Did you mean 'on'?"),
    "train.on that is a word": (GOOD + "train: {on: same}\n", 6, 13, "found the text 'same'; write [same]"),
    "an unknown training set": (GOOD + "train: {on: [t92]}\n", 6, 14, "unknown dataset 't92'. Did you mean 't91'?"),
    "a training set twice": (GOOD + "train: {on: [same, t91, same]}\n", 6, 25, "'same' is there twice"),
    "a training set called same": (
        GOOD + "train: {on: [{use: t91, as: same}]}\n",
        6,
        14,
        "'same' stands for the tested",
    ),
    "a budget that is a number": (
        GOOD + "train: {on: [t91], budget: 5}\n",
        6,
        28,
        "one of steps, seconds, epochs, images",
    ),
    "an unknown unit": (
        GOOD + "train: {on: [t91], budget: {step: 5}}\n",
        6,
        29,
        "unknown key 'step'. Did you mean 'steps'?",
    ),
    "two units": (
        GOOD + "train: {budget: {steps: 5, epochs: 5}}\n",
        6,
        28,
        "a budget has one unit; here are steps and epochs",
    ),
    "a budget of nothing": (
        GOOD + "train: {budget: {steps: 0}}\n",
        6,
        25,
        "expected a whole number from 1 up, found the number 0",
    ),
    "a precision of 16 bits": (
        GOOD + "train: {precision: 16}\n",
        6,
        20,
        "`precision`: expected one of 32, tf32, bf16, fp16; found the number 16",
    ),
    "a tracker that nobody offers": (GOOD + "trackers: [diary]\n", 6, 12, "unknown tracker 'diary'"),
    "an order that is none": (GOOD + "order: longest-first\n", 6, 8, "`order`: expected one of file, shortest-first"),
    "a precision that is a fraction": (
        GOOD + "train: {precision: 32.0}\n",
        6,
        20,
        "expected one of 32, tf32, bf16, fp16",
    ),
    "micro-batches that are none": (GOOD + "train: {micro_batches: 0}\n", 6, 24, "expected a whole number from 1 up"),
    "compile that is a word": (GOOD + "train: {compile: yes}\n", 6, 18, "`compile`: expected true or false"),
    "a budget of half a step": (GOOD + "train: {budget: {steps: 0.5}}\n", 6, 25, "expected a whole number"),
    "a budget that is a word": (GOOD + "train: {budget: {epochs: many}}\n", 6, 26, "expected a number above 0"),
    "a budget that is true": (GOOD + "train: {budget: {epochs: true}}\n", 6, 26, "found the boolean true"),
    "a budget without end": (GOOD + "train: {budget: {epochs: .inf}}\n", 6, 26, "expected a number above 0"),
    "a budget beyond floats": (
        GOOD + f"train: {{budget: {{steps: 1{'0' * 400}}}}}\n",
        6,
        25,
        "expected a whole number from 1 up",
    ),
    "a number beyond counting": (GOOD + f"seeds: [1{'0' * 5000}]\n", 6, 9, "has too many digits"),
    "seeds that are a number": (GOOD + "seeds: 3\n", 6, 8, "expected a list of seeds, found the number 3; write [3]"),
    "a seed twice": (GOOD + "seeds:\n- 1\n- 2\n- 1\n", 9, 3, "the seed 1 is there twice, first at line 7"),
    "a seed twice, by its alias": (GOOD + "seeds:\n- &a 1\n- *a\n", 8, 3, "the seed 1 is there twice, first at line 7"),
    "a negative seed": (GOOD + "seeds: [0, -1]\n", 6, 12, "a seed is a whole number from 0 to"),
    "half a seed": (GOOD + "seeds: [0.5]\n", 6, 9, "not the number 0.5"),
    "a seed that is true": (GOOD + "seeds: [true]\n", 6, 9, "not the boolean true"),
    "limits that are nothing": (
        GOOD + "limits:\n",
        6,
        1,
        "expected limits: a mapping with keys out of seconds, memory_gb, pictures_gb",
    ),
    "an unknown limit": (GOOD + "limits: {memory: 3}\n", 6, 10, "unknown key 'memory'. Did you mean 'memory_gb'?"),
    "a negative limit": (GOOD + "limits: {seconds: -3}\n", 6, 19, "limit of seconds: expected a number above 0"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_says_where_and_what(tmp_path: Path, registry: Registry, case: str) -> None:
    text, line, column, fragment = BROKEN[case]
    found = faults(tmp_path, registry, text)
    assert fragment in "\n".join(message for at, where, message in found if (at, where) == (line, column)), found
    assert len(found) == 1, found


def test_everything_that_is_wrong_is_reported_in_the_order_of_the_file(tmp_path: Path, registry: Registry) -> None:
    text = """\
        name: a b
        datasets: [set6]
        protocols: [x9-y]
        methods:
          - {srcnn: {widht: 1, lr: fast, norm: 3}}
        train: {budget: {steps: -1}}
        metrics: []
        seeds: [a]
        extra: 1
        """
    path = write(tmp_path, text)
    with pytest.raises(MatrixError) as caught:
        read_matrix(path, registry)
    places = [(problem.line, problem.column) for problem in caught.value.problems]
    assert places == [(1, 7), (2, 12), (3, 13), (5, 14), (5, 28), (5, 40), (6, 1), (6, 25), (7, 10), (8, 9), (9, 1)]
    lines = str(caught.value).splitlines()
    assert len(lines) == len(places)
    assert lines[1] == f"{path}:2:12: unknown dataset 'set6'. Did you mean 'set5'?"


def test_two_names_that_will_not_do_are_not_a_name_that_is_there_twice(tmp_path: Path, registry: Registry) -> None:
    found = faults(tmp_path, registry, GOOD.replace("[set5]", "[{use: set5, as: 1}, {use: t91, as: 2}]"))
    assert [message.split(",")[0] for _, _, message in found] == ["`as`: expected text"] * 2


def test_a_learner_needs_both_training_sets_and_budget(tmp_path: Path, registry: Registry) -> None:
    found = faults(tmp_path, registry, GOOD.replace("[bicubic]", "[bicubic, srcnn]"))
    assert [(line, column) for line, column, _ in found] == [(4, 20), (4, 20)]


def test_a_folder_without_a_matrix(tmp_path: Path, registry: Registry) -> None:
    with pytest.raises(MatrixError, match=r"there is no such file") as caught:
        read_matrix(tmp_path, registry)
    assert str(caught.value).startswith(f"{tmp_path / 'matrix.yaml'}: ")


def test_a_file_that_is_not_there(tmp_path: Path, registry: Registry) -> None:
    with pytest.raises(MatrixError, match=r"other\.yaml: there is no such file"):
        read_matrix(tmp_path / "other.yaml", registry)


def test_a_file_below_a_file(tmp_path: Path, registry: Registry) -> None:
    with pytest.raises(MatrixError, match="cannot be read: Not a directory"):
        read_matrix(write(tmp_path, GOOD) / "matrix.yaml", registry)


def test_a_file_without_end_is_refused(registry: Registry) -> None:
    with pytest.raises(MatrixError, match="larger than 256 KiB"):
        read_matrix(Path("/dev/zero"), registry)


def test_reading_runs_nothing_and_imports_no_torch(tmp_path: Path) -> None:
    write(tmp_path, GOOD.replace("[set5]", "[nothing-like-it]"))
    code = (
        "import sys, pathlib\n"
        "from srbench.matrix import read_matrix, MatrixError\n"
        "try: read_matrix(pathlib.Path(sys.argv[1]))\n"
        "except MatrixError as error: print(error)\n"
        "assert 'torch' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert "matrix.yaml:2:12: unknown dataset 'nothing-like-it'" in done.stdout


# --- properties ---------------------------------------------------------------------------------------------------

WORDS = st.sampled_from(
    [
        *GOOD.replace("\n", " \n ").split(" "),
        *TRAIN.split(" "),
        "seeds",
        "limits",
        "srcnn",
        "use",
        "as",
        "same",
        "folder",
        "path",
        "preset",
        "null",
        ".inf",
        "1e-4",
        *[
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "- ",
            "? ",
            "&a",
            "*a",
            "!!x",
            "<<",
            "'",
            '"',
            "|",
            ">",
            "\t",
            "#",
            "%YAML",
            "\\",
        ],
        *[
            "---",
            "...",
            "\n",
            "\n  ",
            "\r",
            "\x85",
            "\u2028",
            "\ufeff",
            "\0",
            "@",
            "`",
            '"\\U00110000"',
            '"\\x41"',
            "~",
        ],
    ]
)


@settings(max_examples=250, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text() | st.lists(WORDS, max_size=30).map(" ".join) | st.lists(WORDS, max_size=30).map("".join))
def test_any_text_is_a_matrix_or_a_matrix_error(tmp_path: Path, registry: Registry, text: str) -> None:
    path = tmp_path / "matrix.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        read_matrix(path, registry)
    except MatrixError as error:
        assert error.problems
        str(error).encode()


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(0, len(GOOD)), inserted=WORDS | st.text(max_size=3), dropped=st.integers(0, 5))
def test_a_damaged_good_file_is_a_matrix_or_a_matrix_error(
    tmp_path: Path, registry: Registry, cut: int, inserted: str, dropped: int
) -> None:
    path = tmp_path / "matrix.yaml"
    path.write_bytes((GOOD[:cut] + inserted + GOOD[cut + dropped :]).encode("utf-8", "surrogatepass"))
    try:
        assert read_matrix(path, registry).datasets
    except MatrixError as error:
        assert error.problems


def test_a_large_file_of_the_allowed_size_is_read(tmp_path: Path, registry: Registry) -> None:
    text = GOOD + "seeds: [" + ", ".join(map(str, range(2000))) + "]\n"
    assert read_matrix(write(tmp_path, text), registry).seeds == tuple(range(2000))


def test_an_unreadable_file_says_so(tmp_path: Path, registry: Registry) -> None:
    path = tmp_path / "matrix.yaml"
    path.symlink_to(path)
    with pytest.raises(MatrixError, match="cannot be read: Too many levels"):
        read_matrix(path, registry)


# --- resources --------------------------------------------------------------------------------------------------


def test_resources_stand_at_the_top_and_beside_the_parameters_of_a_method(tmp_path: Path, registry: Registry) -> None:
    text = GOOD.replace(
        "methods: [bicubic]",
        "methods: [bicubic, srcnn: {width: 16, resources: {gpus: 0, partition: 12}}, "
        "{use: srcnn, as: b, resources: {cores: 2}}]\n"
        "train: {on: [same], budget: {steps: 1}}\n"
        "resources: {gpus: 1, minutes: 0.5, memory_gb: 24, partition: gpu-long}",
    )
    matrix = read_matrix(write(tmp_path, text), registry)
    assert matrix.resources == Resources(1, None, 0.5, 24, {"partition": "gpu-long"})
    assert matrix.resources_of == {
        "srcnn": Resources(gpus=0, options={"partition": "12"}),
        "b": Resources(cores=2),
    }
    assert "resources" not in matrix.methods[1].params and matrix.methods[1].given == {"width": 16}


def test_limits_stand_at_the_top_and_beside_the_parameters_of_a_method(tmp_path: Path, registry: Registry) -> None:
    text = GOOD.replace(
        "methods: [bicubic]",
        "methods: [bicubic: {limits: {seconds: 60}}, srcnn: {width: 16, limits: {memory_gb: 2.5}}]\n"
        "train: {on: [same], budget: {steps: 1}}\n"
        "limits: {seconds: 7200, memory_gb: 8}",
    )
    matrix = read_matrix(write(tmp_path, text), registry)
    assert matrix.limits == Limits(7200, 8)
    assert matrix.limits_of == {"bicubic": Limits(seconds=60), "srcnn": Limits(memory_gb=2.5)}
    assert "limits" not in matrix.methods[1].params and matrix.methods[1].given == {"width": 16}


@pytest.mark.parametrize(
    ("limits", "column", "message"),
    [
        ("{second: 1}", 2, "unknown key 'second'. Did you mean 'seconds'?"),
        ("{seconds: 0}", 11, "limit of seconds: expected a number above 0"),
        ("{memory_gb: much}", 13, "limit of memory_gb: expected a number above 0"),
        ("8", 1, "expected limits: a mapping"),
    ],
)
def test_wrong_limits_are_told_where_they_stand(
    tmp_path: Path, registry: Registry, limits: str, column: int, message: str
) -> None:
    for line, before in ((6, "limits: "), (4, "methods: [bicubic: {limits: ")):
        top = f"{GOOD}limits: {limits}\n"
        text = top if line == 6 else GOOD.replace("[bicubic]", f"[bicubic: {{limits: {limits}}}]")
        with pytest.raises(MatrixError) as raised:
            read_matrix(write(tmp_path, text), registry)
        (problem,) = raised.value.problems
        assert (problem.line, problem.column) == (line, len(before) + column) and message in problem.message


@pytest.mark.parametrize(
    ("resources", "message"),
    [
        ("{gpu: 1}", "unknown key 'gpu'. Did you mean 'gpus'?"),
        ("{gpus: -1}", "`gpus`: expected a whole number from 0 up, found the number -1"),
        ("{cores: 0}", "`cores`: expected a whole number from 1 up"),
        ("{minutes: 0}", "`minutes`: expected a number above 0"),
        ("{memory_gb: much}", "`memory_gb`: expected a number above 0"),
        ("{partition: a b}", "`partition`: expected a name without spaces, found the text 'a b'"),
        ("{partition: }", "`partition`: expected a name without spaces, found nothing"),
        ("[1]", "expected resources: a mapping"),
    ],
)
def test_wrong_resources_are_told_at_the_top_and_at_a_method(
    tmp_path: Path, registry: Registry, resources: str, message: str
) -> None:
    for text in (
        f"{GOOD}resources: {resources}\n",
        GOOD.replace("[bicubic]", f"[bicubic: {{resources: {resources}}}]"),
    ):
        with pytest.raises(MatrixError) as raised:
            read_matrix(write(tmp_path, text), registry)
        (problem,) = raised.value.problems
        assert message in problem.message
