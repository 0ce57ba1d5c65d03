"""`srbench upscale`: every depth, folders, transparency, models, parameters, and what it does about trouble."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from rig import Bench

from srbench.commands.upscale import load_method
from srbench.pictures import Values, read_image, read_with_alpha, to_image, to_tensor, write_image
from srbench.training import Upscaling


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """A bench with a trained model."""
    bench = Bench(tmp_path_factory.mktemp("upscale"))
    bench.matrix(methods=[{"srcnn": {"preset": "small"}}], train={"on": ["same"], "budget": {"steps": 2}})
    assert bench.run().returncode == 0
    return bench


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def picture(path: Path, shape: tuple[int, int, int] = (9, 7, 3), dtype: type = np.uint8) -> np.ndarray:
    generator = np.random.default_rng(5)
    peak = {np.uint8: 255, np.uint16: 65535, np.float32: 1}[dtype]
    image = (generator.random(shape) * peak).astype(dtype)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_image(path, image)
    return image


def test_every_depth_stays_what_it_is(bench: Bench) -> None:
    folder = bench.folder / "pictures"
    picture(folder / "grey8.png", (9, 7, 1))
    picture(folder / "rgb16.png", dtype=np.uint16)
    picture(folder / "float.tiff", (9, 7, 1), np.float32)
    result = bench.srbench("upscale", "nearest", "pictures", "--out", "sr", "--scale", "3")
    assert result.returncode == 0, result.stderr
    assert sorted(result.stdout.split()) == ["sr/float.tiff", "sr/grey8.png", "sr/rgb16.png"]
    assert result.stderr == ""
    for path in folder.iterdir():
        lr, sr = read_image(path), read_image(bench.folder / "sr" / path.name)
        assert sr.dtype == lr.dtype
        assert np.array_equal(sr, lr.repeat(3, 0).repeat(3, 1))


def test_a_trained_model_is_named_by_its_cell_or_folder(done: Bench) -> None:
    picture(done.folder / "one.png", (8, 8, 3))
    cell = "toy-noise/x4-rgb/srcnn/same/0"
    (model,) = (record["path"].parent for record in done.records("models").values())
    for out, named in (("sr", cell), ("again", model)):
        result = done.srbench("upscale", "srcnn", "one.png", "--out", out, "--model", named)
        assert result.returncode == 0, result.stderr
        assert read_image(done.folder / out / "one.png").shape == (32, 32, 3)
    for wrong, words in [
        ([], "name a trained model with --model"),
        (["--model", cell, "--scale", "2"], "trained for scale 4"),
        (["--model", cell, "--param", "preset=paper"], "leave out --param preset"),
        (["--model", cell, "--param", "ensembl=8"], "Did you mean 'ensemble'?"),
        (["--model", cell, "--param", "ensemble=4"], "unknown value 4"),
        (["--model", cell, "--param", "precision=tf32", "--device", "cpu"], "tf32 needs a GPU"),
    ]:
        result = done.srbench("upscale", "srcnn", "one.png", "--out", "new", *wrong)
        assert result.returncode == 2
        assert words in result.stderr


def test_how_a_trained_model_is_used_can_be_told(done: Bench) -> None:
    picture(done.folder / "one.png", (8, 12, 3))
    cell = "toy-noise/x4-rgb/srcnn/same/0"
    seen = {}
    for out, params in (("plain", []), ("told", ["ensemble=1", "precision=32"]), ("eight", ["ensemble=8"])):
        given = [word for param in params for word in ("--param", param)]
        result = done.srbench("upscale", "srcnn", "one.png", "--out", out, "--model", cell, *given)
        assert result.returncode == 0, result.stderr
        seen[out] = read_image(done.folder / out / "one.png")
    assert np.array_equal(seen["plain"], seen["told"])
    loaded = load_method("srcnn", str(model_of(done)), given={"ensemble": 8})
    lr = to_tensor(read_image(done.folder / "one.png"), Values(0, 255))[None]
    sr = loaded.method.upscale(lr, 4)[0]
    assert np.array_equal(seen["eight"], to_image(sr, seen["eight"], Values(0, 255)))


def test_a_cell_brings_how_its_model_is_used_and_the_folder_of_a_model_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(tmp_path)
    methods = [{"use": "srcnn", "preset": "small"}, {"use": "srcnn", "as": "eight", "preset": "small", "ensemble": 8}]
    bench.matrix(methods=methods, train={"on": ["same"], "budget": {"steps": 2}})
    assert bench.run().returncode == 0
    monkeypatch.chdir(tmp_path)
    cells = {name: load_method("srcnn", f"toy-noise/x4-rgb/{name}/same/0").method for name in ("srcnn", "eight")}
    cells["folder"] = load_method("srcnn", str(model_of(bench))).method
    assert {name: method.inference.ensemble for name, method in cells.items()} == {"srcnn": 1, "eight": 8, "folder": 1}
    told = load_method("srcnn", "toy-noise/x4-rgb/eight/same/0", given={"ensemble": 1}).method
    assert told.inference == Upscaling()


def model_of(bench: Bench) -> Path:
    (model,) = (record["path"].parent for record in bench.records("models").values())
    return model


def test_a_bad_picture_does_not_stop_the_others(bench: Bench) -> None:
    picture(bench.folder / "good.png", (5, 5, 1))
    (bench.folder / "bad.png").write_bytes(b"no picture")
    result = bench.srbench("upscale", "bicubic", "bad.png", "good.png", "--out", "mixed")
    assert result.returncode == 1
    assert result.stdout == "mixed/good.png\n"
    assert result.stderr.startswith("bad.png: not a readable picture")
    assert "1 upscaled, 1 failed" in result.stderr
    assert (bench.folder / "mixed/good.png").exists()


def test_folders_are_walked_and_keep_their_shape(bench: Bench) -> None:
    for name in ("a.png", "deep/a.png", "deep/er/b.png"):
        picture(bench.folder / "in" / name)
    (bench.folder / "in/notes.txt").write_text("no picture")
    # SR inside the folder that is walked is not upscaled again.
    for run in ("first", "second"):
        result = bench.srbench("upscale", "nearest", "in", "--out", "in/sr", "--existing", "overwrite")
        assert result.returncode == 0, result.stderr
        made = sorted(str(path.relative_to(bench.folder / "in/sr")) for path in (bench.folder / "in/sr").rglob("*.png"))
        assert made == ["a.png", "deep/a.png", "deep/er/b.png"], run


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["one/a.png", "two/a.png", "--out", "sr"], "would both become sr/a.png"),
        (["one", "--out", "one"], "overwrite the picture one/a.png itself"),
        (["empty", "--out", "sr"], "no picture in empty"),
        (["one", "--out", "sr", "--param", "strength"], "is not KEY=VALUE"),
        (["one", "--out", "sr", "--param", "strength=3"], "unknown parameter 'strength'"),
        (["one", "--out", "sr", "--param", "a=1", "--param", "a=2"], "there twice"),
        (["one", "--out", "sr", "--param", "a=[1"], "--param a:"),
        (["one", "--out", "sr", "--format", "hdu=SCI"], "--format 'hdu' names no parameter of a format"),
        (["one", "--out", "sr", "--format", "fits.hdu"], "--format 'fits.hdu' is not KEY=VALUE"),
        (["one", "--out", "sr", "--format", "fits.page=1"], "format 'fits': unknown parameter 'page'"),
        (["one", "--out", "sr", "--format", "fitts.hdu=1"], "Did you mean 'fits'?"),
        (["one", "--out", "sr", "--device", "abacus"], "the device 'abacus' cannot be used"),
        (["one", "--out", "sr", "--model", "some"], "leave out --model"),
        (["nowhere", "--out", "sr"], "nowhere"),
    ],
)
def test_bad_usage_is_one_clear_message_and_nothing_is_written(bench: Bench, arguments: list[str], words: str) -> None:
    picture(bench.folder / "one/a.png")
    picture(bench.folder / "two/a.png")
    (bench.folder / "empty").mkdir()
    result = bench.srbench("upscale", "bicubic", *arguments)
    assert result.returncode == 2
    assert words in result.stderr
    assert "Traceback" not in result.stderr
    assert not (bench.folder / "sr").exists()


def test_a_parameter_of_a_format_chooses_pictures_and_the_others_are_told(bench: Bench) -> None:
    plane = np.arange(35, dtype=np.float32).reshape(5, 7)
    names = ("SCI", "ERR")
    hdus = [fits.PrimaryHDU(), *(fits.ImageHDU(plane, name=name) for name in names)]
    fits.HDUList(hdus).writeto(bench.folder / "a.fits")
    for chosen, sides in ((None, (3, 1)), ("ERR", (1, 3)), ("all", (3, 3))):
        options = [] if chosen is None else ["--format", f"fits.hdu={chosen}"]
        result = bench.srbench("upscale", "nearest", "a.fits", "--out", f"sr-{chosen}", "--scale", "3", *options)
        assert result.returncode == 0, result.stderr
        with fits.open(bench.folder / f"sr-{chosen}/a.fits") as hdus:
            for name, side in zip(names, sides, strict=True):
                assert np.array_equal(hdus[name].data, plane.repeat(side, 0).repeat(side, 1))
        left = [f"{place} ({name})" for place, name in enumerate(names, 1) if sides[place - 1] == 1]
        told = f"not enlarged in 1 of 1 files, which hold further pictures: {', '.join(left)}; --format"
        assert (told in result.stderr) == bool(left)


def test_a_scale_that_the_method_cannot_do_is_bad_usage(bench: Bench) -> None:
    picture(bench.folder / "a.png")
    result = bench.srbench("upscale", "toy-refuses", "a.png", "--out", "sr", "--scale", "2")
    assert result.returncode == 2
    assert "only x1, not x2" in result.stderr


def test_existing_sr_is_refused_kept_or_replaced(bench: Bench) -> None:
    for name in ("a.png", "b.png"):
        picture(bench.folder / "in" / name)
    (bench.folder / "sr").mkdir()
    kept = bench.folder / "sr/a.png"
    kept.write_bytes(b"precious")
    refused = bench.srbench("upscale", "nearest", "in", "--out", "sr")
    assert refused.returncode == 2
    assert "1 of 2 outputs exist already, sr/a.png" in refused.stderr
    assert not (bench.folder / "sr/b.png").exists()
    skipped = bench.srbench("upscale", "nearest", "in", "--out", "sr", "--existing", "skip")
    assert (skipped.returncode, skipped.stdout) == (0, "sr/b.png\n")
    assert "1 there already" in skipped.stderr
    assert kept.read_bytes() == b"precious"
    replaced = bench.srbench("upscale", "nearest", "in", "--out", "sr", "--existing", "overwrite")
    assert (replaced.returncode, replaced.stdout) == (0, "sr/a.png\nsr/b.png\n")
    assert read_image(kept).shape == (36, 28, 3)


def test_a_failure_leaves_neither_a_part_nor_the_end_of_what_was_there(bench: Bench) -> None:
    picture(bench.folder / "a.png")
    (bench.folder / "sr").mkdir()
    (bench.folder / "sr/a.png").write_bytes(b"before")
    result = bench.srbench("upscale", "toy-notfinite", "a.png", "--out", "sr", "--existing", "overwrite")
    assert result.returncode == 1
    assert "not finite" in result.stderr
    assert [path.name for path in (bench.folder / "sr").iterdir()] == ["a.png"]
    assert (bench.folder / "sr/a.png").read_bytes() == b"before"


def test_transparency_is_kept(bench: Bench) -> None:
    image = picture(bench.folder / "opaque.png", (10, 8, 3))
    alpha = np.zeros((10, 8, 1), np.uint8)
    alpha[2:7, 3:8] = 255
    write_image(bench.folder / "cut.png", image, alpha)
    result = bench.srbench("upscale", "bicubic", "opaque.png", "cut.png", "--out", "sr", "--scale", "2")
    assert result.returncode == 0, result.stderr
    assert read_image(bench.folder / "sr/opaque.png").shape == (20, 16, 3)
    colours, seen = read_with_alpha(bench.folder / "sr/cut.png")
    assert colours.shape == (20, 16, 3)
    assert seen is not None
    assert (seen[8:10, 10:] == 255).all()
    assert (seen[:, :2] == 0).all()


def test_tiles_within_a_memory_limit_give_the_same_picture(done: Bench) -> None:
    picture(done.folder / "large.png", (150, 170, 3))
    cell = "toy-noise/x4-rgb/srcnn/same/0"
    for out, limit in (("whole", "4"), ("tiled", "0.02")):
        run = ["upscale", "srcnn", "large.png", "--out", out, "--model", cell, "--memory-gb", limit]
        assert done.srbench(*run).returncode == 0
    whole, tiled = (read_image(done.folder / out / "large.png").astype(int) for out in ("whole", "tiled"))
    assert np.abs(whole - tiled).max() <= 1  # where a value lay next to a half
    assert (whole != tiled).mean() < 1e-3


class TestOthers:
    """The methods that bring something with them."""

    def test_a_checkpoint_is_a_parameter_and_brings_its_scale(self, bench: Bench) -> None:
        import torch

        from srbench.weights.torchvision_shim import import_torchvision

        import_torchvision()
        from spandrel.architectures.Compact import Compact

        torch.manual_seed(0)
        torch.save(Compact(num_feat=8, num_conv=2, upscale=2).state_dict(), bench.folder / "net.pth")
        image = picture(bench.folder / "a.png")
        run = ["upscale", "pretrained", "a.png", "--param", "weights=net.pth"]
        result = bench.srbench(*run, "--out", "sr")
        assert result.returncode == 0, result.stderr
        assert read_image(bench.folder / "sr/a.png").shape == (image.shape[0] * 2, image.shape[1] * 2, 3)
        wrong = bench.srbench(*run, "--out", "wrong", "--scale", "4")
        assert wrong.returncode == 2
        assert "this checkpoint upscales by 2" in wrong.stderr
        (bench.folder / "net.pth").write_bytes(b"broken")
        broken = bench.srbench(*run, "--out", "broken")
        assert broken.returncode == 2
        assert "net.pth" in broken.stderr
        assert "Traceback" not in broken.stderr

    def test_a_program_is_a_list(self, bench: Bench) -> None:
        image = picture(bench.folder / "a.png", (4, 5, 1))
        (bench.folder / "up.py").write_text(
            "import sys; from PIL import Image; i = Image.open(sys.argv[1]); n = int(sys.argv[3])\n"
            "i.resize((i.width * n, i.height * n), 0).save(sys.argv[2])\n"
        )
        run = f"run=[{sys.executable}, '{{up}}', '{{input}}', '{{output}}', '{{scale}}']"
        given = ["--param", run, "--param", "files={up: up.py}", "--scale", "3"]
        result = bench.srbench("upscale", "command", "a.png", "--out", "sr", *given)
        assert result.returncode == 0, result.stderr
        assert np.array_equal(read_image(bench.folder / "sr/a.png"), image.repeat(3, 0).repeat(3, 1))


def test_a_fraction_is_trained_for_tested_and_upscaled_by(bench: Bench) -> None:
    bench.matrix(
        methods=["bicubic", {"srcnn": {"preset": "small"}}, "srgan"],
        protocols=[{"as": "finer", "scale": "10/7", "channel": "rgb", "border": 3, "degradation": "bicubic"}],
        train={"on": ["same"], "budget": {"steps": 2}},
        metrics=["psnr", "ssim"],
    )
    result = bench.run()
    assert "its sub-pixel layers make x2, x3, x4 and x8, not x10/7" in result.stdout
    records = {record["ingredients"]["method"]["name"]: record for record in bench.records("cells").values()}
    assert {name: record["status"] for name, record in records.items()} == {
        "bicubic": "ok",
        "srcnn": "ok",
        "srgan": "skipped",
    }
    assert records["srcnn"]["ingredients"]["protocol"]["scale"] == "10/7"
    picture(bench.folder / "one.png", (30, 23, 3))
    picture(bench.folder / "whole.png", (14, 7, 3))
    cell = "toy-noise/finer/srcnn/same/0"
    result = bench.srbench("upscale", "srcnn", "one.png", "whole.png", "--out", "sr", "--model", cell)
    assert result.returncode == 0, result.stderr
    assert read_image(bench.folder / "sr" / "one.png").shape == (42, 32, 3)
    assert read_image(bench.folder / "sr" / "whole.png").shape == (20, 10, 3)
    result = bench.srbench("upscale", "srcnn", "one.png", "--out", "other", "--model", cell, "--scale", "3/2")
    assert result.returncode == 2 or "was trained for scale 10/7, not 3/2" in result.stderr


@pytest.mark.parametrize(("scale", "words"), [("0.5", "from 1 up"), ("wide", "from 1 up"), ("1.4286", "such as 10/7")])
def test_what_is_no_scale_is_bad_usage(bench: Bench, scale: str, words: str) -> None:
    picture(bench.folder / "one.png")
    result = bench.srbench("upscale", "bicubic", "one.png", "--out", "sr", "--scale", scale)
    assert result.returncode == 2
    assert words in " ".join(result.stderr.split())
