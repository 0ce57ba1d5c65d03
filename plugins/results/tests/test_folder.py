"""A folder of SR pictures: found by name, scored as the method that made them was, and compared with what is asked."""

from __future__ import annotations

import shutil
from fractions import Fraction
from pathlib import Path

import pytest
from bench_in_process import InProcess, plan
from PIL import Image
from srbench_results.folder import Results

from srbench import Asked
from srbench.errors import ParameterError, SrbenchError
from srbench.pictures import read_image, write_image
from srbench.store.frames import read_scores


def put(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (8, 8)).save(root / name)


def asked(*images: str, dataset: str = "Set5", scale: int | Fraction = 4, name: str | None = None) -> list[Asked]:
    return [Asked(dataset, "x4-y", scale, image, name) for image in images]


def test_pictures_are_found_by_the_names_of_images(tmp_path: Path) -> None:
    put(tmp_path, "baby.png", "bird.tif", "spare.png", ".hidden.png")
    (tmp_path / "readme.txt").write_text("how these were made")
    given = Results(tmp_path).find(asked("baby", "bird", "woman"))
    assert given.files == {"baby": tmp_path / "baby.png", "bird": tmp_path / "bird.tif"}
    assert (given.missing, given.extra) == ({"woman": "woman"}, (tmp_path / "spare.png",))


@pytest.mark.parametrize(
    ("pattern", "file"),
    [
        ("{name}x4", "babyx4.png"),
        ("{name}_SR", "baby_SR.png"),
        ("{dataset}/{name}", "Set5/baby.png"),
        ("x{scale}/{protocol}/{name}", "x4/x4-y/baby.png"),
    ],
)
def test_a_pattern_says_what_they_are_called(tmp_path: Path, pattern: str, file: str) -> None:
    put(tmp_path, file)
    assert Results(tmp_path, pattern).find(asked("baby")).files == {"baby": tmp_path / file}
    assert Results(tmp_path).find(asked("baby")).files == {}
    missing = Results(tmp_path, pattern).find(asked("bird")).missing
    assert missing == {"bird": Path(file.replace("baby", "bird")).with_suffix("").as_posix()}


def test_scales_that_are_fractions_have_a_dash(tmp_path: Path) -> None:
    put(tmp_path, "a_10-7.png")
    assert Results(tmp_path, "{name}_{scale}").find(asked("a", scale=Fraction(10, 7))).missing == {}


def test_coded_images_are_found_by_the_names_of_their_files(tmp_path: Path) -> None:
    put(tmp_path, "P1/slice.2_x4.png")
    given = Results(tmp_path, "{name}_x4").find(asked("image-0001", name="P1/slice.2.tif"))
    assert given.files == {"image-0001": tmp_path / "P1/slice.2_x4.png"}
    put(tmp_path, "slice.3_x4.png")
    given = Results(tmp_path, "{name}_x4").find(asked("image-0002", name="P1/slice.3.tif"))
    assert given.files == {"image-0002": tmp_path / "slice.3_x4.png"}


def test_two_pictures_of_one_image_are_an_error(tmp_path: Path) -> None:
    put(tmp_path, "a.png", "a.tif")
    with pytest.raises(SrbenchError, match=r"a\.png and a\.tif are both the SR of one image"):
        Results(tmp_path).find(asked("a"))


