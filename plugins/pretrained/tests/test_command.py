"""Outside programs as methods: what they are given, what becomes of what they leave, and that nothing of them stays."""

from __future__ import annotations

import hashlib
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import torch
from rig import Bench
from srbench_pretrained.command import Command, CommandError

import srbench
from srbench.pictures import to_tensor
from srbench.testing import MethodSubject, run_checks

NEAREST = """
import sys
import numpy as np
from srbench.pictures import read_image, write_image

source, target, scale = sys.argv[1:]
image = read_image(source)
print(image.dtype.name, file=sys.stderr)
write_image(target, image.repeat(int(scale), 0).repeat(int(scale), 1))
"""


def python(code: str, *arguments: str, **params: Any) -> Command:
    """The interpreter with a piece of code and arguments; the paths are there for the asking."""
    return Command(run=[sys.executable, "-c", code, *(arguments or ("{input}", "{output}", "{scale}"))], **params)


def pictures(dtype: type, channels: int, count: int = 1) -> torch.Tensor:
    generator = np.random.default_rng(3)
    peak = {np.uint8: 255, np.uint16: 65535, np.float32: 1}[dtype]
    images = [(generator.random((7, 9, channels)) * peak).astype(dtype) for _ in range(count)]
    return torch.stack([to_tensor(image, srbench.Values.of(image)) for image in images])


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("dtype", "depth"), [(np.uint8, None), (np.uint16, None), (np.float32, 32)])
def test_the_program_is_given_the_image_without_loss(dtype: type, depth: Any, channels: int) -> None:
    lr = pictures(dtype, channels, count=2)
    sr = python(NEAREST, depth=depth).upscale(lr, 3)
    expected = lr.repeat_interleave(3, -2).repeat_interleave(3, -1)
    torch.testing.assert_close(sr, expected, atol=1e-6, rtol=0)


@pytest.mark.parametrize(
    ("dtype", "given", "file"),
    [
        (np.uint8, None, "uint8"),
        (np.uint16, None, "uint16"),
        (np.uint16, 8, "uint8"),
        (np.uint8, 16, "uint16"),
        (np.float32, None, "uint16"),
    ],
)
def test_the_file_has_the_least_depth_that_holds_the_image_or_the_one_given(dtype: type, given: Any, file: str) -> None:
    code = "import sys; from srbench.pictures import read_image; sys.exit(read_image(sys.argv[1]).dtype.name)"
    with pytest.raises(CommandError, match=rf"it said: {file}$"):
        python(code, "{input}", "{output}", depth=given).upscale(pictures(dtype, 3), 2)


def test_grey_may_come_back_in_colour_and_colour_as_grey() -> None:
    from_grey = (
        "import sys, numpy as np; from srbench.pictures import *; i = read_image(sys.argv[1]).astype(float);"
        "i = np.concatenate([i, i * 0, i * 0.5], 2); write_image(sys.argv[2], i.round().astype('uint8'))"
    )
    lr = pictures(np.uint8, 1)
    torch.testing.assert_close(python(from_grey, "{input}", "{output}").upscale(lr, 1), lr / 2, atol=0.002, rtol=0)
    to_grey = "import sys; from srbench.pictures import *; write_image(sys.argv[2], read_image(sys.argv[1])[..., :1])"
    lr = pictures(np.uint8, 3)
    sr = python(to_grey, "{input}", "{output}").upscale(lr, 1)
    torch.testing.assert_close(sr, lr[:, :1].repeat(1, 3, 1, 1), atol=1e-6, rtol=0)


def test_arguments_arrive_as_they_are_written(tmp_path: Path) -> None:
    code = "import json, os, sys; sys.exit(json.dumps([sys.argv[1:], os.listdir()]))"
    odd = ["; touch gone", "$HOME", "a b", "*", "{not a name}", "-x{scale}"]
    with pytest.raises(CommandError) as caught:
        python(code, "{input}", "{output}", *odd).upscale(pictures(np.uint8, 3), 2)
    said = str(caught.value)
    assert '"; touch gone", "$HOME", "a b", "*", "{not a name}", "-x2"]' in said
    assert said.endswith('["input.png"]]'), "its folder holds the input and nothing else"


