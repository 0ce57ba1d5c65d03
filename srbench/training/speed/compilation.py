"""`torch.compile` of networks, while they train or where a model is used."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

from srbench.errors import SrbenchError

if TYPE_CHECKING:
    import torch

_MODULES = ("torch._dynamo", "torch._inductor", "torch._functorch")


class CompileError(SrbenchError):
    """A network that `torch.compile` cannot compile here."""


def compile_networks(networks: Iterable[torch.nn.Module], dynamic: bool | None = None) -> None:
    """Compile the forward pass of these networks, in place: their weights keep their names.

    dynamic: whether for sizes of all kinds at once; None: for the first one, and where others follow for them, too.

    `Module.compile` would not do: it leaves out networks that are a plain Sequential, since torch's own files are not
    compiled on their own.
    """
    import torch

    networks = list(networks)
    uncompile(networks)
    for network in networks:
        vars(network)["forward"] = torch.compile(_inlined(network.forward), dynamic=dynamic)


def _inlined(forward: Callable[..., Any]) -> Callable[..., Any]:
    def call(*arguments: Any, **named: Any) -> Any:
        return forward(*arguments, **named)

    return call


def is_compiled(network: torch.nn.Module) -> bool:
    """Whether this network was compiled, and not uncompiled since."""
    return "forward" in vars(network)


def uncompile(networks: Iterable[torch.nn.Module]) -> None:
    """Let them run as they are written again: upscaling meets ever new sizes, and would compile for each."""
    for network in networks:
        vars(network).pop("forward", None)


@contextmanager
def compile_errors(where: str, left_out: str) -> Iterator[None]:
    """Say in words what is wrong when a compiler fails inside. left_out: what to leave out, in words."""
    try:
        yield
    except Exception as error:
        if not type(error).__module__.startswith(_MODULES):
            raise
        raise CompileError(
            f"{where}: torch.compile failed: {_first_line(error)}. It needs a C++ compiler (g++), on a GPU "
            f"Triton too; without them leave out {left_out}"
        ) from error


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0].rstrip(".:") if lines else type(error).__name__


def not_compiled() -> AbstractContextManager[object]:
    """A context in which compiled networks run as they are written."""
    import torch

    stance: AbstractContextManager[object] = torch.compiler.set_stance("force_eager")
    return stance
