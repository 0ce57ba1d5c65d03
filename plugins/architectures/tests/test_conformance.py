"""Every architecture keeps the promises of methods that learn: they resume, repeat, save without code, and so on."""

from __future__ import annotations

from tiny_networks import TINY, params

from srbench.testing import check_methods

test_network = check_methods(*(("network", params(name)) for name in TINY))
test_small = check_methods(
    ("network", {**params("edsr"), "preset": "small"}),
    ("network", {**params("safmn"), "preset": "paper", "tile": 16, "weight_decay": 0.1, "warm_up": 0.5}),
)
test_gan = check_methods(
    ("network", {**params("compact"), "gan": {"width": 2, "layers": {}, "share": 0.5}}),
    ("network", {**params("rrdb"), "gan": {"width": 2, "layers": {}, "share": 1.0, "loss": "relativistic"}}),
    ("network", {**params("hat"), "gan": {"width": 2, "layers": {}, "share": 0.5, "discriminator": "vgg"}}),
)
