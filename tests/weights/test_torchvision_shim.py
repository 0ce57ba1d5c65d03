"""torchvision can be imported beside any torch, and what else is wrong with an import is passed on and named.

Each test imports in a process of its own: an import can be tried only once.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest


def run(code: str, path: Path | None = None) -> list[str]:
    """The lines that the code prints in a new interpreter, with `path` first in its import path."""
    environment = dict(os.environ)
    if path is not None:
        environment["PYTHONPATH"] = str(path)
    code = f"from srbench.weights.torchvision_shim import import_torchvision\n{code}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def fake_torchvision(folder: Path, body: str) -> Path:
    """A torchvision whose import does what `body` says."""
    package = folder / "torchvision"
    package.mkdir()
    (package / "__init__.py").write_text(body)
    return folder


def test_torchvision_computes_after_the_import():
    # Known answers: the mean of four pixels, and a network's output size.
    printed = run("""
torchvision = import_torchvision()
import torch, torchvision as again
assert again is torchvision
from torchvision.transforms import functional
image = torch.arange(16.0).reshape(1, 4, 4)
print(functional.center_crop(image, [2, 2]).mean().item())
print(tuple(torchvision.models.squeezenet1_1(weights=None).eval()(torch.zeros(1, 3, 64, 64)).shape))
print(torchvision.extension.__name__, torchvision.ops.__name__)
""")
    assert printed == ["7.5", "(1, 1000)", "torchvision.extension torchvision.ops"]


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
    assert run("print(import_torchvision().extension.__name__)", package) == ["torchvision.extension"]


def test_an_import_that_works_is_left_alone(tmp_path):
    printed = run(
        "import sys; print(import_torchvision().mark, 'torch' in sys.modules)",
        fake_torchvision(tmp_path, "mark = 'plain'"),
    )
    assert printed == ["plain False"]


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
for _ in range(2):
    try:
        import_torchvision()
    except Exception as error:
        print(f"{type(error).__name__}: {error}")
""",
        fake_torchvision(tmp_path, body),
    )
    assert printed == [error, error]


def test_doctor_says_why_torchvision_cannot_be_imported(tmp_path):
    printed = run(
        """
from srbench.commands.doctor import diagnose
print(*(f"{finding.ok} {finding.finding}" for finding in diagnose() if finding.check == "torchvision"))
""",
        fake_torchvision(tmp_path, "raise ImportError('libcudart.so.13')"),
    )
    assert printed == ["False cannot be imported: libcudart.so.13; install it again"]
