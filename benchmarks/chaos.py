"""Kill processes of runs, and have their disk fail, at random moments, and see that nothing is lost, doubled or left.

    python benchmarks/chaos.py [--kills 300] [--runs 2] [--cells 60] [--faults/--no-faults] [--stops] [--seed N]

A matrix that mostly learns is run, by several runs at once on one store, again and again until it is finished; then
another store is begun. At each random moment a process is chosen (a run, the server of its workers, a keeper, a
worker), and killed, or stopped for a second; and with faults, one of the next writings, synchronisings or renamings of
any process fails for want of room, of quota, or of a sound disk, now and then all from that one on. What a run that is
killed leaves behind must be gone after five seconds; what was finished may not be lost or touched again; nothing may
end in a traceback; and the store has to be that of a run that nothing disturbed. Prints what is found to be wrong.
"""

from __future__ import annotations

import random
import sys
import tempfile
from pathlib import Path

import click

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from rig.chaos import Chaos
from rig.faulty_disk import FaultyDisk


@click.command()
@click.option("--kills", default=300)
@click.option("--runs", default=2)
@click.option("--cells", default=60)
@click.option("--faults/--no-faults", default=True)
@click.option("--stops/--no-stops", default=False)
@click.option("--seed", default=0)
def main(kills: int, runs: int, cells: int, faults: bool, stops: bool, seed: int) -> None:
    """Disturb runs at random moments."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "bench")
        disk = FaultyDisk(folder, Path(scratch)) if faults else None
        chaos = Chaos(folder, cells, runs, random.Random(seed), stops, disk)
        undisturbed = chaos.new_bench()
        assert undisturbed.run(*chaos.arguments).returncode == 0
        whole = undisturbed.contents()
        stores, wrong = 0, 0
        while chaos.disturbed < kills:
            stores += 1
            chaos.until_finished(chaos.new_bench(), whole, lambda: chaos.disturbed >= kills)
            for what in chaos.wrong[wrong:]:
                print(f"store {stores}: {what}", flush=True)
            wrong = len(chaos.wrong)
    kinds = ", ".join(f"{count} x {what}" for what, count in sorted(chaos.done.items()))
    print(f"{stores} stores of {cells} cells, {runs} runs at once: {kinds}: {wrong} faults")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
