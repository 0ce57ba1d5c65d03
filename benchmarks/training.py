"""Time training: steps a second of srbench's engine beside basicsr's own training loop.

Both train the same network of basicsr on the same sub-images, with the same batch, patch, loss (L1), optimiser (Adam)
and averaged weights, and take turns in one process. basicsr does what its `train.py` does, less the logging: sub-images
as PNG files on disk, its `PairedImageDataset`, its data loader with workers, its `SRModel`. srbench does what it does
by default: pictures in memory, and `channels_last`. A last line adds srbench's bf16. Run as
`python benchmarks/training.py`.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import click
import torch

import srbench
from benchmarks.peers import import_basicsr
from srbench import Budget, FitContext, Interrupted, Item, Protocol, TrainingSet
from srbench.pictures import Image, Values, read_image, write_image
from srbench.training import Batch

SCALE = 4
SUB_IMAGE, STRIDE = 480, 240
"""How basicsr's recipe cuts large pictures for training: side and distance of sub-images, in HR pixels."""
LEARNING_RATE, BETAS, EMA = 2e-4, (0.9, 0.99), 0.999
LENGTH = 10_000
"""Steps that each training is told it has: more than any turn takes."""
NETWORKS: dict[str, dict[str, Any]] = {
    "MSRResNet": {"num_in_ch": 3, "num_out_ch": 3, "num_feat": 48, "num_block": 8, "upscale": SCALE},
    "RRDBNet": {"num_in_ch": 3, "num_out_ch": 3, "scale": SCALE, "num_feat": 32, "num_block": 3, "num_grow_ch": 16},
}
PROTOCOL = Protocol("benchmark", SCALE, "rgb")


@dataclass(frozen=True)
class Setting:
    """What both sides train. patch: the side of an LR patch. warm: untimed steps of a turn; steps: timed ones."""

    network: str
    batch: int
    patch: int
    device: str
    warm: int
    steps: int


class Stopwatch:
    """Seconds between two steps of a training, the device's work included."""

    def __init__(self, device: str) -> None:
        self._device = device
        self._start = self.seconds = 0.0

    def start(self) -> None:
        self._start = self._now()

    def stop(self) -> None:
        self.seconds = self._now() - self._start

    def _now(self) -> float:
        if self._device.startswith("cuda"):
            torch.cuda.synchronize()
        return time.perf_counter()


class Wrapped(srbench.TorchMethod):
    """A network of basicsr, trained by srbench. watch runs from the step `warm` to the step `warm + steps`.

    done: whether the timed steps are over.
    """

    trains_on: ClassVar = "all"

    def __init__(self, setting: Setting, watch: Stopwatch) -> None:
        self.setting, self.watch = setting, watch
        self.done = False

    def build(self, channels: int, scale: int) -> dict[str, torch.nn.Module]:
        import basicsr.archs

        options = {"type": self.setting.network} | NETWORKS[self.setting.network]
        return {"network": basicsr.archs.build_network(options)}

    def stages(self, networks: dict[str, torch.nn.Module], scale: int) -> list[srbench.Stage]:
        network, setting = networks["network"], self.setting
        optimiser = torch.optim.Adam(network.parameters(), LEARNING_RATE, BETAS, fused=True)

        def step(batch: Batch) -> dict[str, torch.Tensor]:
            number = round(batch.progress * LENGTH)
            if number == setting.warm:
                self.watch.start()
            elif number == setting.warm + setting.steps:
                self.watch.stop()
                self.done = True
            return {"l1": torch.nn.functional.l1_loss(network(batch.lr), batch.hr)}

        return [
            srbench.Stage(
                "pixel",
                networks={"network": network},
                optimisers={"l1": optimiser},
                step=step,
                batch_size=setting.batch,
                patch=setting.patch,
                ema={"network": EMA},
            )
        ]


