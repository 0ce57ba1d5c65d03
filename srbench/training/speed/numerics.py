"""How exactly a GPU computes in 32 bits, and whether it chooses how to convolve: set in each process that computes.

Torch's own settings differ between its versions, and between products and convolutions. TensorFloat-32 keeps 10 of the
23 bits of a mantissa: nothing that SR of 8 bits shows, but enough to move scores and features. So it is off unless a
training, or the use of a model, asks for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from srbench.contract.fit import Precision


@dataclass(frozen=True)
class Numerics:
    """tf32: TensorFloat-32 in products of matrices and in convolutions. benchmark: cuDNN tries several ways to convolve
    and keeps the fastest for each size. deterministic: cuDNN takes none that adds up in another order each time.
    """

    tf32: bool = False
    benchmark: bool = False
    deterministic: bool = True


EXACT = Numerics()
"""Upscaling, sampling and scoring."""


def of_training(precision: Precision) -> Numerics:
    """A training's: all patches have one size, so that trying pays."""
    return Numerics(tf32=precision == "tf32", benchmark=True, deterministic=False)


def set_numerics(numerics: Numerics) -> None:
    """Compute so from now on in this process."""
    import torch

    torch.backends.cuda.matmul.allow_tf32 = numerics.tf32
    torch.backends.cudnn.allow_tf32 = numerics.tf32
    torch.backends.cudnn.benchmark = numerics.benchmark
    torch.backends.cudnn.deterministic = numerics.deterministic


@contextmanager
def numerics(wanted: Numerics) -> Iterator[None]:
    """Inside, this process computes so; afterwards as before."""
    import torch

    cuda, cudnn = torch.backends.cuda.matmul, torch.backends.cudnn
    before = cuda.allow_tf32, cudnn.allow_tf32, cudnn.benchmark, cudnn.deterministic
    set_numerics(wanted)
    try:
        yield
    finally:
        cuda.allow_tf32, cudnn.allow_tf32, cudnn.benchmark, cudnn.deterministic = before


def numerics_facts() -> dict[str, bool]:
    """What is set in this process, under torch's names."""
    import torch

    return {
        "cuda.matmul.allow_tf32": torch.backends.cuda.matmul.allow_tf32,
        "cudnn.allow_tf32": torch.backends.cudnn.allow_tf32,
        "cudnn.benchmark": torch.backends.cudnn.benchmark,
        "cudnn.deterministic": torch.backends.cudnn.deterministic,
    }
