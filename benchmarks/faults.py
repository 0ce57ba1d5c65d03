"""Fail each kind of file operation of a small run in turn, with each error, once and lastingly; then run again.

A run with a training, an extractor that learns and a set metric does some thousands of operations on files. Of those
of one kind (say, write) on one file of the store (say, the record of some cell), one that is drawn by chance is tried:
after each trial, a run without faults has to give the store of a run without faults, and no message may hold a
traceback. Prints each trial that found something, and a count at the end. All together take about three hours of the
processor; run them in parts side by side:

    python benchmarks/faults.py 1/2 & python benchmarks/faults.py 2/2

`--done FILE` notes what was tried without a fault, and skips what stands there, so that it can be stopped and go on.
"""

from __future__ import annotations

import argparse
import errno
import random
import re
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from rig.faulty_disk import ERRORS, FaultyDisk, Operation
from runs.test_faulty_disk import COMMAND, new_bench, tried

_OWN_NAMES = re.compile(r"[0-9a-f]{8,}|\d+|(?<=\.)\w{8}(?=\.|$)")
"""What names of files have of their own: hashes, process numbers, random letters."""

Trial = tuple[str, str, int, bool]
"""Kind of operation, file, errno, whether lasting."""


def trials(operations: list[Operation], random_numbers: random.Random) -> dict[Trial, Operation]:
    """Each kind of operation on each kind of file, with each error; and an operation that is of that kind."""
    kinds = defaultdict(list)
    for operation in operations:
        kinds[operation.kind, _OWN_NAMES.sub("#", operation.path)].append(operation)
    return {
        (kind, path, number, lasting): random_numbers.choice(alike)
        for (kind, path), alike in kinds.items()
        for number in ERRORS[kind]
        for lasting in (False, True)
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("part", nargs="?", default="1/1", help="which part of how many, such as 1/2")
    parser.add_argument("--seed", type=int, default=0, help="of the draw of operations and of their order")
    parser.add_argument("--done", type=Path, help="a file of trials that found nothing")
    options = parser.parse_args()
    part, parts = map(int, options.part.split("/"))
    done = set(options.done.read_text().splitlines()) if options.done and options.done.exists() else set()
    with tempfile.TemporaryDirectory() as scratch:
        disk = FaultyDisk(Path(scratch, "bench"), Path(scratch))
        bench = new_bench(disk)
        finished, operations = disk.operations(COMMAND, bench.environment)
        assert finished.returncode == 0, finished.stderr
        whole = bench.contents()
        random_numbers = random.Random(options.seed)
        all_of_them = trials(operations, random_numbers)
        mine = sorted(all_of_them)[part - 1 :: parts]
        random_numbers.shuffle(mine)
        print(f"{len(operations)} operations, {len(all_of_them)} trials, {len(mine)} in this part", flush=True)
        found = count = 0
        for trial in mine:
            kind, path, number, lasting = trial
            name = f"{kind} {path} {errno.errorcode[number]} {'lasting' if lasting else 'once'}"
            if name in done:
                continue
            faults = tried(disk, all_of_them[trial], number, lasting, whole)
            count += 1
            found += bool(faults)
            if faults:
                print(f"{name} ({all_of_them[trial].path})", *faults, sep="\n    ", flush=True)
            elif options.done:
                with options.done.open("a") as file:
                    file.write(name + "\n")
        disk.close()
    print(f"{count} trials, {found} with a fault")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