def sub_images() -> Iterator[Image]:
    """The larger pictures of scikit-image, cut as basicsr's recipe cuts DIV2K."""
    import skimage.data

    pictures = skimage.data.retina(), skimage.data.hubble_deep_field(), skimage.data.immunohistochemistry()
    for picture in (*pictures, skimage.data.astronaut()):
        height, width = picture.shape[:2]
        for top in range(0, height - SUB_IMAGE + 1, STRIDE):
            for left in range(0, width - SUB_IMAGE + 1, STRIDE):
                yield picture[top : top + SUB_IMAGE, left : left + SUB_IMAGE]


def write_pictures(folder: Path) -> list[Item]:
    """Write HR and LR sub-images as PNG files; return them, read, for srbench."""
    items = []
    for name in ("HR", "LR"):
        (folder / name).mkdir()
    for number, hr in enumerate(sub_images()):
        file = f"{number:04}.png"
        write_image(folder / "HR" / file, hr)
        write_image(folder / "LR" / file, PROTOCOL.lr(hr, Values.of(hr), file))
        lr = read_image(folder / "LR" / file)
        items.append(
            Item(f"{number:04}", read_image(folder / "HR" / file), {(PROTOCOL.degradation.shipped_as, SCALE): lr})
        )
    return items


class Ours:
    """srbench's engine."""

    def __init__(self, items: list[Item], precision: Any) -> None:
        self.train = TrainingSet(items, PROTOCOL)
        self.precision = precision

    def turn(self, setting: Setting) -> float:
        """Seconds of the timed steps of a training of its own."""
        watch = Stopwatch(setting.device)
        method = Wrapped(setting, watch)
        method.to(setting.device)
        with tempfile.TemporaryDirectory() as folder:
            context = FitContext(
                seed=0,
                budget=Budget("steps", LENGTH),
                folder=Path(folder),
                device=setting.device,
                precision=self.precision,
                stop=lambda: method.done,
            )
            with suppress(Interrupted):
                method.fit(self.train, context)
        return watch.seconds


class Theirs:
    """The loop of basicsr's `train.py`: `create_train_val_dataloader`, then `train_pipeline`, without logging."""

    def __init__(self, folder: Path, workers: int) -> None:
        self.folder, self.workers = folder, workers

    def turn(self, setting: Setting) -> float:
        """Seconds of the timed steps; workers are new, and have read ahead all they may, when the clock starts."""
        from basicsr.data import build_dataloader, build_dataset
        from basicsr.data.data_sampler import EnlargedSampler
        from basicsr.data.prefetch_dataloader import CPUPrefetcher
        from basicsr.models import build_model

        gpus = int(setting.device.startswith("cuda"))
        data = self._data(setting)
        train_set = build_dataset(data)
        sampler = EnlargedSampler(train_set, 1, 0, data["dataset_enlarge_ratio"])
        loader = build_dataloader(train_set, data, num_gpu=gpus, dist=False, sampler=sampler, seed=0)
        prefetcher = CPUPrefetcher(loader)
        torch.manual_seed(0)
        model = build_model(self._model(setting, gpus))
        watch = Stopwatch(setting.device)
        sampler.set_epoch(0)
        prefetcher.reset()
        batch = prefetcher.next()
        for step in range(setting.warm + setting.steps):
            if step == setting.warm:
                watch.start()
            model.update_learning_rate(step + 1, warmup_iter=-1)
            model.feed_data(batch)
            model.optimize_parameters(step + 1)
            batch = prefetcher.next()
        watch.stop()
        return watch.seconds

    def _data(self, setting: Setting) -> dict[str, Any]:
        return {
            "name": "benchmark",
            "type": "PairedImageDataset",
            "phase": "train",
            "scale": SCALE,
            "dataroot_gt": str(self.folder / "HR"),
            "dataroot_lq": str(self.folder / "LR"),
            "io_backend": {"type": "disk"},
            "gt_size": setting.patch * SCALE,
            "use_hflip": True,
            "use_rot": True,
            "num_worker_per_gpu": self.workers,
            "batch_size_per_gpu": setting.batch,
            "dataset_enlarge_ratio": 1000,
        }

    def _model(self, setting: Setting, gpus: int) -> dict[str, Any]:
        return deepcopy(
            {
                "model_type": "SRModel",
                "num_gpu": gpus,
                "dist": False,
                "is_train": True,
                "path": {},
                "network_g": {"type": setting.network} | NETWORKS[setting.network],
                "train": {
                    "ema_decay": EMA,
                    "optim_g": {"type": "Adam", "lr": LEARNING_RATE, "weight_decay": 0, "betas": list(BETAS)},
                    "scheduler": {"type": "MultiStepLR", "milestones": [10**6], "gamma": 0.5},
                    "pixel_opt": {"type": "L1Loss", "loss_weight": 1.0, "reduction": "mean"},
                },
            }
        )


