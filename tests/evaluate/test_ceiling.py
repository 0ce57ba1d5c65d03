"""A method's ceiling: what it makes of HR itself, scored as its SR is and costing the cell nothing."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from rig import Bench, untouched
from skimage.metrics import peak_signal_noise_ratio

import srbench
from srbench.contract.protocol import Protocol
from srbench.evaluate.ceiling import reconstruct_split
from srbench.evaluate.output import BadOutput
from srbench.pictures import read_image

SET = {"use": "toy-marked", "as": "a", "size": 50}
LABEL = "a/x4-rgb/toy-coarse/0"
SETTINGS: dict[str, Any] = {"datasets": [SET], "methods": ["toy-coarse"], "seeds": [0]}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path).with_measures()


def _pictures(bench: Bench, label: str = LABEL, name: str = "images_ceiling") -> dict[str, np.ndarray]:
    folder = bench.records()[label]["path"].parent / name
    return {path.stem: read_image(path) for path in sorted(folder.iterdir())}


def _squares(hr: np.ndarray) -> np.ndarray:
    height, width, channels = hr.shape
    blocks = hr.reshape(height // 4, 4, width // 4, 4, channels).astype(float).mean(axis=(1, 3))
    return blocks.repeat(4, 0).repeat(4, 1)


def _hr(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> dict[str, np.ndarray]:
    monkeypatch.syspath_prepend(str(bench.plugin.parent))
    import srbench_measures

    items = srbench_measures.Marked(size=50).test()
    return {item.id: np.asarray(item.read_hr()[0])[:48, :48] for item in items}


def test_the_ceiling_is_what_the_method_makes_of_hr_scored_like_sr(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.matrix(**SETTINGS | {"methods": ["toy-coarse", "toy-large"]}, metrics=["psnr", "toy-spread"])
    result = bench.run()
    assert result.returncode == 0, result.stdout + result.stderr
    record, plain = bench.records()[LABEL], bench.records()["a/x4-rgb/toy-large"]
    hrs = _hr(bench, monkeypatch)
    made = _pictures(bench)
    assert made.keys() == hrs.keys() == record["ceiling_images"].keys()
    for name, hr in hrs.items():
        assert made[name].dtype == np.uint8
        assert np.abs(made[name] - _squares(hr)).max() <= 1.0
    inner = (slice(4, -4), slice(4, -4))  # the protocol's border
    by_hand = [peak_signal_noise_ratio(hrs[name][inner], made[name][inner], data_range=255) for name in hrs]
    ceiling = record["ceiling"]["psnr"]
    assert ceiling["value"] == pytest.approx(np.mean(by_hand), abs=1e-6)
    assert (ceiling["status"], ceiling["n"], ceiling["key"]) == ("ok", 4, record["metrics"]["psnr"]["key"])
    whole = record["ceiling"]["toy-spread"]
    assert (whole["status"], whole["per_image"], whole["details"]["n"]) == ("ok", False, 4)
    assert whole["value"] != record["metrics"]["toy-spread"]["value"]
    # SR, its scores, and those who have no ceiling know nothing of it.
    assert record["metrics"]["psnr"] == plain["metrics"]["psnr"]
    assert plain["ceiling"] == plain["ceiling_images"] == {}
    assert not (plain["path"].parent / "images_ceiling").exists()
    scores = pd.read_parquet(record["path"].parent / "scores.parquet")
    rows = {name: int((scores["metric"] == result["key"]).sum()) for name, result in record["metrics"].items()}
    assert rows == {"psnr": 4, "toy-spread": 1} and len(scores) == 5


def test_a_method_sees_hr_only_when_all_its_sr_is_there_and_freshly_loaded(bench: Bench) -> None:
    bench.matrix(**SETTINGS, metrics=["psnr", "toy-nearness"])
    assert bench.run().returncode == 0
    events = bench.events()
    first = next(index for index, event in enumerate(events) if event.startswith("reconstructs"))
    assert all(event.startswith("upscaled") for event in events[:first])
    assert events[first:] == ["reconstructs (1, 3, 48, 48) after 4 SR of others, 0 of its own"] * 4
    assert len(_pictures(bench, name="images_train")) == 4
    record = bench.records()[LABEL]
    assert set(record["metrics"]) == {"psnr", "toy-nearness"}
    assert set(record["ceiling"]) == {"psnr"}, "there is no ceiling of training images"


def test_a_later_metric_scores_both_and_makes_nothing_anew(bench: Bench) -> None:
    bench.matrix(**SETTINGS)
    assert bench.run().returncode == 0
    before, events = bench.records(), bench.events()
    stamps = {path: path.stat().st_mtime_ns for path in bench.folder.glob("results/toy/cells/*/*/images*/*")}
    assert len(stamps) == 8
    assert bench.run().returncode == 0
    assert untouched(before, bench.records())
    bench.matrix(**SETTINGS, metrics=["psnr", "mae"])
    assert bench.run().returncode == 0
    record = bench.records()[LABEL]
    assert bench.events() == events
    assert {path: path.stat().st_mtime_ns for path in stamps} == stamps
    assert record["metrics"].keys() == record["ceiling"].keys() == {"psnr", "mae"}
    assert record["ceiling"]["psnr"] == before[LABEL]["ceiling"]["psnr"]
    assert 0 < record["ceiling"]["mae"]["value"] < record["metrics"]["mae"]["value"]
    assert record["notes"] == []


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("raises", "was not measured: MemoryError: too large"),
        ("shape", "was not measured: reconstruct returned the shape (1, 3, 48, 47)"),
        ("finite", "values that are not finite"),
        ("dies", "was not measured: its process was killed from outside, by SIGKILL"),
    ],
)
def test_what_goes_wrong_costs_the_ceiling_and_not_the_cell(bench: Bench, fault: str, words: str) -> None:
    bench.matrix(**SETTINGS | {"methods": [{"use": "toy-coarse", "fault": fault}, "toy-large"]})
    assert bench.run().returncode == 0
    record, plain = bench.records()[LABEL], bench.records()["a/x4-rgb/toy-large"]
    assert record["status"] == "ok"
    assert record["metrics"]["psnr"] == plain["metrics"]["psnr"]
    assert record["ceiling"] == record["ceiling_images"] == {}
    (note,) = record["notes"]
    assert note.startswith("Its ceiling (HR in squares)")
    assert words in note
    before = bench.records()
    assert bench.run().returncode == 0
    assert untouched(before, bench.records()), "it is not tried again and again"


def _upscaled(bench: Bench) -> list[str]:
    return [event for event in bench.events() if event.startswith("upscaled")]


def test_a_cell_that_is_interrupted_at_its_ceiling_goes_on_there(bench: Bench) -> None:
    bench.matrix(**SETTINGS | {"methods": [{"use": "toy-coarse", "fault": "waits"}]})
    process = bench.fork("run", "matrix.yaml", "--no-report")
    until = time.monotonic() + 60
    while not (bench.folder / "waited").exists():
        assert time.monotonic() < until
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 130
    assert not bench.left()
    record, upscaled = bench.records()[LABEL], _upscaled(bench)
    assert (len(record["images"]), record["ceiling_images"], record["metrics"]) == (4, {}, {})
    assert bench.run().returncode == 0
    record = bench.records()[LABEL]
    assert set(record["ceiling"]) == set(record["metrics"]) == {"psnr"} and _upscaled(bench) == upscaled
    assert record["notes"] == []


class Same(srbench.Method):
    """Its ceiling is HR."""

    ceiling = "HR"

    def upscale(self, lr: torch.Tensor, scale: int) -> torch.Tensor:
        raise AssertionError("not asked")

    def reconstruct(self, hr: torch.Tensor) -> torch.Tensor:
        return hr


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("channel", ["rgb", "y", "y8"])
def test_it_sees_what_the_protocol_compares_in_its_own_depth(tmp_path: Path, dtype: type, channel: Any) -> None:
    protocol = Protocol("p", 4, channel, border=4)
    rng = np.random.default_rng(0)
    top = 1 if dtype == np.float32 else np.iinfo(dtype).max
    hr = (rng.random((21, 30, 3)) * top).astype(dtype)
    images = reconstruct_split(Same(), [srbench.Item("a", hr)], protocol, tmp_path)
    assert images.keys() == {"a"}
    reference, _ = protocol.reference(hr, srbench.Values.of(hr))
    made = read_image(tmp_path / images["a"])
    assert made.dtype == reference.dtype
    assert np.array_equal(made, reference)
    assert made.shape == (20, 28, 1 if channel == "y8" else 3)


def test_what_is_drawn_depends_on_the_seed_and_not_on_the_order_of_images(tmp_path: Path) -> None:
    class Grainy(Same):
        def reconstruct(self, hr: torch.Tensor) -> torch.Tensor:
            return 0.5 * torch.rand_like(hr)

    items = [srbench.Item(name, np.zeros((12, 12, 1), np.uint8)) for name in "ab"]
    found = {}
    for name, chosen, seed in (("one", items, 1), ("other", items[::-1], 1), ("third", items, 2)):
        (tmp_path / name).mkdir()
        images = reconstruct_split(Grainy(), chosen, Protocol("p", 2), tmp_path / name, seed=seed)
        found[name] = read_image(tmp_path / name / images["b"])
    assert np.array_equal(found["one"], found["other"])
    assert not np.array_equal(found["one"], found["third"])


def test_a_method_without_a_ceiling_reconstructs_nothing() -> None:
    class Bare(Same):
        reconstruct = srbench.Method.reconstruct

    with pytest.raises(TypeError, match="Bare has no ceiling"):
        Bare().reconstruct(torch.zeros(1, 1, 4, 4))


def test_what_is_no_image_is_refused(tmp_path: Path) -> None:
    class Doubles(Same):
        def reconstruct(self, hr: torch.Tensor) -> torch.Tensor:
            return hr.double()

    item = srbench.Item("a", np.zeros((8, 8, 3), np.uint8))
    with pytest.raises(BadOutput, match=r"reconstruct returned torch\.float64"):
        reconstruct_split(Doubles(), [item], Protocol("p", 2), tmp_path)
