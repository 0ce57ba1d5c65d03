"""What the runner itself takes for many cells: to plan them, to come back to a store that holds them, to run them.

    python benchmarks/scale.py plan [--cells N]     # `srbench plan` of a matrix that never ran
    python benchmarks/scale.py resume [--cells N]   # `srbench run` of one whose store is finished
    python benchmarks/scale.py store [--cells N]    # what a store takes on disk, its index, claiming jobs
    python benchmarks/scale.py pages [--cells N]    # its pages, from nothing and after one cell changed
    python benchmarks/scale.py cells [--cells N]    # tiny cells a second, each in a process of its own
    python benchmarks/scale.py files                # what one more cell asks of the file system

`plan`, `resume`, `store` and `pages` print what 1,000, 10,000 and 100,000 cells take, so that growth can be read off.
They are of a learner's variants, trained on one set for some seeds and tested on a hundred sets of two pictures: a
hundred cells share each training. The finished store is a copy, with keys of their own, of the cells that one small run
left. `cells` is of 1,000: nearest-neighbour interpolation of a picture of 32 x 32 pixels, scored by PSNR, beside the
same work in a loop. `files` counts operations on files of the store, those of eleven such cells less those of one.

Seconds are by the clock, and those of the processor, user and system, of all processes; memory is the highest resident
size of the run.
"""

from __future__ import annotations

import gzip
import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter as clock
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from benchmarks.big_sets import print_taken, srbench

if TYPE_CHECKING:
    from srbench.store.records import Store

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

SETS, VARIANTS = 100, 10


def write_pictures(folder: Path, sets: int) -> None:
    from srbench.pictures import write_image

    generator = np.random.default_rng(0)
    for index in range(sets):
        for split in ("train", "test"):
            for name in "ab":
                path = folder / f"set{index}/{split}/{name}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                write_image(path, generator.integers(0, 256, (32, 32, 1), dtype=np.uint8))


def write_matrix(folder: Path, name: str, sets: int, variants: int, seeds: int) -> None:
    content = {
        "name": name,
        "datasets": [{"folder": {"path": f"set{index}", "name": f"set{index}"}} for index in range(1, sets + 1)],
        "protocols": ["x2-y"],
        "methods": [
            {"use": "srcnn", "as": f"srcnn{rate}", "preset": "small", "learning_rate": 1e-4 * (rate + 1)}
            for rate in range(variants)
        ],
        "metrics": ["psnr", "ssim"],
        "train": {"on": [{"folder": {"path": "set0", "name": "set0"}}], "budget": {"steps": 2}},
        "seeds": list(range(seeds)),
    }
    (folder / f"{name}.yaml").write_text(json.dumps(content))


