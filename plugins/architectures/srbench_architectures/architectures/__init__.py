"""The architectures, a file each: parameters, presets, sources."""
