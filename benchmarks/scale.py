"""What the runner itself takes for many cells: to plan them, to come back to a store that holds them, to run them.

    python benchmarks/scale.py plan [--cells N]     # `srbench plan` of a matrix that never ran
    python benchmarks/scale.py resume [--cells N]   # `srbench run` of one whose store is finished
    python benchmarks/scale.py cells [--cells N]    # tiny cells a second, each in a process of its own

`plan` and `resume` print what 1,000, 10,000 and 100,000 cells take, so that growth can be read off. They are of a
learner's variants, trained on one set for some seeds and tested on a hundred sets of two pictures: a hundred cells
share each training. The finished store is a copy, with keys of their own, of the cells that one small run left. `cells`
is of 1,000: nearest-neighbour interpolation of a picture of 32 x 32 pixels, scored by PSNR, beside the same work in a
loop.

Seconds are by the clock, and those of the processor, user and system, of all processes; memory is the highest resident
size of the run.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import click
import numpy as np
from big_sets import print_taken, srbench

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


def fill(folder: Path) -> None:
    """Copy what the small run left to where the large one would have left it, once for each of its keys."""
    import msgspec

    from srbench.matrix import read_matrix
    from srbench.runner.planning.plan import make_plan
    from srbench.store.record import encoded
    from srbench.store.records import RECORD, Store

    store = Store(folder / "store-many")
    examples = {record.point["dataset"]: record for shelf in ("cells", "models") for record in store.records(shelf)}
    for planned in make_plan(read_matrix(folder / "many.yaml"), store).cells:
        training = planned.training
        assert training is not None
        for shelf, made in (("models", training), ("cells", planned.cell)):
            example, place = examples[made.point()["dataset"]], store.folder(shelf, made.key)
            if place.exists():
                continue
            shutil.copytree(store.folder(shelf, example.key), place, ignore=shutil.ignore_patterns(RECORD))
            own = {"key": made.key, "ingredients": made.ingredients, "point": made.point(), "model": example.model}
            if shelf == "cells":
                own["model"] = training.key
            (place / RECORD).write_bytes(encoded(msgspec.structs.replace(example, **own)))


def cells(folder: Path, sizes: Sequence[int]) -> None:
    from overhead import loop, matrix, write_pictures

    for cells in sizes:
        for index in range(cells):
            write_pictures(folder / f"pictures{index}", index, count=1, side=32)
        matrix(folder, cells)
        took = srbench(folder, "run", f"overhead{cells}", "--no-report")
        print_taken(f"run of {cells:,} tiny cells", took)
        ratio = took.wall / loop(folder, cells)
        print(f"{cells / took.wall:.1f} cells a second; {ratio:.1f} times the time of a plain loop")


GROWING = (1_000, 10_000, 100_000)
PARTS = {"plan": (plan, GROWING), "resume": (resume, GROWING), "cells": (cells, (1_000,))}


@click.command(help=__doc__)
@click.argument("part", type=click.Choice([*PARTS]))
@click.option("--cells", type=int, help="So many alone.")
def main(part: str, cells: int | None) -> None:
    measure, usual = PARTS[part]
    with tempfile.TemporaryDirectory() as name:
        measure(Path(name), usual if cells is None else (cells,))


if __name__ == "__main__":
    main()
