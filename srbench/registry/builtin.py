"""What srbench itself registers, as any plugin would: tasks, degradations, protocols, an executor, weights."""

from srbench.contract.entry import Entry
from srbench.contract.hookspecs import hookimpl
from srbench.contract.weights_file import WeightsFile


@hookimpl
def srbench_tasks() -> list[Entry]:
    """Super-resolution, and generation."""
    from srbench.tasks import generation, super_resolution

    return [
        Entry(super_resolution.TASK.name, super_resolution.TASK, "Turn LR into SR"),
        Entry(generation.TASK.name, generation.TASK, "Make images from noise"),
    ]


@hookimpl
def srbench_degradations() -> list[Entry]:
    """Bicubic, and blur."""
    home = "srbench.contract.degradations"
    return [
        Entry("bicubic", f"{home}:Bicubic", "Bicubic with antialiasing, as MATLAB's imresize"),
        Entry("gaussian-blur", f"{home}:GaussianBlur", "Gaussian blur, seen at the middles of LR's pixels"),
    ]


@hookimpl
def srbench_protocols() -> list[Entry]:
    """x2, x3, x4 in every channel convention; generation of small squares."""
    from srbench.tasks import generation, super_resolution

    return [
        Entry(protocol.name, protocol, task.describe(protocol))
        for task in (super_resolution, generation)
        for protocol in task.protocols()
    ]


@hookimpl
def srbench_executors() -> list[Entry]:
    """Processes on this machine."""
    return [Entry("local", "srbench.runner.supervision.local:LocalExecutor", "Processes on this machine")]


@hookimpl
def srbench_weights() -> list[WeightsFile]:
    """The weights that more than one plugin may want."""
    from srbench.registry.builtin_weights import published_weights

    return published_weights()
