"""Jobs on a SLURM cluster."""

import srbench


@srbench.hookimpl
def srbench_executors() -> list[srbench.Entry]:
    """Job arrays of a SLURM cluster."""
    return [srbench.Entry("slurm", "srbench_slurm.executor:SlurmExecutor", "Job arrays of a SLURM cluster")]
