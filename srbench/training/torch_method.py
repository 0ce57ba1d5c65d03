"""The base of methods that learn with torch: say what the networks are and how they learn, the rest is here."""

from __future__ import annotations

import copy
import json
import math
from abc import abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from srbench.contract.method import Method
from srbench.devices.kinds import widest
from srbench.errors import SrbenchError
from srbench.pictures import Scale, enlarged, plain_scale, scale_of
from srbench.pictures.resize import resize
from srbench.store.files import write_atomically
from srbench.training.data.batch import Batch
from srbench.training.data.colour import luma, with_luma
from srbench.training.data.pairs import EVERY_TURN, Channels
from srbench.training.inference import Inference, Upscaling
from srbench.training.loop.divergence import BEST_WEIGHTS, Diverged
from srbench.training.loop.group import Group
from srbench.training.loop.history import Row
from srbench.training.loop.outcome import TRAINING, write_training
from srbench.training.loop.sample_strip import SIDE, Strip
from srbench.training.loop.stages import Stage as Stage
from srbench.training.recipe import Recipe
from srbench.training.speed.memory_format import Format, set_format
from srbench.training.start import Fit, begin_with, told_of
from srbench.training.tensors import write_tensors

if TYPE_CHECKING:
    import torch

    from srbench.contract.fit import FitContext, Precision
    from srbench.contract.training_set import TrainingSet
    from srbench.training.data.heldout import HeldOut
    from srbench.training.loop.outcome import Trained

WEIGHTS = "weights.safetensors"
FACTS = "method.json"
FAR_BELOW_INTERPOLATION = 3.0
"""So many dB below bicubic interpolation, on held-out images, weights are noted to be good for nothing."""


class ModelError(SrbenchError):
    """A model folder that cannot be loaded, or a model asked for what it did not learn."""