@pytest.mark.parametrize("pattern", ["x4", "{nam}x4", "{name", "../{name}", "/abs/{name}", "{name}{}"])
def test_what_is_no_pattern_is_an_error_of_that_parameter(tmp_path: Path, pattern: str) -> None:
    with pytest.raises(ParameterError) as caught:
        Results(tmp_path, pattern)
    assert caught.value.parameter == "pattern"


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> InProcess:
    """Bicubic done, and its SR copied into a folder `theirs`."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    bench = InProcess(tmp_path, metrics=["psnr", "ssim"])
    record = bench.run()
    shutil.copytree(bench.store.folder("cells", record.key) / "images", tmp_path / "theirs")
    bench.content["methods"] = [{"results": {"path": str(tmp_path / "theirs")}}]
    return bench


def test_scores_are_those_of_the_method_that_made_them(bench: InProcess) -> None:
    bench.content["methods"] = ["bicubic"]
    first = bench.plan().record
    assert first is not None and len(first.metrics) == 2
    bench.content["methods"] = [{"results": {"path": str(bench.root / "theirs")}}]
    record = bench.run()
    assert record.status == "ok"
    one, other = (read_scores(bench.store, found.by_name()) for found in (first, record))
    assert one == other and len(one) == 2
    assert {key: result.value for key, result in record.metrics.items()} == {
        result.key: result.value for result in first.metrics.values()
    }


def test_nothing_is_known_of_its_cost(bench: InProcess) -> None:
    record = bench.run()
    assert record.cost == {} and record.lr is None
    assert record.notes == ["The SR was made elsewhere: how long that took, and what it needed, is not known."]


def test_where_the_folder_lies_changes_nothing_and_what_is_in_it_does(bench: InProcess) -> None:
    before = bench.plan().cell.key
    bench.run()
    shutil.move(bench.root / "theirs", bench.root / "moved")
    bench.content["methods"] = [{"results": {"path": str(bench.root / "moved"), "pattern": "{name}"}}]
    assert (bench.plan().cell.key, bench.plan().state) == (before, "done")
    path = bench.root / "moved/a.png"
    write_image(path, 255 - read_image(path))
    cell = bench.plan()
    assert (cell.state, cell.why) == ("stale", "changed: the SR of a")
    path.write_bytes(b"cut off")
    assert bench.plan().verdict is not None


def test_tested_pictures_that_are_gone_are_named_as_those_of_other_methods_are(bench: InProcess) -> None:
    bench.run()
    (bench.data / "test/b.png").unlink()
    assert bench.plan().why == "changed: the SR of b; picture b is gone"


def test_all_that_is_missing_or_of_another_size_is_named_before_anything_runs(bench: InProcess) -> None:
    theirs = bench.root / "theirs"
    (theirs / "a.png").rename(theirs / "A2.png")
    write_image(theirs / "b.png", read_image(theirs / "b.png")[2:])
    size = read_image(theirs / "b.png").shape
    verdict = bench.plan().verdict
    assert verdict is not None and verdict[0] == "failed"
    assert "results: of the SR of data, that of a is missing (a was looked for); that of b is " in verdict[1]
    assert f"{size[1]} x {size[0]} pixels, not {size[1]} x {size[0] + 2}" in verdict[1]


def test_files_of_no_image_are_a_warning(bench: InProcess) -> None:
    shutil.copy(bench.root / "theirs/a.png", bench.root / "theirs/c.png")  # an image of the training split
    assert bench.plan().warnings == ()
    shutil.copy(bench.root / "theirs/a.png", bench.root / "theirs/e.png")
    cell = bench.plan()
    assert cell.verdict is None
    assert "results: 1 file belongs to no image of data (e.png)" in cell.warnings


def test_names_of_files_stay_here_where_ids_are_coded(bench: InProcess) -> None:
    bench.content["datasets"][0]["ids"] = "coded"
    assert bench.plan().verdict is None
    (bench.root / "theirs/a.png").rename(bench.root / "theirs/Miller.png")
    cell = bench.plan()
    assert cell.verdict is not None and "image-000" in cell.verdict[1]
    assert "Miller" not in str((cell.verdict, cell.warnings)) and "(a" not in cell.verdict[1]


def test_the_same_files_for_two_scales_are_asked_about(bench: InProcess) -> None:
    found = plan(bench, protocols=["x2-rgb", "x2-y", "x4-rgb"])
    warned = {cell.protocol.name: [one for one in cell.warnings if "is that meant" in one] for cell in found.cells}
    assert warned["x2-rgb"] == warned["x2-y"] == []
    assert warned["x4-rgb"] == [
        "results: the SR of data is the same files under x2-rgb and x4-rgb, whose LR is not the same: is that meant?"
    ]
