"""What the documentation tells authors to type works as it stands."""

from __future__ import annotations

import importlib
import re
import textwrap
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import srbench_downstream

import srbench
from srbench.contract.chain import steps_of
from srbench.contract.published import checksum_kind
from srbench.errors import SrbenchError
from srbench.matrix import read_matrix
from srbench.matrix.training import name_of
from srbench.registry import builtin
from srbench.registry.parameters import parameters
from srbench.registry.registry import Plugin, Registry
from srbench.registry.registry import registry as registry_of_plugins
from srbench.store.record import MetricResult
from srbench.tasks.super_resolution import describe
from srbench.testing import (
    DatasetSubject,
    DegradationSubject,
    ExecutorSubject,
    ExtractorSubject,
    FormatSubject,
    MethodSubject,
    MetricSubject,
    ProtocolSubject,
    run_checks,
)
from srbench.testing.pictures import textured_uint8

DOCS = Path(__file__).parents[1] / "docs"


def titled_blocks(page: str) -> dict[str, str]:
    """The code blocks of a page that have a file name."""
    text = (DOCS / page).read_text()
    return dict(re.findall(r'```\w+ title="([^"]+)"\n(.*?)```', text, re.DOTALL))


def module_from(page: str, file: str, folder: Path, monkeypatch) -> Registry:
    """A registry with the plugin that a page's code block makes."""
    path = folder / Path(file).name
    path.write_text(titled_blocks(page)[file])
    monkeypatch.syspath_prepend(str(folder))
    module = importlib.import_module(path.stem)
    registry = Registry()
    registry.add(Plugin(path.stem, path.stem, "0.1.0", path.stem), module)
    assert not registry.broken
    return registry


def everything_but_passes(subject) -> dict[str, str]:
    return {one.check.name: one.message for one in run_checks(subject) if one.status != "passed"}


def test_the_tutorials_method_passes_the_kit(tmp_path, monkeypatch):
    registry = module_from("method.md", "my-method/my_method.py", tmp_path, monkeypatch)
    assert everything_but_passes(MethodSubject("my-nearest", registry=registry)) == {}


def test_the_example_method_with_a_ceiling_passes_the_kit(tmp_path, monkeypatch):
    subject = MethodSubject("my-blocks", registry=module_from("method.md", "my_blocks.py", tmp_path, monkeypatch))
    assert everything_but_passes(subject) == {}
    assert "ceiling_shape" in {one.name for one in subject.checks()}


def test_the_example_of_a_parameter_that_brings_others_passes_the_kit(tmp_path, monkeypatch):
    registry = module_from("method.md", "my_choices.py", tmp_path, monkeypatch)
    for params in ({}, {"way": "smooth", "preset": "strong"}):
        assert everything_but_passes(MethodSubject("my-choice", params, registry)) == {}


def test_the_example_of_a_familys_parameters_passes_the_kit_and_heeds_them(tmp_path, monkeypatch):
    import torch

    registry = module_from("method.md", "my_family.py", tmp_path, monkeypatch)
    for params in ({}, {"contrast": 2}):
        subject = MethodSubject("my-repeated", params, registry)
        assert everything_but_passes(subject) == {}
    assert torch.equal(subject.create().upscale(torch.full((1, 1, 1, 1), 0.75), 2), torch.ones(1, 1, 2, 2))


