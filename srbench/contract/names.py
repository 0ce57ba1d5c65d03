"""The names of the tasks that the contract's own base classes are for; what a task is, its file in `tasks/` says."""

SUPER_RESOLUTION = "super-resolution"
"""Turn LR into SR: that of `Method`, of metrics and of protocols, unless they say otherwise."""
GENERATION = "generation"
"""Make images from noise: that of `Generator`, and of metrics that define `update_unpaired`."""
