"""What can be fetched, what is here of it, and a fetch that is killed."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import threading

import pytest
from rig import Bench
from rig.server import CONTENT, Server

from srbench.commands.fetch import check_names, fetch, fetchables, to_download
from srbench.contract.dataset import DatasetMissing
from srbench.errors import SrbenchError
from srbench.weights.download import part_of

DATASETS = """

class Online(Noise):
    def prepare(self, root):
        import urllib.request
        urllib.request.urlopen({url!r}).read()


class Wrong(Noise):
    def prepare(self, root):
        raise srbench.DatasetError("not the pictures that were published")


@srbench.hookimpl(specname="srbench_datasets")
def more_datasets():
    return [srbench.Entry("toy-online", Online, "From the net"), srbench.Entry("toy-wrong", Wrong)]
"""


@pytest.fixture
def shop(shop: Bench, server: Server) -> Bench:
    shop.plugin.write_text(shop.plugin.read_text() + DATASETS.format(url=server.url))
    return shop


def states() -> dict[str, str]:
    return {one.name: one.state for one in fetchables()}


def test_looking_uses_no_network_and_fetching_does(shop: Bench, server: Server) -> None:
    found = states()
    assert (found["toy-noise"], found["toy-absent"], found["toy-online"]) == ("here", "absent", "absent")
    assert (found["toy-weights"], found["vgg16"], found["toy-wrong"]) == ("absent", "absent", "damaged")
    assert "folder" not in found  # it takes parameters
    assert server.asked == []
    assert fetch("toy-online") == ["dataset toy-online: ready"]
    assert server.asked == [0]


def test_what_it_is_comes_from_the_plugin(shop: Bench) -> None:
    known = {one.name: one for one in fetchables()}
    assert (known["toy-online"].kind, known["toy-online"].what) == ("dataset", "From the net")
    assert (known["toy-weights"].kind, known["toy-weights"].size) == ("weights", len(CONTENT))


@pytest.mark.parametrize("state", ["here", "damaged", "partly here"])
def test_a_file_of_weights_is_known_by_its_bytes(shop: Bench, state: str) -> None:
    path = shop.folder / "data root" / "weights" / "weights.pth"
    path.parent.mkdir(parents=True)
    part = part_of(path, hashlib.sha256(CONTENT).hexdigest())
    files = {"here": (path, CONTENT), "damaged": (path, CONTENT[:-1]), "partly here": (part, CONTENT[:9])}
    place, content = files[state]
    place.write_bytes(content)
    assert states()["toy-weights"] == state


def test_progress_ends_at_the_size(shop: Bench) -> None:
    told: list[tuple[int, int | None]] = []
    fetch("toy-weights", lambda here, total: told.append((here, total)))
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert [here for here, _ in told] == sorted(here for here, _ in told)


def test_a_dataset_that_is_not_downloaded_says_where_its_files_go(shop: Bench) -> None:
    with pytest.raises(DatasetMissing, match="manga109/HR"):
        fetch("manga109")


def test_names_are_checked_together_and_the_first_wrong_one_is_told(shop: Bench) -> None:
    check_names(["toy-weights", "toy-noise"])
    with pytest.raises(SrbenchError, match=r"nothing to fetch is called 'toy-nois'\. Did you mean 'toy-noise'\?"):
        check_names(["toy-weights", "toy-nois", "folder"])
    with pytest.raises(SrbenchError, match="'folder' takes parameters"):
        check_names(["folder"])


def test_a_published_dataset_is_downloaded_once(library: Bench, server: Server) -> None:
    root = library.folder / "data root"
    assert states()["toy-set"] == "absent"
    assert [one.name for one in to_download(["toy-set", "toy-noise"])] == ["toy-set"]
    assert fetch("toy-set") == ["dataset toy-set: ready", f"  kept {root / 'downloads' / 'set.zip'}; it may be deleted"]
    assert sorted(path.name for path in (root / "toy-set").iterdir()) == ["a.png", "b.png"]
    assert states()["toy-set"] == "here"
    assert to_download(["toy-set"]) == []
    assert fetch("toy-set") == ["dataset toy-set: ready"]
    assert server.asked == [0]


def test_one_that_somebody_put_there_is_left_alone(library: Bench, server: Server) -> None:
    (library.folder / "data root" / "toy-set").mkdir(parents=True)
    (library.folder / "data root" / "toy-set" / "mine.png").write_bytes(b"mine")
    assert fetch("toy-set") == ["dataset toy-set: ready"]
    assert [path.name for path in (library.folder / "data root").iterdir()] == ["toy-set"]
    assert server.asked == []


def test_variants_have_names_and_folders_of_their_own(library: Bench, server: Server) -> None:
    known = {one.name: one for one in fetchables()}
    assert (known["toy-small"].state, known["toy-small"].what, known["toy-small"].licence) == (
        "absent",
        "a variant",
        "CC0-1.0",
    )
    assert "toy-family" not in known
    with pytest.raises(SrbenchError, match=r"takes parameters: fetch toy-small or toy-large, say .* lists all 2\)"):
        check_names(["toy-family"])
    fetch("toy-small")
    assert states()["toy-small"] == "here"
    assert states()["toy-large"] == "partly here"  # its archive is
    assert (library.folder / "data root" / "family" / "small" / "a.png").read_bytes() == b"first"


def test_a_killed_fetch_goes_on(shop: Bench, server: Server) -> None:
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
    process = shop.start("fetch", "toy-weights")
    part = part_of(shop.folder / "data root/weights/weights.pth", hashlib.sha256(CONTENT).hexdigest())
    try:
        assert halfway.wait(60)
        while not (part.exists() and part.stat().st_size):
            assert process.poll() is None
    finally:
        process.kill()
        process.communicate()
        hang.set()
    kept = part.stat().st_size
    assert states()["toy-weights"] == "partly here"
    fetch("toy-weights")
    assert server.asked == [0, kept]
    assert (shop.folder / "data root/weights/weights.pth").read_bytes() == CONTENT


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
