"""The kinds of devices that torch computes on, and all in which they differ: nothing else asks for one by its name.

What torch calls `cuda` are NVIDIA's GPUs, and AMD's in a build for ROCm; `mps` is the GPU of a Mac, which has one that
shares the machine's memory. Of a kind that is not here (`xpu`) srbench knows nothing but that torch computes there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    import torch

ELSEWHERE = "gpu"
"""What a GPU of another machine is called, of which nobody knows here which kind it is."""


class Kind:
    """What is true of any device, the CPU among them.

    own_memory: whether a device has memory of its own, whose allocator torch asks for its peak; otherwise what is held
    is seen by looking now and then. pins: whether copies to a device are faster from memory that stays in its place.
    exchange: how processes that share a training exchange tensors, as torch.distributed names it. doubles: whether it
    computes in 64 bits. scales: whether losses can be scaled for trainings in fp16. tunes: whether torch has settings
    of how exactly it computes in 32 bits. full: what an error has in it that says that the device's memory is full.
    """

    own_memory: ClassVar[bool] = False
    pins: ClassVar[bool] = False
    exchange: ClassVar[str] = "gloo"
    doubles: ClassVar[bool] = True
    scales: ClassVar[bool] = True
    tunes: ClassVar[bool] = False
    full: ClassVar[tuple[str, ...]] = ()

    def gpus(self) -> list[str]:
        """The devices of this kind that are here and no CPU, without making any of them ready for use."""
        return []

    def title(self, device: str) -> str:
        """What a device is called by those who make it."""
        return device

    def choose(self, device: str) -> None:
        """Let this process compute on this one of several."""

    def synchronise(self, device: str) -> None:
        """Wait until all that was asked of it is done."""

    def forget_peak(self, device: str) -> None:
        """Let peaks be those from now on; of a device with memory of its own."""

    def peak(self, device: str) -> tuple[int, int]:
        """The most bytes that this process ever held on it, and of these what tensors held; memory of its own."""
        raise TypeError(f"{device} has no memory of its own")

    def held(self, device: str) -> int | None:
        """The bytes that this process holds on it now; None: it is the process's own memory that it computes in."""
        return None

    def free(self, device: str) -> tuple[int, int] | None:
        """How many bytes of a GPU nobody holds, and how many it has; None where it is no GPU."""
        return None

    def serial(self, device: str) -> str | None:
        """The number by which NVIDIA's own tools know it; None where they do not."""
        return None

    def random_states(self) -> list[torch.Tensor]:
        """Where the generator of the current device stands; nothing where it has none beside the CPU's."""
        return []

    def set_random_state(self, state: torch.Tensor) -> None:
        """Put that of the current device to where it stood."""

    def lacks(self, precision: str, device: str) -> str | None:
        """Why it does not compute in a precision, with what to use instead; None where it does.

        precision: `32`, `tf32`, `bf16` or `fp16`.
        """
        return None


class Cpu(Kind):
    """The machine's processor."""

    scales = False

    def lacks(self, precision: str, device: str) -> str | None:
        """TensorFloat-32 is something of GPUs."""
        return "precision tf32 needs a GPU; on a CPU use precision: bf16, or 32" if precision == "tf32" else None