def plan(folder: Path, sizes: Sequence[int]) -> None:
    write_pictures(folder, SETS + 1)
    for cells in sizes:
        name = f"plan{cells}"
        write_matrix(folder, name, SETS, VARIANTS, cells // (SETS * VARIANTS))
        for time in ("first", "again"):
            print_taken(f"plan of {cells:,} cells, {time}", srbench(folder, "plan", name))


def resume(folder: Path, sizes: Sequence[int]) -> None:
    write_pictures(folder, SETS + 1)
    write_matrix(folder, "many", SETS, 1, 1)
    srbench(folder, "run", "many", "--no-report")
    for cells in sizes:
        write_matrix(folder, "many", SETS, VARIANTS, cells // (SETS * VARIANTS))
        fill(folder)
        for time in ("first", "again"):
            print_taken(f"run of {cells:,} cells, {time}", srbench(folder, "run", "many", "--no-report"))


def store(folder: Path, sizes: Sequence[int]) -> None:
    from srbench.store.index import INDEX
    from srbench.store.records import Store

    write_pictures(folder, SETS + 1)
    write_matrix(folder, "many", SETS, 1, 1)
    srbench(folder, "run", "many", "--no-report")
    place = Store(folder / "store-many")
    for cells in sizes:
        write_matrix(folder, "many", SETS, VARIANTS, cells // (SETS * VARIANTS))
        fill(folder)
        paths = list((place.root / "cells").rglob("*"))
        files = [path.stat() for path in paths if path.is_file()]
        sizes_on_disk = sum(one.st_size for one in files), sum(one.st_blocks * 512 for one in files)
        held, taken = (size / cells / 1000 for size in sizes_on_disk)
        print(f"{cells:,} cells: {len(paths) / cells:.1f} inodes, {held:.1f} kB in {taken:.1f} kB a cell")
        (place.root / INDEX).unlink(missing_ok=True)
        for time in ("first", "again"):
            began = clock()
            count = sum(1 for _ in place.records("cells"))
            taken, size = clock() - began, (place.root / INDEX).stat().st_size
            print(f"its index, {time}: {taken:.2f} s, {size / count:.0f} B a cell")
        claim_jobs(place)


def pages(folder: Path, sizes: Sequence[int]) -> None:
    write_pictures(folder, SETS + 1)
    write_matrix(folder, "many", SETS, 1, 1)
    srbench(folder, "run", "many", "--no-report")
    for cells in sizes:
        write_matrix(folder, "many", SETS, VARIANTS, cells // (SETS * VARIANTS))
        fill(folder)
        srbench(folder, "run", "many", "--no-report")
        print_taken(f"pages of {cells:,} cells", srbench(folder, "report", "many", "--out", "pages"))
        change_one(folder)
        print_taken("after one cell changed", srbench(folder, "report", "many", "--out", "pages"))
        index = gzip.compress((folder / "pages" / "index.html").read_bytes())
        print(f"index.html is {len(index) / 1e3:.0f} kB compressed")
        sizes_on_disk = [path.stat().st_size for path in (folder / "pages").rglob("*") if path.is_file()]
        print(f"{len(sizes_on_disk):,} files of pages, {sum(sizes_on_disk) / 1e6:.1f} MB")


def change_one(folder: Path) -> None:
    """Let a cell have run once more, with the same scores in another time."""
    import msgspec

    from srbench.store.records import Store

    store = Store(folder / "store-many")
    record = next(iter(store.records("cells")))
    store.write("cells", msgspec.structs.replace(record, seconds=record.seconds + 1))


def claim_jobs(place: Store, jobs: int = 2000) -> None:
    """Take so many jobs and let go of them, as a run does; and look at one that another run has."""
    from srbench.runner.job.claim import claim, owner, release

    began = clock()
    for number in range(jobs):
        job = place.root / "jobs" / f"{number:064d}" / "job.json"
        prepared = place.root / "jobs" / f".srbench-{number}"
        prepared.mkdir(parents=True)
        (prepared / "job.json").write_text("{}")
        assert claim(prepared, job, "run")
        release(job, "run")
    taken = clock() - began
    began = clock()
    for number in range(jobs):
        owner(place.root / "jobs" / f"{number:064d}" / "job.json")
    print(f"{jobs / taken:.0f} jobs taken and let go a second, {jobs / (clock() - began):.0f} looked at")


def files(folder: Path, sizes: Sequence[int]) -> None:
    from collections import Counter

    from rig import Bench
    from rig.faulty_disk import FaultyDisk

    disk = FaultyDisk(folder / "bench", folder)
    counts: dict[int, Counter[str]] = {}
    for cells in (1, 11):
        shutil.rmtree(folder / "bench", ignore_errors=True)
        (folder / "bench").mkdir()
        bench = Bench(folder / "bench", forks=disk.forks)
        sets = [{"use": "toy-noise", "as": f"set{size}", "size": 48 + 6 * size} for size in range(cells)]
        bench.matrix(datasets=sets, metrics=["psnr", "ssim"])
        done, operations = disk.operations(["run", "matrix.yaml", "--no-report", "--jobs", "1"], bench.environment)
        assert done.returncode == 0, done.stderr
        there = [one for one in operations if one.path.startswith("results/")]
        looks = [one for one in there if "/jobs/" in one.path and one.kind in ("open", "read", "look")]
        counts[cells] = Counter(one.kind for one in there) - Counter(one.kind for one in looks)
        counts[cells]["looks at jobs"] = len(looks)
    for kind in sorted(counts[11]):
        print(f"{kind:16} {(counts[11][kind] - counts[1][kind]) / 10:6.1f} a cell")
    disk.close()


def fill(folder: Path) -> None:
    """Copy what the small run left to where the large one would have left it, once for each of its keys."""
    import msgspec

    from srbench.matrix import read_matrix
    from srbench.runner.planning.plan import make_plan
    from srbench.store.record import encoded
    from srbench.store.records import RECORD, Shelf, Store

    store = Store(folder / "store-many")
    examples = {record.point["dataset"]: record for shelf in ("cells", "models") for record in store.records(shelf)}
    for planned in make_plan(read_matrix(folder / "many.yaml"), store).cells:
        training = planned.training
        assert training is not None
        both: tuple[tuple[Shelf, Any], ...] = ("models", training), ("cells", planned.cell)
        for shelf, made in both:
            example, place = examples[made.point()["dataset"]], store.folder(shelf, made.key)
            if place.exists():
                continue
            shutil.copytree(store.folder(shelf, example.key), place, ignore=shutil.ignore_patterns(RECORD))
            own = {"key": made.key, "ingredients": made.ingredients, "point": made.point(), "model": example.model}
            if shelf == "cells":
                own["model"] = training.key
            (place / RECORD).write_bytes(encoded(msgspec.structs.replace(example, **own)))


def cells(folder: Path, sizes: Sequence[int]) -> None:
    from benchmarks.overhead import loop, matrix, write_pictures

    for cells in sizes:
        for index in range(cells):
            write_pictures(folder / f"pictures{index}", index, count=1, side=32)
        matrix(folder, cells)
        took = srbench(folder, "run", f"overhead{cells}", "--no-report")
        print_taken(f"run of {cells:,} tiny cells", took)
        ratio = took.wall / loop(folder, cells)
        print(f"{cells / took.wall:.1f} cells a second; {ratio:.1f} times the time of a plain loop")


GROWING = (1_000, 10_000, 100_000)
PARTS = {
    "plan": (plan, GROWING),
    "resume": (resume, GROWING),
    "store": (store, GROWING),
    "pages": (pages, GROWING),
    "cells": (cells, (1_000,)),
    "files": (files, ()),
}


@click.command(help=__doc__)
@click.argument("part", type=click.Choice([*PARTS]))
@click.option("--cells", type=int, help="So many alone.")
def main(part: str, cells: int | None) -> None:
    measure, usual = PARTS[part]
    with tempfile.TemporaryDirectory() as name:
        measure(Path(name), usual if cells is None else (cells,))


if __name__ == "__main__":
    main()