class TestFailures:
    def test_an_exit_code_comes_with_the_end_of_what_was_printed(self) -> None:
        code = "import sys; print('x' * 99999); print('out of luck', file=sys.stderr); sys.exit(3)"
        with pytest.raises(CommandError, match="exit code 3 on an image of 9 x 7 pixels") as caught:
            python(code, "{input}", "{output}").upscale(pictures(np.uint8, 3), 2)
        assert str(caught.value).endswith("out of luck")
        assert len(str(caught.value)) < 3000

    def test_a_signal_is_named(self) -> None:
        with pytest.raises(CommandError, match="signal 11"):
            python("import os; os.kill(os.getpid(), 11)", "{input}", "{output}").upscale(pictures(np.uint8, 3), 2)

    @pytest.mark.parametrize(
        ("code", "words"),
        [
            ("pass", "ended well but left no output.png"),
            ("import sys; open(sys.argv[2], 'w').write('no picture')", "left no picture that can be read"),
            ("import shutil, sys; shutil.copy(*sys.argv[1:])", "made 9 x 7 pixels of 9 x 7 pixels.*be 18 x 14"),
        ],
    )
    def test_what_is_no_sr_is_named(self, code: str, words: str) -> None:
        with pytest.raises(CommandError, match=words):
            python(code, "{input}", "{output}").upscale(pictures(np.uint8, 3), 2)

    @pytest.mark.parametrize(
        ("run", "words"),
        [
            ([], "a list is needed"),
            (["up", ""], "none of them empty"),
            (["up", "{input}"], "no argument holds {output}"),
            (["up", "{inptu}", "{output}"], "Did you mean 'input'"),
        ],
    )
    def test_a_command_line_that_cannot_work_is_refused(self, run: list[str], words: str) -> None:
        with pytest.raises(CommandError, match=words):
            Command(run=run)

    def test_files_that_are_not_used_or_take_a_name_that_means_something_are_refused(self) -> None:
        run = ["up", "{input}", "{output}"]
        with pytest.raises(CommandError, match="already stands for"):
            Command(run=run, files={"input": Path("a")})
        with pytest.raises(CommandError, match=r"\{model\} is in no argument"):
            Command(run=run, files={"model": Path("a")})

    @pytest.mark.parametrize(
        ("program", "words"),
        [
            ("no-such-program-anywhere", "is not on the PATH"),
            ("/no/such/program", "is not an executable file"),
            ("./upscale.sh", "give it a name in `files`"),
        ],
    )
    def test_a_missing_program_is_known_before_anything_runs(self, program: str, words: str) -> None:
        method = Command(run=[program, "{input}", "{output}"])
        answer = method.supports(srbench.Problem(2, (3,), ("uint8",), (8, 8), (8, 8)))
        assert isinstance(answer, srbench.Skip)
        assert words in answer.reason
        assert method.files == ()

    def test_scales_that_the_program_cannot_do_are_refused(self) -> None:
        method = python(NEAREST, scales=[2, 4])
        answers = [method.supports(srbench.Problem(s, (3,), ("uint8",), (8, 8), (8, 8))) for s in (2, 3, 4)]
        assert answers[0] is None and answers[2] is None
        assert isinstance(answers[1], srbench.Skip)
        assert answers[1].reason == "upscales by 2, 4, the protocol asks for 3"


GRANDCHILD = """
import os, subprocess, sys, time

# A session of its own and a parent that has ended: neither the group nor the tree of processes shows it.
code = "import subprocess; print(subprocess.Popen(['sleep', '600'], stdout=2, start_new_session=True).pid)"
pid = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True).stdout
print("grandchild", pid, flush=True)
if sys.argv[3] == "stay":
    time.sleep(600)
sys.exit(1)
"""


