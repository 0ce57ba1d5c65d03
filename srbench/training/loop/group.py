"""The processes that share one training, each with a device of its own: who they are, and what they tell each other.

They make the same steps side by side. Each draws every batch whole, from generators that stand alike in all of them,
and computes its own part; gradients and losses are added up. What is decided while a training goes on (when it is
over, what was validated) the first of them decides for all.

Torch's DistributedDataParallel would want to be called in a network's place, and knows one loss a step; here steps call
networks as they like, and several optimisers have gradients of their own, each from one loss.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, TypeVar

import numpy as np

from srbench.contract.fit import FitContext
from srbench.errors import SrbenchError
from srbench.training.data.cache import PictureCache
from srbench.training.loop.randomness import seeded

if TYPE_CHECKING:
    import torch

T = TypeVar("T")


class PeerLost(SrbenchError):
    """Another process of the training is gone: the reason is that one's."""


@dataclass(frozen=True)
class Group:
    """This process, the `rank`-th (from 0) of `size` that share a training. Alone, everything here costs nothing.

    shared: whether the training loop has run in this process.
    """

    rank: int = 0
    size: int = 1
    shared: ClassVar[bool] = False

    @classmethod
    def here(cls) -> Group:
        """The group that this process has joined by `torch.distributed`; alone where it has joined none."""
        from torch import distributed

        if not (distributed.is_available() and distributed.is_initialized()):
            return cls()
        return cls(distributed.get_rank(), distributed.get_world_size())

    @property
    def first(self) -> bool:
        """Whether this process decides, and writes files."""
        return self.rank == 0

    def parts(self, count: int, each: int = 1) -> list[slice]:
        """What this process computes of a batch of so many, in `each` pieces; all processes' make up the batch."""
        begin, end = (count * (self.rank + place) // self.size for place in (0, 1))
        cuts = [begin + (end - begin) * piece // each for piece in range(each + 1)]
        return [slice(*cut) for cut in pairwise(cuts)]

    def add_up(self, tensors: Iterable[torch.Tensor]) -> None:
        """Replace each tensor by its sum over the processes, which is the same in all of them, bit for bit."""
        from torch import distributed

        self._in_one(tensors, distributed.all_reduce)

    def align(self, networks: Mapping[str, torch.nn.Module]) -> None:
        """Give all processes the weights and buffers of the first."""
        from torch import distributed

        tensors = (tensor for network in networks.values() for tensor in network.state_dict().values())
        self._in_one(tensors, lambda flat: distributed.broadcast(flat, 0))

    def _in_one(self, tensors: Iterable[torch.Tensor], exchange: Callable[[torch.Tensor], object]) -> None:
        """Exchange tensors, all of one type in one transfer."""
        import torch

        if self.size == 1:
            return
        kinds: dict[tuple[torch.dtype, torch.device], list[torch.Tensor]] = {}
        for tensor in tensors:
            kinds.setdefault((tensor.dtype, tensor.device), []).append(tensor)
        for alike in kinds.values():
            flat = torch.cat([tensor.detach().reshape(-1) for tensor in alike])
            with _together():
                exchange(flat)
            with torch.no_grad():
                for tensor, values in zip(alike, torch.split(flat, [one.numel() for one in alike]), strict=True):
                    tensor.copy_(values.view(tensor.shape))

    def largest(self, values: Mapping[str, float]) -> dict[str, float]:
        """Each number's largest of all processes."""
        import torch
        from torch import distributed

        told = torch.tensor(list(values.values()), dtype=torch.float64)
        if self.size > 1:
            with _together():
                distributed.all_reduce(told, distributed.ReduceOp.MAX)
        return dict(zip(values, told.tolist(), strict=True))

    def told(self, find: Callable[[], T]) -> T:
        """What the first finds out, in all of them: tensors on the CPU, numbers, texts, lists and dictionaries."""
        import torch
        from torch import distributed

        if self.size == 1:
            return find()
        found, data = None, torch.empty(0, dtype=torch.uint8)
        if self.first:
            found, buffer = find(), io.BytesIO()
            torch.save(found, buffer)
            data = torch.frombuffer(bytearray(buffer.getvalue()), dtype=torch.uint8)
        length = torch.tensor(len(data))
        with _together():
            distributed.broadcast(length, 0)
            if not self.first:
                data = torch.empty(int(length), dtype=torch.uint8)
            distributed.broadcast(data, 0)
        if not self.first:
            found = torch.load(io.BytesIO(data.numpy().tobytes()), map_location="cpu", weights_only=True)
        return found  # type: ignore[return-value]  # what was found, here or there

    def picture_cache(self, context: FitContext) -> PictureCache:
        """What keeps the pictures of a training: all processes have one file, and the memory for it together."""
        limit = context.pictures_gb / self.size
        cache = PictureCache(limit, context.folder)
        if self.size == 1:
            return cache
        file = Path(self.told(lambda: str(cache.path)))
        return cache if self.first else PictureCache(limit, context.folder, file)

    def agreed(self, context: FitContext) -> FitContext:
        """The circumstances as all processes see them: the first one's clock, and its request to stop.

        Both are told whenever the clock is read, which all do at the same moments.
        """
        import torch
        from torch import distributed

        Group.shared = True
        if self.size == 1:
            return context
        told = torch.zeros(2, dtype=torch.float64)

        def clock() -> float:
            if self.first:
                told[0], told[1] = context.clock(), context.stop()
            with _together():
                distributed.broadcast(told, 0)
            return float(told[0])

        agreed = replace(context, clock=clock, stop=lambda: bool(told[1]))
        return agreed if self.first else replace(agreed, progress=lambda done, message: None)

    @contextmanager
    def apart(self, *seed: int) -> Iterator[None]:
        """Inside, the global generators give other numbers in every process, and for every seed; afterwards they stand
        where they stood, alike in all.
        """
        if self.size == 1:
            yield
            return
        with seeded(int(np.random.SeedSequence((*seed, self.rank)).generate_state(1, np.uint64)[0])):
            yield


@contextmanager
def _together() -> Iterator[None]:
    """Inside, processes wait for each other. Raises `PeerLost` where one does not come."""
    try:
        yield
    except RuntimeError as error:
        raise PeerLost(f"another process of the training is gone ({error})") from error
