"""Options that several verbs share mean the same to each."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from rig.verbs import Srbench

from srbench.cli import VERBS, cli
from srbench.cli.options import STATUSES, statuses

HAVE = {
    "matrix": ["run", "plan", "report", "prepare", "export", "judge", "votes"],
    "store": [
        "run",
        "watch",
        "plan",
        "report",
        "publish",
        "show",
        "why",
        "export",
        "judge",
        "votes",
        "verify",
        "clean",
    ],
    "place": ["watch", "verify", "clean"],
    "verify": ["run", "plan"],
    "retry": ["run", "plan"],
    "as_json": ["watch", "plan", "show", "why", "list", "info", "fetch", "votes", "verify", "clean", "doctor"],
}


def parameters(verb: str) -> dict[str | None, click.Parameter]:
    command = cli.get_command(click.Context(cli), verb)
    assert command is not None
    return {parameter.name: parameter for parameter in command.params}


@pytest.mark.parametrize("name", HAVE)
def test_every_verb_spells_it_alike(name: str) -> None:
    having = [verb for verb in VERBS if name in parameters(verb)]
    assert having == HAVE[name]
    facts = [parameters(verb)[name].to_info_dict() for verb in having]
    assert all(one == facts[0] for one in facts)


def test_statuses_are_read_in_any_order_and_unknown_ones_refused() -> None:
    assert statuses("") == set()
    assert statuses(" timeout,failed ,") == {"failed", "timeout"}
    assert statuses(",".join(STATUSES)) == set(STATUSES)
    with pytest.raises(click.BadParameter, match="Did you mean 'failed'"):
        statuses("ok,faild")


@pytest.mark.parametrize("verb", HAVE["store"])
def test_a_file_is_no_store(tmp_path: Path, srbench: Srbench, verb: str) -> None:
    (tmp_path / "file").write_text("")
    said = srbench(verb, *(["anything"] if verb != "verify" else []), "--store", tmp_path / "file")
    assert said.code == 2
    assert "--store" in said.err and "is a file" in said.err
