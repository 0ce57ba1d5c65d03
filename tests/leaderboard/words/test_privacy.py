"""What leaves the machine: no name of a folder, nothing that turns or hides text."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from srbench.leaderboard import publish
from srbench.leaderboard.pages.site import with_code
from srbench.leaderboard.words.privacy import Privacy

from ..toyboard import Board, keep, make_board

PARTS = st.lists(st.text("abcXYZ019_-.", min_size=1).filter(lambda part: part.strip(".")), min_size=2, max_size=5)
AROUND = st.sampled_from(
    ["{}", "see {}", "'{}'", '"{}"', "file={}", "at {}: no", "({})", "[{}]", "{}, too", "file://{}"]
)


@given(PARTS, AROUND)
def test_of_an_absolute_path_only_the_last_name_is_left(parts: list[str], around: str) -> None:
    parts[-1] = parts[-1].rstrip(".") or "x"
    shown = Privacy().of(around.format("/" + "/".join(parts)))
    assert shown == around.format(parts[-1]).replace("file://", "")


@pytest.mark.parametrize(
    "text",
    [
        "https://example.org/a/b",
        "12/255 and 3 dB/px",
        "set5/x4-y/bicubic/0",
        "a / b",
        "1/2, 3/4",
        "and/or",
        "</g></svg>",
    ],
)
def test_what_is_no_path_stays(text: str) -> None:
    assert Privacy().of(text) == text


def test_a_path_below_the_matrix_is_shown_from_there_and_home_is_a_tilde(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/alice")
    privacy = Privacy(Path("/home/alice/my work/board.yaml"))
    assert privacy.of("/home/alice/my work/data/im 1.png is cut short") == "data/im 1.png is cut short"
    assert privacy.of(Path("/home/alice/my work/data")) == "data"
    assert privacy.of("in /home/alice.") == "in ~."
    assert privacy.of("[Errno 2] not there: '/home/alice/My Pictures/x.png'") == "[Errno 2] not there: 'x.png'"


def test_of_a_traceback_the_place_in_the_package_is_left() -> None:
    file = Path(msgspec.__file__)
    assert Privacy().of(f'File "{file}", line 3') == 'File "msgspec/__init__.py", line 3'


@pytest.mark.parametrize("text", ["<b>/x</b>", "a </script></b> b", 'alert("x")</script>', "`</i>`"])
def test_markup_stays_markup(text: str) -> None:
    assert Privacy().of(with_code(text)) == with_code(text)
    assert isinstance(Privacy().of(Markup("<b>/etc/secret/x</b>")), Markup)
    assert Privacy().of(Markup("<b>/etc/secret/x</b>")) == "<b>x</b>"


SECRET = "/home/alice/patients"
TURNED = "\x1b[2J\u202e\ud83d"


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    """A board with paths and control characters wherever something comes from outside."""
    methods = ("bicubic", "learner", "slow")
    board = make_board(tmp_path_factory.mktemp("hostile"), datasets=("blobs",), protocols=1, seeds=1, methods=methods)
    board.plan.matrix.path.write_text(f"name: toy\npath: {SECRET}/data\n", encoding="utf-8")
    text = f"could not read {SECRET}/m.png {TURNED}"
    for planned in board.plan.cells:
        planned.method.params["command"] = [f"{SECRET}/bin/upscale", f"--weights={SECRET}/w.pth"]
        planned.method.params["file"] = Path(SECRET) / "net.onnx"
        record = planned.record
        assert record is not None
        record.log_tail, record.notes, record.warnings = f'File "{SECRET}/run.py", line 1\n{TURNED}', [text], [text]
        record.environment = {"device": f"CPU {TURNED}", "python": f"{SECRET}/venv/bin/python"}
        record.ingredients = {"params": {"weights": f"{SECRET}/w.pth"}}
        for result in record.metrics.values():
            result.notes = [text]
        if record.status != "ok":
            record.reason = text
        keep(board.store, record)
    model = next((board.store / "models").glob("*/*/training.json"))
    facts = json.loads(model.read_text())
    model.write_text(json.dumps(facts | {"notes": [f"learned from {SECRET}/train"]}))
    yield board


def test_no_page_and_no_download_names_a_folder_of_the_machine(hostile: Board, tmp_path: Path) -> None:
    out = tmp_path / "out"
    publish(hostile.described, hostile.store, out)
    for path in out.rglob("*"):
        if path.is_file() and path.suffix == ".pdf":
            assert not re.search(rb"alice|patients|/tmp|/home", path.read_bytes()), path
        elif path.is_file() and path.suffix != ".png":
            text = path.read_text(encoding="utf-8")
            for private in (SECRET, "alice", "patients", str(tmp_path.parent), str(hostile.store), str(Path.cwd())):
                assert private not in text, (path, private)
            assert not set(text) & set(TURNED.replace("[2J", "")), path
    assert r"\x1b[2J\u202e\ud83d" in (out / "index.html").read_text(encoding="utf-8")
    lines = (out / "records.jsonl").read_text(encoding="utf-8").splitlines()
    assert r"\x1b[2J\u202e\ud83d" in json.loads(lines[0])["log_tail"]
    assert "data" in (out / "index.html").read_text(encoding="utf-8")


def test_the_command_to_repeat_a_board_is_the_path_it_was_run_from(
    make: Callable[..., Board], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = make(datasets=("blobs",), protocols=1, seeds=1, methods=("bicubic",))
    monkeypatch.chdir(small.plan.matrix.path.parent.parent)
    folder = small.plan.matrix.path.parent.name
    page = publish(small.described, small.store, tmp_path / "out").index.read_text(encoding="utf-8")
    assert f"srbench run {folder}/matrix.yaml\nsrbench report {folder}/matrix.yaml" in page
    monkeypatch.chdir(tmp_path)
    page = publish(small.described, small.store, tmp_path / "out").index.read_text(encoding="utf-8")
    assert "srbench run matrix.yaml\n" in page