def describe(setting: Setting, workers: int, threads: int) -> str:
    """The settings, in words."""
    return "\n".join(
        [
            f"batch {setting.batch}, LR patch {setting.patch} (HR {setting.patch * SCALE}), x{SCALE}, L1, Adam, "
            f"averaged weights ({EMA}); {setting.device}, {threads} threads",
            f"basicsr: float32, contiguous, {workers} loader workers on {SUB_IMAGE}-pixel PNG sub-images on disk",
            "srbench: its engine with pictures in memory, channels_last, Adam fused",
        ]
    )


@click.command(help=__doc__)
@click.option("--network", "networks", type=click.Choice(list(NETWORKS)), multiple=True, help="Default: each.")
@click.option("--precision", "precisions", type=click.Choice(["32", "bf16"]), multiple=True, default=("32", "bf16"))
@click.option("--batch", default=8, show_default=True)
@click.option("--patch", default=24, show_default=True, help="The side of an LR patch.")
@click.option("--rounds", default=5, show_default=True, help="How many turns each side has.")
@click.option("--steps", default=20, show_default=True, help="Timed steps of a turn.")
@click.option("--warm", default=10, show_default=True, help="Untimed steps before them.")
@click.option("--workers", default=min(6, os.cpu_count() or 1), show_default=True, help="Of basicsr's data loader.")
@click.option("--threads", default=os.cpu_count() or 1, show_default=True, help="For torch.")
@click.option("--device", default="cuda" if torch.cuda.is_available() else "cpu", show_default=True)
def main(
    networks: tuple[str, ...],
    precisions: tuple[str, ...],
    batch: int,
    patch: int,
    rounds: int,
    steps: int,
    warm: int,
    workers: int,
    threads: int,
    device: str,
) -> None:
    import_basicsr()
    torch.set_num_threads(threads)
    torch.backends.cudnn.benchmark = True  # as basicsr's train.py
    with tempfile.TemporaryDirectory() as folder:
        items = write_pictures(Path(folder))
        for network in networks or NETWORKS:
            setting = Setting(network, batch, patch, device, warm, steps)
            basicsr = Theirs(Path(folder), workers)
            ours = {precision: Ours(items, precision) for precision in precisions}
            sides: Mapping[str, Ours | Theirs] = {"basicsr": basicsr, **ours}
            print(f"{network} {NETWORKS[network]}\n{describe(setting, workers, threads)}")
            times: dict[str, list[float]] = {name: [] for name in sides}
            for _ in range(rounds):
                for name, side in sides.items():
                    times[name].append(side.turn(setting) / steps)
            report(times, rounds)


def report(times: Mapping[str, list[float]], rounds: int) -> None:
    """The medians over turns, and their ratio to basicsr's."""
    reference = statistics.median(times["basicsr"])
    print(f"medians of {rounds} turns:")
    for name, seconds in times.items():
        middle = statistics.median(seconds)
        label = name if name == "basicsr" else f"srbench {name}"
        ratio = "" if name == "basicsr" else f", {reference / middle:.2f} times basicsr's"
        low, high = (1 / max(seconds), 1 / min(seconds))
        print(f"  {label:<30} {1 / middle:7.2f} steps/s (turns: {low:.2f} to {high:.2f}){ratio}")
    print()


if __name__ == "__main__":
    main()