class TorchMethod(Method):
    """A torch method that learns in stages.

    A subclass writes `build` (its networks) and `stages` (how they learn); the first network of `build` is what
    turns LR into SR, unless the subclass has its own `sr`. One with a `ceiling` writes `reconstruction`, too.

    trains_on: `y`: networks see one channel; of colour images Y is learned, and chroma is upscaled by bicubic
        interpolation. `all`: networks see the channels of the training images; an image in grey is given to a colour
        network three times over, and one in colour to a grey network channel by channel. An instance may set it in
        `__init__`.
    memory_format: how images lie in memory while training, and where a model is used; an instance may set it in
        `__init__`.
    training_scales: HR is learned from at these sizes, in (0, 1], 1 being its own (scale augmentation); an instance may
        set it in `__init__`.
    turns: the orientations in which patches are learned from, of the eight that `srbench.training.data.pairs.turned`
        numbers, 0 being the image as it is; an instance may set it in `__init__`.
    takes_enlarged: whether a step takes LR, too, that is enlarged to HR's size already by bicubic interpolation, as
        CutBlur has it; an instance may set it in `__init__`.
    recipe: how to learn instead, as far as the matrix says so: parameters of every such method.
    held_out_by_class: so many images of each class are held out, where images have one.
    started: of given weights that a training starts from, what each network took; known to `stages`.
    networks: what `build` made, by name; with their learned weights after `fit` or `load`.
    inference: how it computes when it is used, and its parameters `ensemble`, `precision` and `compile`; neither the
        model nor its key depends on it.
    history: one row now and then of the training that made the weights; empty after `load`.
    training: facts of that training, as in `training.json` (docs/training.md); `facts` are its numbers.
    """

    learns = True
    spreads = True
    goes_on = True
    starts = True
    trains_on: Channels = "all"
    memory_format: Format = "channels_last"
    training_scales: tuple[float, ...] = (1.0,)
    turns: tuple[int, ...] = EVERY_TURN
    takes_enlarged: bool = False
    shared: ClassVar[Mapping[str, type]] = {"recipe": Recipe, "inference": Upscaling}
    recipe: Recipe = Recipe()
    inference: Inference = Upscaling()
    held_out_by_class: ClassVar[bool] = False
    started: Sequence[Fit] = ()
    networks: dict[str, torch.nn.Module]
    history: list[Row]
    training: dict[str, Any]
    facts: Mapping[str, float]
    channels: int
    scale: Scale

    @abstractmethod
    def build(self, channels: int, scale: Scale) -> dict[str, torch.nn.Module]:
        """The networks that upscaling needs, by name, with initial weights; for `channels` 1 or 3.

        Called with torch's generator seeded. Whatever upscaling needs besides weights belongs into their buffers.
        """

    @abstractmethod
    def stages(self, networks: dict[str, torch.nn.Module], scale: Scale) -> list[Stage]:
        """How they learn. Networks that only training needs (a discriminator) are made here.

        The networks of the stages are moved to the device by the engine; a fixed one that is in no stage (a feature
        extractor) must be put on `self.device` here.
        """

    def stages_by_recipe(self, networks: dict[str, torch.nn.Module], scale: Scale) -> list[Stage]:
        """The stages as they will be: its own, changed by the recipe."""
        return self.recipe.applied(self.stages(networks, scale))

    def sr(self, lr: torch.Tensor) -> torch.Tensor:
        """SR of LR `(N, C, H, W)` with the channels that the networks learned: by default the first network's."""
        sr: torch.Tensor = next(iter(self.networks.values()))(lr)
        return sr

    def reconstruction(self, hr: torch.Tensor) -> torch.Tensor:
        """What the networks make of HR `(N, C, H, W)` with the channels that they learned, where there is a ceiling."""
        return super().reconstruct(hr)

    def validation_psnr(self, batch: Batch) -> float:
        """PSNR of `sr` in dB on the channels that the networks learn, without a border of `scale`; for `validate`.

        At most 100 dB, where SR and HR are the same but for rounding.
        """
        return self._psnr(self.sr(batch.lr), batch.hr)

    def strip(self, train: TrainingSet, context: FitContext, held: HeldOut | None) -> Strip | None:
        """The pictures that show how it learns: SR of the most detailed place of a held-out image, if there is one."""
        import torch

        if held is None:
            return None
        lr, hr = held.most_detailed(SIDE)
        seen = torch.from_numpy(lr).to(self.device)
        return Strip(context.model_folder, lambda: self.sr(seen), hr, lr)

    def fit(self, train: TrainingSet, context: FitContext) -> None:
        """Train the stages on patches of the training images, under the budget; see `srbench.training.loop.engine`.

        Raises `Diverged` when that happens; the best weights until then, if any, are in the model's folder.
        """
        from srbench.training.data.patches import Patches
        from srbench.training.loop import engine
        from srbench.training.loop.randomness import seed_everything

        turns, cache = self.recipe.turns(self.turns), Group.here().picture_cache(context)
        patches = Patches(
            train, self.trains_on, context.seed, self.training_scales, turns, self.held_out_by_class, cache
        )
        seed_everything(context.seed)
        self._make(patches.channels, train.scale)
        if context.start is not None:
            self.started = begin_with(context.start, self.networks, self.in_own_names, self._for_other_channels)
            self.notes.append(told_of(context.start, self.started))
        self.to(context.device)
        stages = self.stages_by_recipe(self.networks, train.scale)
        held: list[HeldOut] = []

        def strip(found: HeldOut | None) -> Strip | None:
            self.recipe.check_held_out(stages, found)
            held.extend([] if found is None else [found])
            return self.strip(train, context, found)

        try:
            trained = engine.train(stages, patches, context, self.memory_format, strip)
        except Diverged as diverged:
            assert diverged.trained is not None
            self._learned(diverged.trained)
            kept = self._save_diverged(context.model_folder, diverged)
            raise Diverged(diverged.what, diverged.best, kept, diverged.trained) from None
        self._learned(trained)
        if held and stages[-1].validate == self.validation_psnr:
            self._compare_with_interpolation(held[0], stages[-1])

    def in_own_names(self, tensors: Mapping[str, torch.Tensor]) -> Mapping[str, torch.Tensor]:
        """The tensors of a checkpoint by the names that they have in this method's networks: by default, as they are.

        For networks that others have released under other names. Names that are not known stay.
        """
        return tensors

    def _for_other_channels(self) -> dict[str, torch.nn.Module] | None:
        """The same networks for one channel instead of three, or the reverse; None where they cannot be made.

        Made by a copy of the method, since `build` may keep what it makes, and without drawing from torch's generator.
        """
        import torch

        try:
            with torch.random.fork_rng(devices=[]):
                return copy.copy(self).build(4 - self.channels, self.scale)
        except SrbenchError:
            return None

    def _compare_with_interpolation(self, held: HeldOut, stage: Stage) -> None:
        """Note a training whose loss stayed finite, and whose weights are good for nothing all the same."""
        import torch

        gains = []
        for lr, hr, _ in held.centres(SIDE, stage.patch):
            batch = Batch(torch.from_numpy(lr).to(self.device), torch.from_numpy(hr).to(self.device), 1.0)
            with torch.inference_mode():
                gains.append(self.validation_psnr(batch) - self._psnr(resize(batch.lr, self.scale), batch.hr))
        gain = sum(gains) / len(gains)
        if gain < -FAR_BELOW_INTERPOLATION:
            self.notes.append(
                f"On held-out images its SR is {-gain:.1f} dB below bicubic interpolation: the training was far too "
                "short, or has diverged; then lower the learning rate."
            )

    def _psnr(self, sr: torch.Tensor, hr: torch.Tensor) -> float:
        cut = math.ceil(self.scale)
        sr, hr = (image[..., cut:-cut, cut:-cut].to(widest(image.device)) for image in (sr, hr))
        error = float((sr - hr).square().mean().detach())
        return -10 * math.log10(max(error, 1e-10))

    def _learned(self, trained: Trained) -> None:
        self.history, self.training, self.facts = trained.history, trained.facts, _numbers(trained.facts)
        if self.started:
            self.training |= {"start": [asdict(fit) for fit in self.started]}
            self.facts = {**self.facts, "started_tensors": float(sum(fit.fitted for fit in self.started))}
        if trained.not_validated and not trained.facts["held_out"]:
            self.notes.append(
                "No training image could be held out: nothing was validated, and the last weights are kept."
            )
        elif trained.not_validated:
            self.notes.append(
                "No training image could be held out of the classes learned in these stages, which were not validated: "
                f"{', '.join(trained.not_validated)}."
            )

    def _save_diverged(self, folder: Path, diverged: Diverged) -> Path | None:
        """Leave what there is of a training that diverged; the file of its best weights."""
        folder.mkdir(parents=True, exist_ok=True)
        self._save_facts(folder)
        if diverged.best is None:
            return None
        write_tensors(folder / BEST_WEIGHTS, self._tensors())
        return folder / BEST_WEIGHTS

    def upscale(self, lr: torch.Tensor, scale: Scale) -> torch.Tensor:
        """SR of LR `(N, 1 or 3, H, W)`. Raises `ModelError` when the model is for another scale, or not there."""
        self._need_networks()
        if scale != self.scale:
            raise ModelError(f"this model upscales by {self.scale}, not by {scale}; train one for x{scale}")
        return self._asked(self.sr, lr, scale)

    def sample_sr(self, lr: torch.Tensor, scale: Scale) -> torch.Tensor:
        """One sample of SR: as `upscale`, without an ensemble, whose mean is no sample."""
        once = copy.copy(self)
        once.inference = Upscaling(self.inference.precision, self.inference.compile)
        return once.upscale(lr, scale)

    def reconstruct(self, hr: torch.Tensor) -> torch.Tensor:
        """The ceiling of the model for HR `(N, 1 or 3, H, W)`. Raises `ModelError` when the model is not there."""
        self._need_networks()
        return self._asked(self.reconstruction, hr, 1)

    def upscalers(self) -> Collection[torch.nn.Module]:
        """The networks that are called while upscaling: those that `inference` may compile."""
        return self.networks.values()

    @property
    def computes_in(self) -> Precision:  # type: ignore[override]
        """That of `inference`."""
        return self.inference.number_format

    @property
    def warms_up(self) -> bool:  # type: ignore[override]
        """Whether something is compiled at the first SR of each shape."""
        return self.inference.compile

    def _asked(
        self, through: Callable[[torch.Tensor], torch.Tensor], image: torch.Tensor, scale: Scale
    ) -> torch.Tensor:
        """What `through` makes of an image, computed as `inference` says."""

        def asked(seen: torch.Tensor) -> torch.Tensor:
            with self.inference.computing(self.upscalers(), self.device):
                return self.inference.through(through, seen)

        return self._in_any_channels(asked, image, scale)

    def _in_any_channels(
        self, through: Callable[[torch.Tensor], torch.Tensor], image: torch.Tensor, scale: Scale
    ) -> torch.Tensor:
        """What `through`, which makes images larger by `scale`, gives for other channels than the networks learned."""
        import torch

        n, channels, height, width = image.shape
        with torch.inference_mode():
            if channels == self.channels:
                return through(image)
            if channels == 1:
                return through(image.expand(-1, self.channels, -1, -1)).mean(1, keepdim=True)
            if self.trains_on == "y":
                return with_luma(resize(image, scale), through(luma(image)))
            apart = through(image.reshape(n * channels, 1, height, width))
            return apart.reshape(n, channels, enlarged(height, scale), enlarged(width, scale))

    def to(self, device: str) -> None:
        """Move the networks to a torch device."""
        self.device = device
        for network in getattr(self, "networks", {}).values():
            network.to(device)

    def parameters_count(self) -> int:
        """The learned numbers of the networks that upscaling needs; 0 before `fit` or `load`."""
        return sum(p.numel() for network in getattr(self, "networks", {}).values() for p in network.parameters())

    def save(self, folder: Path) -> None:
        """Write `weights.safetensors`, `method.json`, and of a training `history.csv` and `training.json`."""
        self._need_networks()
        folder.mkdir(parents=True, exist_ok=True)
        write_tensors(folder / WEIGHTS, self._tensors())
        self._save_facts(folder)

    def _tensors(self) -> dict[str, torch.Tensor]:
        return {
            f"{name}/{key}": value.detach().cpu().clone().contiguous()
            for name, network in self.networks.items()
            for key, value in network.state_dict().items()
        }

    def _save_facts(self, folder: Path) -> None:
        write_atomically(folder / FACTS, f"{json.dumps(self._identity())}\n".encode())
        write_training(folder, self.training | {"notes": list(dict.fromkeys(self.notes))}, self.history)

    def _identity(self) -> dict[str, Any]:
        """What `build` has to know of what was learned from, as plain values."""
        return {"scale": plain_scale(self.scale), "channels": self.channels}

    def _restore_identity(self, facts: Mapping[str, Any]) -> None:
        """Take back of it what is no argument of `build`."""

    def load(self, folder: Path) -> None:
        """Read what `save` wrote. Raises `ModelError` when it is not there, damaged, or of other networks."""
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        try:
            facts = json.loads((folder / FACTS).read_text())
            self._restore_identity(facts)
            self._make(int(facts["channels"]), scale_of(facts["scale"]))
            if (folder / TRAINING).exists():
                self.training = json.loads((folder / TRAINING).read_text())
                self.notes += [note for note in self.training.pop("notes", []) if note not in self.notes]
            tensors = load_file(folder / WEIGHTS)
            for name, network in self.networks.items():
                prefix = f"{name}/"
                network.load_state_dict({k[len(prefix) :]: v for k, v in tensors.items() if k.startswith(prefix)})
        except (OSError, ValueError, KeyError, TypeError, SrbenchError, SafetensorError) as error:
            raise ModelError(f"{folder}: not a model of {type(self).__name__}: {error}") from error
        except RuntimeError as error:  # load_state_dict lists what is missing or has another shape
            raise ModelError(
                f"{folder}: the weights do not fit {type(self).__name__} with these parameters: {error}"
            ) from error
        self.to(self.device)

    def _make(self, channels: int, scale: Scale) -> None:
        self.channels, self.scale = channels, scale
        self.networks = self.build(channels, scale)
        self.history = []
        self.training, self.facts = {}, {}
        self.started = ()
        set_format(self.networks.values(), self.memory_format)
        for network in self.networks.values():
            network.eval()

    def _need_networks(self) -> None:
        if not getattr(self, "networks", None):
            raise ModelError(f"{type(self).__name__} has learned nothing yet: call fit or load first")


def _numbers(training: Mapping[str, Any]) -> dict[str, float]:
    """What of the facts of a training is a number, for its record; of several stages with the stage's name before."""
    stages = training["stages"]
    numbers = {"held_out": float(len(training["held_out"]))} if training["held_out"] else {}
    for stage in stages:
        prefix = f"{stage['name']} " if len(stages) > 1 else ""
        for name in ("best_step", "best_validation"):
            if math.isfinite(stage.get(name, math.nan)):
                numbers[prefix + name] = float(stage[name])
    skipped = sum(stage.get("skipped_steps", 0) for stage in stages)
    return numbers | ({"skipped_steps": float(skipped)} if skipped else {})