def test_the_tutorials_package_names_its_module_and_its_file():
    blocks = titled_blocks("method.md")
    project = tomllib.loads(blocks["my-method/pyproject.toml"])
    (module,) = project["project"]["entry-points"]["srbench"].values()
    (file,) = project["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]
    assert f"{module}.py" == file
    assert f"my-method/{file}" in blocks


def test_the_tutorials_matrix_asks_for_its_own_method(tmp_path):
    path = tmp_path / "my-matrix.yaml"
    path.write_text(titled_blocks("method.md")["my-matrix.yaml"])
    with pytest.raises(SrbenchError) as error:
        read_matrix(path)
    # Nothing is wrong with it but that the reader's method is not installed here.
    (fault,) = [line for line in str(error.value).splitlines() if "unknown" in line]
    assert "my-nearest" in fault


def test_the_matrix_of_set_metrics_can_be_read(tmp_path):
    path = tmp_path / "set-metrics.yaml"
    path.write_text(titled_blocks("set-metrics.md")["set-metrics.yaml"])
    metrics = read_matrix(path).metrics
    asked = {metric.name: metric.extractor.name for metric in metrics}
    assert asked["fid"] == "inception"
    assert asked["fid-resnet"] == "timm:resnet18.a1_in1k"
    lesions, against = (next(one for one in metrics if one.name == name) for name in ("fid-lesions", "fid-to-training"))
    assert lesions.extractor.name == "lesions" and lesions.extractor.on.name == "phantom-lesions"
    assert against.params["reference"] == "train"


def test_the_matrix_of_tasks_can_be_read_and_the_page_lists_every_metric(tmp_path):
    path = tmp_path / "task.yaml"
    path.write_text(titled_blocks("downstream.md")["task.yaml"])
    assert {metric.name: metric.params for metric in read_matrix(path).metrics}["cas"]["positive"] == "D"
    page = (DOCS / "downstream.md").read_text(encoding="utf-8")
    offered = [entry.name for entry in srbench_downstream.srbench_metrics()]
    assert [name for name in offered if f"| `{name}` |" not in page] == []


def test_the_matrices_of_adversarial_trainings_can_be_read(tmp_path):
    (tmp_path / "slices").mkdir()
    for page, name, method in (("networks.md", "real-esrgan", "real-esrgan"), ("methods.md", "mri-x3", "srgan")):
        path = tmp_path / f"{name}.yaml"
        path.write_text(titled_blocks(page)[path.name])
        (use,) = [one for one in read_matrix(path).methods if one.name == method]
        assert use.given["preset"] == name


def test_the_matrix_of_networks_can_be_read(tmp_path):
    path = tmp_path / "networks.yaml"
    path.write_text(titled_blocks("networks.md")["networks.yaml"])
    methods = {use.name: use for use in read_matrix(path).methods}
    assert methods["narrow"].params["depths"] == (2, 2)
    assert methods["swinir"].params["embed_dim"] == 60
    for use in methods.values():
        use.create()


def test_the_matrix_of_ways_to_use_a_model_asks_for_one_network(tmp_path):
    path = tmp_path / "inference.yaml"
    rest = "name: ways\ndatasets: [textures]\nprotocols: [x4-y]\nmetrics: [psnr]\n"
    rest += "train: {on: [same], budget: {steps: 1}}\n"
    path.write_text(rest + titled_blocks("matrix.md")["inference.yaml"])
    ways = {use.name: use.create().inference for use in read_matrix(path).methods}
    assert len(ways) == len(set(ways.values())) == 4
    assert (ways["srresnet"].ensemble, ways["srresnet-x8"].ensemble) == (1, 8)
    assert ways["srresnet-bf16"].precision == "bf16" and ways["srresnet-compiled"].compile


def test_the_matrix_of_three_arms_can_be_read_and_all_learn_as_long(tmp_path):
    path = tmp_path / "generic-or-specific.yaml"
    path.write_text(titled_blocks("matrix.md")["generic-or-specific.yaml"])
    matrix = read_matrix(path)
    assert [name_of(arm) for arm in matrix.train_on] == ["t91", "same", "t91, then same"]
    budgets = matrix.train_on[2].budgets(matrix.train.budget)
    assert sum(budget.amount for budget in budgets) == matrix.train.budget.amount
    assert matrix.training(matrix.methods[2]).start.cell == {"method": "rrdb"}


def test_the_example_metric_passes_the_kit(tmp_path, monkeypatch):
    registry = module_from("plugins.md", "my_metrics.py", tmp_path, monkeypatch)
    assert everything_but_passes(MetricSubject("mean-error", registry=registry)) == {}


def test_the_example_metric_of_labels_passes_the_kit(tmp_path, monkeypatch):
    registry = module_from("plugins.md", "my_classes.py", tmp_path, monkeypatch)
    assert everything_but_passes(MetricSubject("error-per-class", registry=registry)) == {}


def test_the_example_extractor_and_its_metric_pass_the_kit(tmp_path, monkeypatch):
    registry = module_from("plugins.md", "my_extractors.py", tmp_path, monkeypatch)
    assert everything_but_passes(ExtractorSubject("colours", registry=registry)) == {}
    assert everything_but_passes(MetricSubject("colour-distance", registry=registry)) == {}


def test_the_example_dataset_passes_the_kit(tmp_path, monkeypatch):
    import srbench

    for patient, seed in (("p1", 0), ("p2", 1), ("p3", 2)):
        (tmp_path / "slides" / patient).mkdir(parents=True)
        srbench.write_image(tmp_path / "slides" / patient / "a.png", textured_uint8(seed, 20, 24))
    registry = module_from("plugins.md", "my_datasets.py", tmp_path, monkeypatch)
    params = {"path": tmp_path / "slides"}
    assert everything_but_passes(DatasetSubject("slides", params, registry)) == {}


def test_the_example_of_a_published_dataset_finds_what_is_unpacked(tmp_path, monkeypatch):
    import srbench

    registry = module_from("plugins.md", "my_published_datasets.py", tmp_path, monkeypatch)
    (published,) = registry.get("dataset", "cells").load().published
    (members,) = published.archives[0].members
    folder = tmp_path / "root" / published.folder / members.folder
    folder.mkdir(parents=True)
    for seed in range(2):
        srbench.write_image(folder / f"{seed}.png", textured_uint8(seed, 20, 24))
    assert everything_but_passes(DatasetSubject("cells", {}, registry, tmp_path / "root")) == {}


def test_the_page_of_datasets_says_who_states_which_checksum():
    page = (DOCS / "datasets.md").read_text()
    published = [one for entry in registry_of_plugins().entries("dataset") for one in entry.load().published]
    assert len(published) == 54
    for archive in (archive for one in published for archive in one.archives):
        name = re.sub(r"^[a-z]+mnist(_\d+)?\.npz$", r"FLAG\1.npz", archive.file)
        (row,) = [line for line in page.splitlines() if line.startswith("|") and f"`{name}`" in line]
        assert checksum_kind(archive.checksum) in row


def test_the_example_degradation_passes_the_kit_and_is_short(tmp_path, monkeypatch):
    registry = module_from("plugins.md", "my_degradations.py", tmp_path, monkeypatch)
    assert everything_but_passes(DegradationSubject("photons", {"white": 50.0}, registry)) == {}
    assert len(titled_blocks("plugins.md")["my_degradations.py"].splitlines()) < 40


def test_the_example_format_passes_the_kit_and_is_short(tmp_path, monkeypatch):
    registry = module_from("plugins.md", "my_formats.py", tmp_path, monkeypatch)
    np.save(tmp_path / "stack.npy", np.stack([textured_uint8(seed, 20, 24, 1)[..., 0] for seed in range(3)]))
    subject = FormatSubject("npy", registry=registry, files=[tmp_path / "stack.npy"])
    assert everything_but_passes(subject) == {}
    assert len(titled_blocks("plugins.md")["my_formats.py"].splitlines()) < 40


def test_the_example_protocol_passes_the_kit(tmp_path, monkeypatch):
    registry = module_from("plugins.md", "my_protocols.py", tmp_path, monkeypatch)
    registry.add(Plugin("builtin", "srbench", "1", builtin.__name__), builtin)
    assert everything_but_passes(ProtocolSubject("x8-y", registry=registry)) == {}


def test_the_protocols_of_the_docs_can_be_used(tmp_path):
    path = tmp_path / "matrix.yaml"
    protocols = titled_blocks("matrix.md")["protocols.yaml"]
    path.write_text(f"name: a\ndatasets: [textures]\nmethods: [bicubic]\nmetrics: [psnr]\n{protocols}")
    said = {protocol.name: describe(protocol) for protocol in read_matrix(path).protocols}
    assert said == {
        "x4-y": "x4, bicubic LR, Y channel, 4 px border, native depth",
        "blurred": "x4, gaussian-blur(sigma=1.6) LR, Y channel, 4 px border, native depth",
        "x8": "x8, bicubic LR, Y channel, 8 px border, native depth",
        "fine": "x10/7, area LR, grey (full-range luma), 10 px border, native depth",
        "both": "x4, gaussian-blur(sigma=1.6) + bicubic LR, Y channel, 4 px border, native depth",
    }


def test_every_example_of_a_degradation_can_be_used(tmp_path):
    path = tmp_path / "matrix.yaml"
    protocols = titled_blocks("degradations.md")["degraded.yaml"]
    path.write_text(f"name: a\ndatasets: [textures]\nmethods: [bicubic]\nmetrics: [psnr]\n{protocols}")
    used = {step.name for protocol in read_matrix(path).protocols for step in steps_of(protocol.degradation)}
    page = (DOCS / "degradations.md").read_text()
    assert used - {"gaussian-blur"} == set(re.findall(r"^\| \[`([a-z-]+)`\]", page, re.MULTILINE))


def test_the_example_executor_passes_the_kit(tmp_path, monkeypatch):
    registry = module_from("plugins.md", "my_executor.py", tmp_path, monkeypatch)
    assert everything_but_passes(ExecutorSubject("launched", {"launcher": ["nice"]}, registry)) == {}
    assert len(titled_blocks("plugins.md")["my_executor.py"].splitlines()) < 40


def test_the_matrix_of_a_cluster_says_what_each_method_needs(tmp_path):
    path = tmp_path / "matrix.yaml"
    cluster = textwrap.dedent(titled_blocks("slurm.md")["cluster.yaml"])
    rest = "datasets: [textures]\nprotocols: [x4-y]\nmetrics: [psnr]\ntrain: {on: [same], budget: {steps: 1}}\n"
    path.write_text(f"name: a\n{rest}{cluster}")
    matrix = read_matrix(path)
    assert matrix.executor.params["jobs"] == 50
    bicubic = matrix.resources_of["bicubic"].over(matrix.resources)
    assert str(bicubic) == "0 GPUs, 1 core, 10 minutes, 24 GB, partition short, account my-lab"
    assert set(matrix.resources_of) == {"bicubic"} and matrix.resources.gpus == 1


def test_the_matrix_of_a_ray_cluster_says_what_each_method_needs(tmp_path):
    path = tmp_path / "matrix.yaml"
    cluster = textwrap.dedent(titled_blocks("ray.md")["ray.yaml"])
    rest = "datasets: [textures]\nprotocols: [x4-y]\nmetrics: [psnr]\ntrain: {on: [same], budget: {steps: 1}}\n"
    path.write_text(f"name: a\n{rest}{cluster}")
    matrix = read_matrix(path)
    assert matrix.executor.params["per_gpu"] == 2
    needed = {name: str(asked.over(matrix.resources)) for name, asked in matrix.resources_of.items()}
    page = (DOCS / "ray.md").read_text()
    assert all(f"jobs: {words}: tasks of " in page for words in needed.values()) and len(needed) == 2


@pytest.mark.parametrize("name", ["slurm", "ray"])
def test_the_page_of_an_executor_lists_its_parameters_with_their_defaults(name):
    page = (DOCS / f"{name}.md").read_text()
    rows = dict(re.findall(r"^\| `(\w+)` \| `?([^`|]+)`? \|", page, re.MULTILINE))
    kind = registry_of_plugins().get("executor", name).load()
    defaults = {name: one.default for name, one in parameters(kind).items()}
    shown = {(): "[]", None: "none"}
    assert {name: rows[name].strip() for name in defaults} == {
        name: shown.get(default) or f"{default:g}" for name, default in defaults.items()
    }


def test_the_example_section_is_short_and_says_what_is_hardest(tmp_path, monkeypatch):
    registry = module_from("plugins.md", "my_sections.py", tmp_path, monkeypatch)
    section = registry.get("section", "hardest").load()(most=2)
    rows = [
        ("a", "set", "x2", name, "psnr", value + plus)
        for plus in (0, 1, 5)
        for name, value in zip("xyz", (3, 1, 2), strict=True)
    ]
    images = pd.DataFrame(rows, columns=["method", "dataset", "protocol", "image", "metric", "value"])
    said = section.board(srbench.Frames(pd.DataFrame(), images))
    assert said.rows == (("set/x2/y", 2.0), ("set/x2/z", 3.0))
    assert section.method(srbench.Frames(pd.DataFrame(), images), "another") is None
    assert len(titled_blocks("plugins.md")["my_sections.py"].splitlines()) < 40


def test_the_example_tracker_keeps_a_diary(tmp_path, monkeypatch):
    registry = module_from("plugins.md", "my_trackers.py", tmp_path, monkeypatch)
    tracker = registry.get("tracker", "diary").load()(tmp_path / "diary.txt")
    cell = srbench.Cell("d", "x2", "m", None, 0, {})
    result = MetricResult(key="k", name="psnr", value=30.5)
    record = srbench.Record(key="ab", schema=1, status="ok", point=cell.point(), metrics={"psnr": result})
    tracker.begin("matrix")
    tracker.cell_started(cell)
    tracker.training_finished(record, [{"step": 1.0}])
    tracker.cell_finished(cell, record)
    tracker.end()
    said = ["training d/x2/m/0 ok 1 rows", "d/x2/m/0 ok {'psnr': 30.5}"]
    assert (tmp_path / "diary.txt").read_text().splitlines() == said


def test_the_example_weights_are_declared(tmp_path, monkeypatch):
    registry = module_from("weights.md", "my_weights.py", tmp_path, monkeypatch)
    assert registry.weights_file("my-network").file == "my-network-1.0.safetensors"


def test_the_page_of_weights_lists_those_that_are_published():
    from srbench.registry.builtin_weights import published_weights

    text = (DOCS / "weights.md").read_text()
    rows = set(re.findall(r"^\| `([^`]+)` \| `([^`]+)` \| \d+ MB \|", text, re.MULTILINE))
    assert rows == {(file.name, file.file) for file in published_weights()}


def test_the_readme_names_everything_that_is_shipped():
    readme = (DOCS.parent / "README.md").read_text(encoding="utf-8")
    kinds = ("method", "dataset", "metric", "extractor", "degradation", "format", "executor", "tracker")
    offered = [
        one
        for kind in kinds
        for one in registry_of_plugins().entries(kind)
        if one.plugin.distribution.startswith("srbench")
    ]
    assert [one.entry.name for one in offered if f"`{one.entry.name}`" not in readme] == []
