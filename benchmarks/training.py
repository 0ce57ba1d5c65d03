"""Time training: steps a second of srbench's engine beside the same training without it.

Both sides train the same network on the same sub-images, with the same batch, patch, loss (L1), optimiser (Adam) and
averaged weights, and take turns in one process.

Networks of basicsr are trained beside its own loop, which does what its `train.py` does, less the logging: sub-images
as PNG files on disk, its `PairedImageDataset`, its data loader with workers, its `SRModel`. SwinIR (light) and RCAN,
which the method `network` trains, stand beside a plain PyTorch loop: sub-images as tensors in memory, patches cut,
flipped and turned at random.

srbench does what it does by default: pictures in memory, and the memory format of the method. Further lines have its
bf16, and float32 with all pictures in a file in place of memory. Run as `python benchmarks/training.py`.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
import torch
from srbench_architectures.catalogue import ARCHITECTURES
from srbench_architectures.method import Network

import srbench
from benchmarks.peers import import_basicsr
from srbench import Budget, FitContext, Interrupted, Item, Protocol, TrainingSet
from srbench.contract.fit import PICTURES_GB
from srbench.pictures import Image, Values, read_image, to_tensor, write_image
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
ARCHITECTURE: dict[str, tuple[str, str]] = {"SwinIR": ("swinir", "light"), "RCAN": ("rcan", "paper")}
"""What the method `network` trains: architecture and preset."""
ALL = (*NETWORKS, *ARCHITECTURE)
SMALLER = 4
"""A batch of these, larger, networks has so many times fewer images, and a turn so many times fewer steps."""
PROTOCOL = Protocol("benchmark", SCALE, "rgb")


Step = Callable[[Batch], Mapping[str, torch.Tensor]]


@dataclass(frozen=True)
class Setting:
    """What both sides train. patch: the side of an LR patch. warm: untimed steps of a turn; steps: timed ones."""

    network: str
    batch: int
    patch: int
    device: str
    warm: int
    steps: int

    @property
    def facts(self) -> str:
        """The network, in words."""
        if self.network in NETWORKS:
            return f"{self.network} {NETWORKS[self.network]}"
        name, preset = ARCHITECTURE[self.network]
        return f"{self.network}: network with architecture {name}, preset {preset}"

    def method(self) -> dict[str, Any]:
        """The parameters of the method `network`."""
        name, preset = ARCHITECTURE[self.network]
        common = {"loss": "l1", "learning_rate": LEARNING_RATE, "betas": BETAS, "ema": EMA}
        given = {**ARCHITECTURES[name].presets[preset], **common, "batch_size": self.batch, "patch": self.patch}
        given.pop("schedule", None)  # which is how a run trains, and none of the method's own
        return {"architecture": name, **given}


class Stopwatch:
    """Seconds between two steps of a training, the device's work included. done: whether they are over."""

    def __init__(self, device: str) -> None:
        self._device = device
        self._start = self.seconds = 0.0
        self.done = False

    def around(self, step: Step, setting: Setting) -> Step:
        """A step of srbench's, watched from the step `warm` to the step `warm + steps`."""

        def watched(batch: Batch) -> Mapping[str, torch.Tensor]:
            number = round(batch.progress * LENGTH)
            if number == setting.warm:
                self.start()
            elif number == setting.warm + setting.steps:
                self.stop()
                self.done = True
            return step(batch)

        return watched

    def start(self) -> None:
        self._start = self._now()

    def stop(self) -> None:
        self.seconds = self._now() - self._start

    def _now(self) -> float:
        if self._device.startswith("cuda"):
            torch.cuda.synchronize()
        return time.perf_counter()


class Wrapped(srbench.TorchMethod):
    """A network of basicsr, trained by srbench."""

    def __init__(self, setting: Setting, watch: Stopwatch) -> None:
        self.setting, self.watch = setting, watch

    def build(self, channels: int, scale: srbench.Scale) -> dict[str, torch.nn.Module]:
        import basicsr.archs

        options = {"type": self.setting.network} | NETWORKS[self.setting.network]
        return {"network": basicsr.archs.build_network(options)}

    def stages(self, networks: dict[str, torch.nn.Module], scale: srbench.Scale) -> list[srbench.Stage]:
        network, setting = networks["network"], self.setting
        optimiser = torch.optim.Adam(network.parameters(), LEARNING_RATE, BETAS, fused=True)

        def step(batch: Batch) -> dict[str, torch.Tensor]:
            return {"l1": torch.nn.functional.l1_loss(network(batch.lr), batch.hr)}

        return [
            srbench.Stage(
                "pixel",
                networks={"network": network},
                optimisers={"l1": optimiser},
                step=self.watch.around(step, setting),
                batch_size=setting.batch,
                patch=setting.patch,
                ema={"network": EMA},
            )
        ]


