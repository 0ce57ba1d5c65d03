"""The devices that torch computes on: which are here, and in what their kinds differ."""

from srbench.devices.kinds import Kind, best_device, gpus, kind_of, widest

__all__ = ["Kind", "best_device", "gpus", "kind_of", "widest"]
