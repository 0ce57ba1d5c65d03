"""The workflow lies in the repository around the site, names it, and takes the place of nobody else's file."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from srbench.commands.workflow import WORKFLOW, write_workflow
from srbench.errors import SrbenchError


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    return tmp_path


def test_it_deploys_the_site_and_checks_submissions_with_actions_of_github_alone(repository: Path) -> None:
    written = write_workflow(repository / "docs" / "boards")
    assert written == repository / WORKFLOW
    jobs = YAML(typ="safe").load(written.read_text())["jobs"]
    steps = [step for job in jobs.values() for step in job["steps"]]
    used = [step["uses"] for step in steps if "uses" in step]
    assert used and all(name.startswith("actions/") for name in used)
    artifact = next(step for step in steps if "upload-pages-artifact" in step.get("uses", ""))
    assert artifact["with"]["path"] == "docs/boards"
    (check,) = [step["run"] for step in jobs["check"]["steps"] if "publish" in step.get("run", "")]
    assert 'srbench publish "docs/boards/$board" --to "docs/boards" --add "$submission" --check' in check
    assert f"pip install srbench=={version('srbench')}" in [step.get("run") for step in jobs["check"]["steps"]]
    assert "permissions" not in jobs["check"]  # a pull request of a stranger may write nothing


def test_it_is_written_anew_and_a_file_of_others_is_left_alone(repository: Path) -> None:
    place = write_workflow(repository / "site")
    first = place.read_bytes()
    write_workflow(repository / "other")
    assert b"path: other" in place.read_bytes()
    write_workflow(repository / "site")
    assert place.read_bytes() == first
    place.write_text("name: mine\n")
    with pytest.raises(SrbenchError, match="srbench did not write it"):
        write_workflow(repository / "site")
    assert place.read_text() == "name: mine\n"


def test_without_a_repository_or_with_a_name_that_a_shell_reads_otherwise_it_is_refused(
    repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with pytest.raises(SrbenchError, match="lies in no git repository"):
        write_workflow(tmp_path_factory.mktemp("none") / "site")
    with pytest.raises(SrbenchError, match="plain name"):
        write_workflow(repository / "$(rm -rf)")
    assert not (repository / ".github").exists()
