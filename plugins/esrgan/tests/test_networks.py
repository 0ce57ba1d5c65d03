import subprocess
import sys

import pytest
import torch
from srbench_esrgan.basicsr_networks import discriminator, rrdb_net


def run(code: str) -> str:
    """What the code prints in a new interpreter."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize(("scale", "channels", "parameters"), [(4, 3, 16697987), (2, 3, 16703171), (4, 1, 16695681)])
def test_the_networks_of_the_paper_have_the_published_number_of_parameters(
    scale: int, channels: int, parameters: int
) -> None:
    with torch.device("meta"):
        network = rrdb_net(channels, scale, blocks=23, features=64, growth=32)
    assert sum(p.numel() for p in network.parameters()) == parameters


def test_neither_opencv_nor_scipy_nor_the_rest_of_basicsr_is_imported() -> None:
    printed = run("""
import sys
from srbench_esrgan.basicsr_networks import discriminator, rrdb_net
rrdb_net(3, 4, 1, 4, 2), discriminator(3, 2, 128)
print([name for name in ("basicsr", "basicsr.utils", "basicsr.data", "cv2", "scipy", "lmdb") if name in sys.modules])
""")
    assert printed == "[]"


@pytest.mark.parametrize("order", ["before", "after"])
def test_basicsr_itself_imported_before_or_after_is_whole_and_has_the_same_networks(order: str) -> None:
    ours = "from srbench_esrgan.basicsr_networks import discriminator, rrdb_net; rrdb_net(3, 4, 1, 4, 2)"
    theirs = (
        "from srbench.weights.torchvision_shim import import_basicsr; basicsr = import_basicsr(); "
        "from basicsr.archs.rrdbnet_arch import RRDBNet; from basicsr.archs.discriminator_arch import *"
    )
    both = [theirs, ours] if order == "before" else [ours, theirs]
    printed = run(
        "\n".join(both)
        + """
import sys, torch
assert sys.modules["basicsr"] is basicsr and callable(basicsr.tensor2img) and sys.modules["basicsr.utils"].img2tensor
for name, theirs in {"rrdb": RRDBNet(1, 1, 2, 8, 2, 4), "judge": VGGStyleDiscriminator(3, 2, 128)}.items():
    ours = rrdb_net(1, 2, blocks=2, features=8, growth=4) if name == "rrdb" else discriminator(3, 2, 128)
    ours.load_state_dict(theirs.state_dict())
    image = torch.rand((2, 1, 6, 8) if name == "rrdb" else (2, 3, 128, 128))
    print(name, ours(image).equal(theirs(image)))
"""
    )
    assert printed.splitlines() == ["rrdb True", "judge True"]


@pytest.mark.parametrize("side", [128, 256])
@pytest.mark.parametrize("channels", [1, 3])
def test_the_discriminator_gives_one_logit_an_image(side: int, channels: int) -> None:
    assert discriminator(channels, 2, side)(torch.rand(2, channels, side, side)).shape == (2, 1)


def test_a_missing_basicsr_is_named_with_the_way_to_install_it() -> None:
    printed = run("""
import importlib.util as util
real = util.find_spec
util.find_spec = lambda name, package=None: None if name == "basicsr" else real(name, package)
from srbench.errors import SrbenchError
from srbench_esrgan.basicsr_networks import rrdb_net
try:
    rrdb_net(3, 4, 1, 4, 2)
except SrbenchError as error:
    print(error)
""")
    assert "basicsr, which is not installed" in printed and "--no-build-isolation basicsr==1.4.2" in printed
