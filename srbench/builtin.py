"""What srbench itself registers, as any plugin would: the standard protocols and the local executor."""

from srbench.hookspecs import hookimpl
from srbench.plugins import Entry


@hookimpl
def srbench_protocols() -> list[Entry]:
    """x2, x3, x4 in every channel convention."""
    from srbench.protocol import standard_protocols

    return [Entry(protocol.name, protocol, protocol.describe()) for protocol in standard_protocols()]


@hookimpl
def srbench_executors() -> list[Entry]:
    """Processes on this machine."""
    return [Entry("local", "srbench.runner.local:LocalExecutor", "Processes on this machine")]
