"""The shim makes torchvision and basicsr work, says so, and keeps its hands off everything else.

Each test imports in a process of its own: an import can be tried only once.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest


def run(code: str, path: Path | None = None) -> str:
    """What the code prints in a new interpreter, with `path` first in its import path."""
    environment = dict(os.environ)
    if path is not None:
        environment["PYTHONPATH"] = str(path)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def fake_torchvision(folder: Path, body: str) -> Path:
    """A torchvision whose import does what `body` says."""
    package = folder / "torchvision"
    package.mkdir()
    (package / "__init__.py").write_text(body)
    return folder


def test_torchvision_computes_after_the_import():
    # Known answers: the mean of four pixels, and a network's output size.
    printed = run("""
from srbench.weights.torchvision_shim import import_torchvision
torchvision = import_torchvision()
import torch, torchvision as again
assert again is torchvision
from torchvision.transforms import functional
image = torch.arange(16.0).reshape(1, 4, 4)
print(functional.center_crop(image, [2, 2]).mean().item())
print(tuple(torchvision.models.squeezenet1_1(weights=None).eval()(torch.zeros(1, 3, 64, 64)).shape))
print(torchvision.extension.__name__, torchvision.ops.__name__)
""")
    assert printed.splitlines() == ["7.5", "(1, 1000)", "torchvision.extension torchvision.ops"]


def test_the_report_says_whether_the_plain_import_fails():
    plain = run("""
try:
    import torchvision
    print("")
except RuntimeError as error:
    print(f"RuntimeError: {error}")
""")
    report = run("""
import importlib.metadata
from srbench.weights.torchvision_shim import torchvision_report
report = torchvision_report()
assert report == torchvision_report()
assert report.version == importlib.metadata.version("torchvision") and report.works
print(report.shimmed)
print(report.reason)
""")
    assert report.split("\n") == [str(plain != ""), *([plain] if plain else [])]


def test_where_the_operators_are_missing_they_are_declared_and_the_import_begins_anew(tmp_path):
    # As the CUDA wheel does it: a submodule loads first, then the import stops at the operator.
    package = fake_torchvision(
        tmp_path,
        "from torchvision import extension\n"
        "import torch\n"
        "if not hasattr(torch.ops.torchvision, 'nms') or not hasattr(torch.ops.torchvision, 'qnms'):\n"
        "    raise RuntimeError('operator torchvision::nms does not exist')\n",
    )
    (package / "torchvision" / "extension.py").write_text("")
    printed = run(
        """
from srbench.weights.torchvision_shim import import_torchvision, torchvision_report
print(import_torchvision().extension.__name__)
report = torchvision_report()
print(report.works, report.shimmed, report.reason)
""",
        package,
    )
    assert printed.splitlines() == [
        "torchvision.extension",
        "True True RuntimeError: operator torchvision::nms does not exist",
    ]


def test_an_import_that_works_is_left_alone(tmp_path):
    printed = run(
        """
import sys
from srbench.weights.torchvision_shim import import_torchvision, torchvision_report
print(import_torchvision().mark)
report = torchvision_report()
print(report.works, report.shimmed, repr(report.reason), "torch" in sys.modules)
""",
        fake_torchvision(tmp_path, "mark = 'plain'"),
    )
    assert printed.splitlines() == ["plain", "True False '' False"]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("raise RuntimeError('no such device')", "RuntimeError: no such device"),
        (
            "raise RuntimeError('operator other::nms does not exist')",
            "RuntimeError: operator other::nms does not exist",
        ),
        ("raise ImportError('libcudart.so.13')", "ImportError: libcudart.so.13"),
    ],
)
def test_any_other_failure_is_passed_on(tmp_path, body, error):
    printed = run(
        """
import sys
from srbench.weights.torchvision_shim import import_torchvision, torchvision_report
for _ in range(2):
    try:
        import_torchvision()
    except Exception as error:
        print(f"{type(error).__name__}: {error}")
report = torchvision_report()
print(report.works, report.shimmed, report.reason, "torch" in sys.modules)
""",
        fake_torchvision(tmp_path, body),
    )
    assert printed.splitlines() == [error, error, f"False False {error} False"]


def test_basicsr_imports_and_computes():
    # BT.601 luma of pure red, through the very function whose module is gone.
    printed = run("""
from srbench.weights.torchvision_shim import import_basicsr
basicsr = import_basicsr()
assert import_basicsr() is basicsr
import torch
from basicsr.data.degradations import rgb_to_grayscale
red = torch.tensor([1.0, 0.0, 0.0]).reshape(1, 3, 1, 1)
print(f"{rgb_to_grayscale(red).item():.3f}")
from basicsr.archs.rrdbnet_arch import RRDBNet
print(tuple(RRDBNet(3, 3, scale=4, num_feat=4, num_block=1, num_grow_ch=2)(torch.zeros(1, 3, 6, 5)).shape))
""")
    assert printed.splitlines()[-2:] == ["0.299", "(1, 3, 24, 20)"]


def test_a_torchvision_that_has_the_module_keeps_it(tmp_path):
    package = fake_torchvision(tmp_path, "")
    transforms = package / "torchvision" / "transforms"
    transforms.mkdir()
    (transforms / "__init__.py").write_text("")
    (transforms / "functional_tensor.py").write_text("mark = 'its own'")
    printed = run(
        """
from srbench.weights.torchvision_shim import alias_functional_tensor
alias_functional_tensor()
from torchvision.transforms import functional_tensor
print(functional_tensor.mark)
""",
        package,
    )
    assert printed == "its own"


def test_importing_the_shim_imports_no_torch():
    assert run("import sys, srbench.weights.torchvision_shim; print('torch' in sys.modules)") == "False"