class Watched(Network):
    """The method `network`."""

    def __init__(self, setting: Setting, watch: Stopwatch) -> None:
        super().__init__(**setting.method())
        self.setting, self.watch = setting, watch

    def stages(self, networks: dict[str, torch.nn.Module], scale: srbench.Scale) -> list[srbench.Stage]:
        (stage,) = super().stages(networks, scale)
        return [replace(stage, step=self.watch.around(stage.step, self.setting))]


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
    """srbench's engine. pictures_gb: how much memory pictures may take."""

    def __init__(self, items: list[Item], precision: Any, pictures_gb: float = PICTURES_GB) -> None:
        self.train = TrainingSet(items, PROTOCOL)
        self.precision, self.pictures_gb = precision, pictures_gb

    def turn(self, setting: Setting) -> float:
        """Seconds of the timed steps of a training of its own."""
        watch = Stopwatch(setting.device)
        method = Wrapped(setting, watch) if setting.network in NETWORKS else Watched(setting, watch)
        method.to(setting.device)
        with tempfile.TemporaryDirectory() as folder:
            context = FitContext(
                seed=0,
                budget=Budget("steps", LENGTH),
                folder=Path(folder),
                device=setting.device,
                precision=self.precision,
                pictures_gb=self.pictures_gb,
                stop=lambda: watch.done,
            )
            with suppress(Interrupted):
                method.fit(self.train, context)
        return watch.seconds


class Plain:
    """A loop of a few lines."""

    def __init__(self, items: list[Item]) -> None:
        self.hr = torch.stack([to_tensor(*item.read_hr()) for item in items])
        lr = [item.read_lr(PROTOCOL.degradation.shipped_as, SCALE) for item in items]
        self.lr = torch.stack([to_tensor(image, Values.of(image)) for image in lr if image is not None])

    def turn(self, setting: Setting) -> float:
        """Seconds of the timed steps."""
        from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

        torch.manual_seed(0)
        network = Network(**setting.method()).build(3, SCALE)["network"].to(setting.device).train()
        average = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(EMA))
        optimiser = torch.optim.Adam(network.parameters(), LEARNING_RATE, BETAS, fused=True)
        watch = Stopwatch(setting.device)
        for step in range(setting.warm + setting.steps):
            if step == setting.warm:
                watch.start()
            lr, hr = (part.to(setting.device) for part in self._batch(setting))
            loss = torch.nn.functional.l1_loss(network(lr), hr)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            average.update_parameters(network)
        watch.stop()
        return watch.seconds

    def _batch(self, setting: Setting) -> tuple[torch.Tensor, torch.Tensor]:
        side = setting.patch
        low, high = list[torch.Tensor](), list[torch.Tensor]()
        for image in torch.randint(len(self.lr), (setting.batch,)).tolist():
            top, left, turns, flip = (int(torch.randint(n, ())) for n in (*[SUB_IMAGE // SCALE - side + 1] * 2, 4, 2))
            for patches, pictures, scale in ((low, self.lr, 1), (high, self.hr, SCALE)):
                rows, columns = (slice(scale * begin, scale * (begin + side)) for begin in (top, left))
                patch = torch.rot90(pictures[image, :, rows, columns], turns, (1, 2))
                patches.append(patch.flip(-1) if flip else patch)
        return torch.stack(low), torch.stack(high)


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
            f"basicsr: float32, contiguous, {workers} loader workers on {SUB_IMAGE}-pixel PNG sub-images on disk"
            if setting.network in NETWORKS
            else "plain loop: float32, contiguous, pictures in memory, Adam fused",
            "srbench: its engine with pictures in memory, or in a file, and Adam fused",
        ]
    )


@click.command(help=__doc__)
@click.option("--network", "networks", type=click.Choice(ALL), multiple=True, help="Default: each.")
@click.option("--precision", "precisions", type=click.Choice(["32", "bf16"]), multiple=True, default=("32", "bf16"))
@click.option("--batch", default=8, show_default=True, help=f"Of SwinIR and RCAN 1/{SMALLER} of it, as of the steps.")
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
    if not networks or set(networks) & NETWORKS.keys():
        import_basicsr()
    torch.set_num_threads(threads)
    torch.backends.cudnn.benchmark = True  # as basicsr's train.py
    with tempfile.TemporaryDirectory() as folder:
        items = write_pictures(Path(folder))
        for network in networks or ALL:
            less = 1 if network in NETWORKS else SMALLER
            setting = Setting(
                network, max(1, batch // less), patch, device, max(1, warm // less), max(1, steps // less)
            )
            reference: Plain | Theirs = Theirs(Path(folder), workers) if network in NETWORKS else Plain(items)
            named = "basicsr" if network in NETWORKS else "a plain loop"
            ours = {f"srbench {precision}": Ours(items, precision) for precision in precisions}
            ours["srbench 32, pictures in a file"] = Ours(items, "32", pictures_gb=0)
            sides: Mapping[str, Ours | Plain | Theirs] = {named: reference, **ours}
            print(f"{setting.facts}\n{describe(setting, workers, threads)}")
            times: dict[str, list[float]] = {name: [] for name in sides}
            for _ in range(rounds):
                for name, side in sides.items():
                    times[name].append(side.turn(setting) / setting.steps)
            report(times, named, rounds)


def report(times: Mapping[str, list[float]], named: str, rounds: int) -> None:
    """The medians over turns, and their ratio to that of the side that is named."""
    reference = statistics.median(times[named])
    print(f"medians of {rounds} turns:")
    for name, seconds in times.items():
        middle = statistics.median(seconds)
        ratio = "" if name == named else f", {reference / middle:.2f} times that of {named}"
        low, high = (1 / max(seconds), 1 / min(seconds))
        print(f"  {name:<30} {1 / middle:7.2f} steps/s (turns: {low:.2f} to {high:.2f}){ratio}")
    print()


if __name__ == "__main__":
    main()
