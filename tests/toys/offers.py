"""A registry of things that do nothing, to be named in matrix files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any, ClassVar, Literal

from msgspec import Meta

import srbench
from srbench.contract.degradations import Bicubic
from srbench.contract.entry import Entry
from srbench.contract.hookspecs import hookimpl
from srbench.contract.metric import ImageMetric
from srbench.registry import builtin
from srbench.registry.registry import Plugin, Registry
from srbench.tasks import generation, super_resolution


class Still(srbench.Method):
    """Neither learns nor takes parameters."""

    def upscale(self, lr: Any, scale: int) -> Any:
        return lr


class Learner(Still):
    learns = True
    presets: ClassVar = {"paper": {"lr": 1e-4, "width": 64}, "small": {"width": 8}}

    def __init__(
        self,
        width: Annotated[int, Meta(ge=1)] = 32,
        lr: float = 1e-3,
        norm: Literal["batch", "none"] = "none",
        kernels: tuple[int, ...] = (9, 5, 5),
        weights: Path | None = None,
    ) -> None: ...


class Named(srbench.Dataset):
    def test(self) -> Any:
        return ()


class Folder(Named):
    def __init__(self, path: Path, name: str = "") -> None: ...


class Score(ImageMetric):
    higher_is_better = True

    def __init__(self, extractor: str = "inception") -> None: ...

    def score(self, sr: Any, hr: Any) -> float:
        return 0.0


@dataclass(frozen=True)
class UnheardOf(Bicubic):
    name: ClassVar[str] = "unheard-of"


STRANGE = srbench.Protocol("strange", 2, degradation=UnheardOf())


class Queue(srbench.Executor):
    options = frozenset({"partition"})

    def __init__(self, jobs: int = 3) -> None: ...


def toy_registry() -> Registry:
    @hookimpl
    def srbench_methods() -> list[Entry]:
        return [
            Entry("bicubic", Still),
            Entry("srcnn", Learner),
            Entry("odd:name", Still),
            Entry("gone", "no_such_module_anywhere:Thing"),
        ]

    @hookimpl
    def srbench_datasets() -> list[Entry]:
        return [Entry("set5", Named), Entry("t91", Named), Entry("folder", Folder)]

    @hookimpl
    def srbench_metrics() -> list[Entry]:
        return [Entry("psnr", Score), Entry("ssim", Score), Entry("fid", Score)]

    @hookimpl
    def srbench_protocols() -> list[Entry]:
        offered = (*super_resolution.protocols(), *generation.protocols(), STRANGE)
        return [Entry(protocol.name, protocol) for protocol in offered]

    @hookimpl
    def srbench_executors() -> list[Entry]:
        return [Entry("queue", Queue)]

    module = SimpleNamespace(
        srbench_methods=srbench_methods,
        srbench_datasets=srbench_datasets,
        srbench_metrics=srbench_metrics,
        srbench_protocols=srbench_protocols,
        srbench_degradations=builtin.srbench_degradations,
        srbench_tasks=builtin.srbench_tasks,
        srbench_executors=srbench_executors,
    )
    registry = Registry()
    registry.add(Plugin("toy", "srbench-toy", "1.0", "toy"), module)
    assert not registry.broken
    return registry
