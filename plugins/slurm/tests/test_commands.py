"""SLURM's commands where they fail, and what their environment holds."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import pytest
from srbench_slurm import commands
from srbench_slurm.commands import SlurmError, environment, patiently_said_by, said_by


def test_what_a_command_prints_is_returned_and_it_is_given_its_input(fake: Any) -> None:
    fake.answer("sbatch", "12\n")
    assert said_by("sbatch", "--parsable", given="#!/bin/sh\n") == "12\n"
    assert fake.told("sbatch") == ["--parsable"]
    assert (fake.folder / "sbatch.given").read_text() == "#!/bin/sh\n"


@pytest.mark.parametrize(
    ("err", "told", "passing"),
    [
        ("slurm_load_jobs error: Unable to contact slurm controller", "Unable to contact slurm controller", True),
        ("sbatch: error: Submission failed: Socket timed out\n", "Submission failed: Socket timed out", True),
        ("sbatch: error: Slurm temporarily unable to accept job", "Slurm temporarily unable to accept job", True),
        ("sbatch: error: Submission failed: Invalid account", "Submission failed: Invalid account", False),
        ("sbatch: error: one\nsbatch: error: two\n", "one two", False),
        ("", "exit code 1", False),
    ],
)
def test_a_failure_is_told_in_slurms_words_and_may_pass_where_the_controller_is_away(
    fake: Any, err: str, told: str, passing: bool
) -> None:
    fake.answer("squeue", err=err, code=1)
    with pytest.raises(SlurmError) as raised:
        said_by("squeue")
    assert raised.value.passing == passing
    assert str(raised.value) == f"squeue: {told}"


def test_where_there_is_no_slurm_it_is_said_where_to_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SlurmError, match="there is no program squeue on this machine; run srbench where SLURM's are"):
        said_by("squeue")


def test_one_that_does_not_answer_is_given_up_and_may_answer_later(fake: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "_LONGEST_SECONDS", 0.05)
    (fake.folder / "squeue").write_text("#!/bin/sh\nexec sleep 60\n")
    with pytest.raises(SlurmError, match="squeue does not answer") as raised:
        said_by("squeue")
    assert raised.value.passing


def test_a_controller_that_restarts_is_waited_for_and_one_that_refuses_is_not(
    fake: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            fake.answer("squeue", "back\n")

    monkeypatch.setattr(commands, "time", SimpleNamespace(monotonic=time.monotonic, sleep=sleep))
    fake.answer("squeue", err="Unable to contact slurm controller (connect failure)", code=1)
    assert patiently_said_by("squeue") == "back\n"
    assert len(fake.told("squeue")) == 4
    fake.answer("squeue", err="Invalid user", code=1)
    with pytest.raises(SlurmError, match="Invalid user"):
        patiently_said_by("squeue")
    monkeypatch.setattr(commands, "PATIENCE_SECONDS", -1)
    fake.answer("squeue", err="Connection refused", code=1)
    with pytest.raises(SlurmError, match="Connection refused"):
        patiently_said_by("squeue")
    assert len(pauses) == 3


def test_jobs_inherit_neither_the_mark_of_the_run_nor_the_job_that_the_run_is_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("SRBENCH_AT_WORK_IN", "SLURM_JOB_ID", "SLURM_MEM_PER_NODE", "SLURM_CONF", "SBATCH_ACCOUNT", "MINE"):
        monkeypatch.setenv(name, "x")
    inherited = environment()
    assert {"SLURM_CONF", "SBATCH_ACCOUNT", "MINE", "PATH"} <= inherited.keys()
    assert not {"SRBENCH_AT_WORK_IN", "SLURM_JOB_ID", "SLURM_MEM_PER_NODE"} & inherited.keys()