@pytest.mark.parametrize("then", ["stay", "end"])
def test_nothing_of_the_program_stays_whether_it_ends_or_is_killed(then: str) -> None:
    method = python(GRANDCHILD, "{input}", "{output}", then, seconds=3 if then == "stay" else 60)
    with pytest.raises(CommandError) as caught:
        method.upscale(pictures(np.uint8, 3), 2)
    message = str(caught.value)
    assert ("killed after 3 s" in message) == (then == "stay")
    pid = int(message.split("grandchild")[1].split()[0])
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_an_outer_interruption_leaves_nothing_either(monkeypatch: pytest.MonkeyPatch) -> None:
    import subprocess

    started: list[int] = []

    def interrupted(self: subprocess.Popen[bytes], timeout: float | None = None) -> int:
        if timeout is not None:
            started.append(self.pid)
            raise KeyboardInterrupt
        return original(self)

    original = subprocess.Popen.wait
    monkeypatch.setattr(subprocess.Popen, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        python("import time; time.sleep(600)", "{input}", "{output}").upscale(pictures(np.uint8, 3), 2)
    assert started and not psutil.pid_exists(started[0])


def test_the_scratch_folder_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    python(NEAREST).upscale(pictures(np.uint8, 3), 2)
    assert list(tmp_path.iterdir()) == []


def test_a_program_keeps_every_promise_of_a_method(tmp_path: Path) -> None:
    # ImageMagick's and waifu2x's kind of program, in as little time as an interpreter takes.
    script = tmp_path / "nearest.py"
    script.write_text(f"#!{sys.executable} -IS\nimport site; site.main()\n" + NEAREST)
    script.chmod(0o755)
    params = {"run": ["{program}", "{input}", "{output}", "{scale}"], "files": {"program": str(script)}}
    outcomes = list(run_checks(MethodSubject("command", params)))
    assert len(outcomes) > 15
    assert {one.check.name: one.message for one in outcomes if one.status != "passed"} == {}


def test_a_run_ranks_programs_and_the_key_holds_what_they_are(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    (tmp_path / "tools").mkdir()
    script = tmp_path / "tools/nearest.py"
    script.write_text(NEAREST)
    run = [sys.executable, "{script}", "{input}", "{output}", "{scale}"]
    good = {"use": "command", "as": "good", "run": run, "files": {"script": "tools/nearest.py"}}
    fails = {"use": "command", "as": "fails", "run": [sys.executable, "-c", "1/0", "{input}", "{output}"]}
    absent = {"use": "command", "as": "absent", "run": ["no-such-program", "{input}", "{output}"]}
    bench.matrix(methods=[good, fails, absent, "toy-nearest"])
    assert bench.run().returncode == 1
    records = {label.rsplit("/", 1)[1]: record for label, record in bench.records().items()}
    assert {name: record["status"] for name, record in records.items()} == {
        "good": "ok",
        "fails": "failed",
        "absent": "skipped",
        "toy-nearest": "ok",
    }
    assert records["good"]["metrics"]["psnr"]["value"] == records["toy-nearest"]["metrics"]["psnr"]["value"]
    assert "ZeroDivisionError" in records["fails"]["reason"]
    assert "no-such-program" in records["absent"]["reason"]
    method = records["good"]["ingredients"]["method"]
    assert method["files"] == [hashlib.sha256(Path(sys.executable).read_bytes()).hexdigest()]
    assert method["params"]["files"] == {"script": {"sha256": hashlib.sha256(NEAREST.encode()).hexdigest()}}
    time.sleep(0.01)
    script.write_text(NEAREST + "# changed\n")
    plan = bench.srbench("plan", "matrix.yaml").stdout
    assert "method.params.files.script.sha256" in plan
    assert not bench.left()
