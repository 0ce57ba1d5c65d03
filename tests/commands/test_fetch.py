"""`srbench fetch` as a person meets it: a plugin that declares weights, a server, a data root."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from rig import Bench
from rig.server import CONTENT, Server, serving

from srbench.weights.download import part_of

DECLARATION = """

@srbench.hookimpl
def srbench_weights():
    return [srbench.WeightsFile("toy-weights", {url!r}, {sha256!r}, "CC0-1.0", "a test", {size})]
"""


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as served:
        yield served


@pytest.fixture
def bench(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setenv("SRBENCH_DATA", str(tmp_path / "data root"))
    bench = Bench(tmp_path)
    declaration = DECLARATION.format(url=server.url, sha256=hashlib.sha256(CONTENT).hexdigest(), size=len(CONTENT))
    bench.plugin.write_text(bench.plugin.read_text() + declaration)
    return bench


def rows(bench: Bench, *arguments: str) -> dict[str, dict[str, object]]:
    return {row["name"]: row for row in json.loads(bench.srbench(*arguments, "--json").stdout)}


def test_weights_are_fetched_once_and_stay(bench: Bench, server: Server) -> None:
    assert rows(bench, "fetch")["toy-weights"] == {
        "kind": "weights",
        "name": "toy-weights",
        "state": "absent",
        "size": len(CONTENT),
        "licence": "CC0-1.0",
        "what": "a test",
    }
    path = bench.folder / "data root" / "weights" / "weights.pth"
    for _ in range(2):
        result = bench.srbench("fetch", "toy-weights")
        assert result.returncode == 0, result.stderr
        assert result.stdout == f"weights toy-weights: {path}\n"
        assert path.read_bytes() == CONTENT
    assert server.asked == [0]
    assert rows(bench, "fetch")["toy-weights"]["state"] == "here"


def test_a_killed_fetch_goes_on(bench: Bench, server: Server) -> None:
    # The server falls silent after a megabyte; then the command is killed.
    hang, halfway = threading.Event(), threading.Event()

    def silent(handler: object, start: int) -> bool:
        if start:
            return False
        handler.send_response(200)  # type: ignore[attr-defined]
        handler.send_header("Content-Length", str(len(CONTENT)))  # type: ignore[attr-defined]
        handler.end_headers()  # type: ignore[attr-defined]
        handler.wfile.write(CONTENT[:1_000_000])  # type: ignore[attr-defined]
        handler.wfile.flush()  # type: ignore[attr-defined]
        halfway.set()
        hang.wait(60)
        return True

    server.behave = silent
    process = bench.start("fetch", "toy-weights")
    part = part_of(bench.folder / "data root/weights/weights.pth", hashlib.sha256(CONTENT).hexdigest())
    try:
        assert halfway.wait(60)
        while not (part.exists() and part.stat().st_size):
            assert process.poll() is None
    finally:
        process.kill()
        process.communicate()
        hang.set()
    kept = part.stat().st_size
    assert rows(bench, "fetch")["toy-weights"]["state"] == "partly here"
    assert bench.srbench("fetch", "toy-weights").returncode == 0
    assert server.asked == [0, kept]
    assert (bench.folder / "data root/weights/weights.pth").read_bytes() == CONTENT


def test_one_that_cannot_be_had_does_not_stop_the_others(bench: Bench, server: Server) -> None:
    server.content = b"\0" * len(CONTENT)
    result = bench.srbench("fetch", "toy-weights", "toy-noise", "toy-absent")
    assert result.returncode == 1
    assert "is not the file that was declared" in result.stderr
    assert result.stdout == "dataset toy-noise: ready\n"
    assert f"toy-absent: nothing at {bench.folder / 'data root' / 'absent'}" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_dataset_that_is_not_downloaded_says_where_its_files_go(bench: Bench) -> None:
    result = bench.srbench("fetch", "set14")
    assert result.returncode == 1
    assert str(bench.folder / "data root" / "set14" / "HR") in result.stderr


@pytest.mark.parametrize(
    ("name", "message"),
    [("toy-weight", "Did you mean 'toy-weights'?"), ("folder", "the dataset 'folder' takes parameters")],
)
def test_a_wrong_name_stops_everything_before_it_begins(bench: Bench, server: Server, name: str, message: str) -> None:
    result = bench.srbench("fetch", "toy-weights", name)
    assert result.returncode == 2
    assert message in result.stderr
    assert server.asked == []


def test_the_list_tells_datasets_from_weights_and_here_from_not(bench: Bench) -> None:
    listed = rows(bench, "fetch")
    assert (listed["toy-noise"]["kind"], listed["toy-noise"]["state"]) == ("dataset", "here")
    assert listed["toy-absent"]["state"] == "absent"
    assert (listed["vgg16"]["kind"], listed["vgg16"]["state"]) == ("weights", "absent")
    assert "folder" not in listed
    text = bench.srbench("fetch").stdout
    assert "553 MB" in text
    assert "BSD-3-Clause" in text


def test_weights_are_listed_with_the_plugin_that_declares_them(bench: Bench, server: Server) -> None:
    listed = rows(bench, "list", "weights")
    assert listed["toy-weights"]["plugin"] == "srbench-toys"
    assert listed["toy-weights"]["file"] == "weights.pth"
    assert listed["vgg19"]["plugin"] == "srbench"


def test_doctor_finds_damaged_weights(bench: Bench) -> None:
    folder = bench.folder / "data root" / "weights"
    folder.mkdir(parents=True)
    (folder / "weights.pth").write_bytes(CONTENT[:-1])
    result = bench.srbench("doctor", "--json")
    assert result.returncode == 1
    findings = {row["check"]: row for row in json.loads(result.stdout)}
    assert findings["weights toy-weights"]["state"] == "wrong"
    assert "`srbench fetch toy-weights`" in findings["weights toy-weights"]["finding"]
    assert findings["weights vgg16"]["state"] == "ok"


def test_listing_what_can_be_fetched_uses_no_network(bench: Bench, server: Server) -> None:
    bench.plugin.write_text(
        bench.plugin.read_text()
        + f"""

class Online(Noise):
    def prepare(self, root):
        import urllib.request
        urllib.request.urlopen({server.url!r}).read()


@srbench.hookimpl(specname="srbench_datasets")
def more_datasets():
    return [srbench.Entry("toy-online", Online)]
"""
    )
    assert rows(bench, "fetch")["toy-online"]["state"] == "absent"
    bench.srbench("doctor")
    assert server.asked == []
    assert bench.srbench("fetch", "toy-online").stdout == "dataset toy-online: ready\n"
    assert server.asked == [0]


def test_listing_imports_no_torch() -> None:
    code = (
        "import sys\n"
        "from srbench.cli import cli\n"
        "for words in (['fetch', '--json'], ['list', 'weights']):\n"
        "    cli.main(words, standalone_mode=False)\n"
        "sys.exit('torch' if 'torch' in sys.modules else 0)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
