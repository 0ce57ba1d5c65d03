"""The matrices on the documentation's page can be read as they stand."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from srbench.matrix import read_matrix

PAGE = Path(__file__).parents[3] / "docs/pretrained.md"


@pytest.mark.parametrize("title", ["checkpoints.yaml", "programs.yaml"])
def test_a_matrix_of_the_page_names_only_what_there_is(tmp_path: Path, title: str) -> None:
    blocks = dict(re.findall(r'```\w+ title="([^"]+)"\n(.*?)```', PAGE.read_text(), re.DOTALL))
    for name in re.findall(r"(?:models|tools)/[\w.-]+", blocks[title]):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / title).write_text(blocks[title])
    methods = read_matrix(tmp_path / title).methods
    assert len(methods) == 3
    for use in methods:
        use.create()