class Cuda(Kind):
    """NVIDIA's and AMD's GPUs."""

    own_memory = True
    pins = True
    exchange = "cpu:gloo,cuda:nccl"
    tunes = True
    full = ("CUDA error: out of memory", "CUBLAS_STATUS_ALLOC_FAILED", "CUDNN_STATUS_ALLOC_FAILED")
    _TF32_SINCE = (8, 0)
    """The compute capability of Ampere."""

    def gpus(self) -> list[str]:
        """All that CUDA_VISIBLE_DEVICES lets this process see."""
        import torch

        return [f"cuda:{index}" for index in range(torch.cuda.device_count())]

    def title(self, device: str) -> str:
        """The GPU's model."""
        import torch

        return torch.cuda.get_device_name(torch.device(device))

    def choose(self, device: str) -> None:
        """Make it the current one."""
        import torch

        torch.cuda.set_device(device)

    def synchronise(self, device: str) -> None:
        """Wait for all its streams."""
        import torch

        torch.cuda.synchronize(device)

    def forget_peak(self, device: str) -> None:
        """Set back the peaks of torch's allocator."""
        import torch

        torch.cuda.reset_peak_memory_stats(device)

    def peak(self, device: str) -> tuple[int, int]:
        """What torch's allocator reserved, and what tensors had of it."""
        import torch

        return torch.cuda.max_memory_reserved(device), torch.cuda.max_memory_allocated(device)

    def held(self, device: str) -> int | None:
        """What torch's allocator has reserved."""
        import torch

        return torch.cuda.memory_reserved(device)

    def free(self, device: str) -> tuple[int, int] | None:
        """The free and all memory in bytes, as the driver has it, of all processes together."""
        import torch

        free, total = torch.cuda.mem_get_info(device)
        return free, total

    def serial(self, device: str) -> str | None:
        """Its UUID without `GPU-`."""
        import torch

        return str(torch.cuda.get_device_properties(device).uuid)

    def random_states(self) -> list[torch.Tensor]:
        """Only the current one's: asking others would make a context on each."""
        import torch

        return [torch.cuda.get_rng_state()] if torch.cuda.is_available() else []

    def set_random_state(self, state: torch.Tensor) -> None:
        """Set the random state of the current device, where there is one."""
        import torch

        if torch.cuda.is_available():
            torch.cuda.set_rng_state(state)

    def lacks(self, precision: str, device: str) -> str | None:
        """Older ones have no TensorFloat-32, or no bfloat16."""
        import torch

        own = torch.device(device)
        if precision == "tf32" and torch.cuda.get_device_capability(own) < self._TF32_SINCE:
            return f"{self.title(device)} has no tf32; use precision: fp16, or 32"
        if precision == "bf16" and not torch.cuda.is_bf16_supported(including_emulation=False):
            return f"{self.title(device)} has no bf16; use precision: fp16, or 32"
        return None


class Mps(Kind):
    """The GPU of a Mac with a chip of Apple's, through Metal."""

    doubles = False
    full = ("MPS backend out of memory",)
    _BF16_SINCE = (14, 0)
    """The version of macOS."""

    def gpus(self) -> list[str]:
        """One, or none."""
        import torch

        return ["mps"] if torch.backends.mps.is_available() else []

    def title(self, device: str) -> str:
        """The chip's name, as far as the system tells."""
        import platform

        return f"{platform.processor() or platform.machine()} (Metal)"

    def synchronise(self, device: str) -> None:
        """Wait for all its streams."""
        import torch

        torch.mps.synchronize()

    def held(self, device: str) -> int | None:
        """What Metal has given to this process."""
        import torch

        return torch.mps.driver_allocated_memory()

    def free(self, device: str) -> tuple[int, int] | None:
        """Bytes that this process may still take, and the most that Metal recommends to use."""
        import torch

        most = torch.mps.recommended_max_memory()
        return max(0, most - torch.mps.driver_allocated_memory()), most

    def random_states(self) -> list[torch.Tensor]:
        """That of its generator."""
        import torch

        return [torch.mps.get_rng_state()] if torch.backends.mps.is_available() else []

    def set_random_state(self, state: torch.Tensor) -> None:
        """Its generator's, where there is one."""
        import torch

        if torch.backends.mps.is_available():
            torch.mps.set_rng_state(state)

    def lacks(self, precision: str, device: str) -> str | None:
        """TensorFloat-32 is NVIDIA's, and bfloat16 came with macOS 14."""
        import torch

        if precision == "tf32":
            return "precision tf32 needs a GPU of NVIDIA's; on this one use precision: fp16, or 32"
        if precision == "bf16" and not torch.backends.mps.is_macos_or_newer(*self._BF16_SINCE):
            return "precision bf16 needs macOS 14 or later; use precision: fp16, or 32"
        return None


KINDS: dict[str, Kind] = {"cpu": Cpu(), "cuda": Cuda(), "mps": Mps()}
"""By torch's name of their devices."""


def kind_of(device: str | torch.device) -> Kind:
    """What is known of a device's kind: `cuda:1`, `mps`, `cpu`."""
    return KINDS.get(str(device).partition(":")[0], Kind())


def gpus() -> list[str]:
    """The GPUs of this machine that this process may use, by their names in torch; they are only counted."""
    return [device for kind in KINDS.values() for device in kind.gpus()]


def widest(device: str | torch.device) -> torch.dtype:
    """The number format of the most bits that a device computes in: for sums over many values."""
    import torch

    return torch.float64 if kind_of(device).doubles else torch.float32


def best_device() -> str:
    """The first GPU, or else the CPU."""
    return next(iter(gpus()), "cpu")
