"""Downloads from a server on this machine that does everything servers and networks do."""

from __future__ import annotations

import fcntl
import hashlib
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rig.server import CONTENT, Server, serving

from srbench.store.files import sha256_of
from srbench.weights.download import DownloadError, download, part_of

SHA256 = hashlib.sha256(CONTENT).hexdigest()
NO_PAUSES = (0.0, 0.0, 0.0)


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as served:
        yield served


def get(server: Server, path: Path, **options: object) -> None:
    download(server.url, path, **{"checksum": SHA256, "size": len(CONTENT), "pauses": NO_PAUSES, **options})  # type: ignore[arg-type]


def test_a_file_arrives_whole_and_alone(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "weights.pth"
    seen: list[tuple[int, int | None]] = []
    get(server, path, progress=lambda here, total: seen.append((here, total)))
    assert path.read_bytes() == CONTENT
    assert list(path.parent.iterdir()) == [path]
    assert path.stat().st_mode & 0o444 == 0o444
    assert seen[0] == (0, len(CONTENT))
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert [here for here, _ in seen] == sorted(here for here, _ in seen)


def test_a_network_that_stops_mid_way_goes_on_where_it_stopped(server: Server, tmp_path: Path) -> None:
    server.cuts = [1_000_000, 2_000_000, 0, 500_000]
    get(server, tmp_path / "weights.pth")
    assert (tmp_path / "weights.pth").read_bytes() == CONTENT
    assert server.asked == [0, 1_000_000, 3_000_000, 3_000_000, 3_500_000]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(1, 3000), max_size=8), content=st.binary(min_size=1, max_size=6000))
def test_wherever_it_stops_the_file_is_the_file(
    server: Server, tmp_path: Path, cuts: list[int], content: bytes
) -> None:
    server.content, server.cuts = content, list(cuts)
    path = tmp_path / "weights.pth"
    download(server.url, path, checksum=hashlib.sha256(content).hexdigest(), size=len(content), pauses=(0.0,))
    assert path.read_bytes() == content


def test_a_second_command_goes_on_with_what_the_first_left(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    server.cuts = [1_500_000, 0, 0, 0, 0]
    with pytest.raises(DownloadError, match=r"ended after 1500000 of 5120000 bytes. 1.5 MB are kept: run the same"):
        get(server, path)
    assert not path.exists()
    server.cuts, server.asked = [], []
    get(server, path)
    assert path.read_bytes() == CONTENT
    assert server.asked == [1_500_000]


def test_bytes_that_arrive_make_the_count_of_attempts_begin_anew(server: Server, tmp_path: Path) -> None:
    server.cuts = [400_000, 0] * 6
    get(server, tmp_path / "weights.pth", pauses=(0.0, 0.0))
    assert (tmp_path / "weights.pth").read_bytes() == CONTENT


def test_a_server_that_ignores_ranges_sends_everything_again(server: Server, tmp_path: Path) -> None:
    server.ranges, server.cuts = False, [2_000_000]
    get(server, tmp_path / "weights.pth")
    assert (tmp_path / "weights.pth").read_bytes() == CONTENT
    assert server.asked == [0, 2_000_000]


def test_a_server_that_sends_another_range_than_it_was_asked_for(server: Server, tmp_path: Path) -> None:
    def shifted(handler: BaseHTTPRequestHandler, start: int) -> bool:
        if not start:
            return False
        handler.send_response(206)
        handler.send_header("Content-Range", f"bytes 7-{len(CONTENT) - 1}/{len(CONTENT)}")
        handler.send_header("Content-Length", str(len(CONTENT) - 7))
        handler.end_headers()
        handler.wfile.write(CONTENT[7:])
        return True

    server.behave, server.cuts = shifted, [1000]
    get(server, tmp_path / "weights.pth")
    assert (tmp_path / "weights.pth").read_bytes() == CONTENT


@pytest.mark.parametrize("size", [None, len(CONTENT)])
def test_a_server_that_does_not_tell_the_length(server: Server, tmp_path: Path, size: int | None) -> None:
    server.tells_length = False
    get(server, tmp_path / "weights.pth", size=size)
    assert (tmp_path / "weights.pth").read_bytes() == CONTENT


def test_a_wrong_size_is_refused_before_anything_is_fetched(server: Server, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match=r"offers 5120000 bytes, the file that was declared has 17; nothing"):
        get(server, tmp_path / "weights.pth", size=17)
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_never_stops_is_cut_off(server: Server, tmp_path: Path) -> None:
    server.tells_length = False
    with pytest.raises(DownloadError, match="sends more than the 1000 bytes"):
        get(server, tmp_path / "weights.pth", size=1000)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "hint"), [(b"\0" * len(CONTENT), "declared: its"), (b"<!doctype html><p>Log in", "it is a web page")]
)
def test_a_wrong_file_is_refused_and_not_kept(server: Server, tmp_path: Path, content: bytes, hint: str) -> None:
    server.content = content
    path = tmp_path / "weights.pth"
    with pytest.raises(DownloadError, match=hint) as caught:
        get(server, path, size=None)
    assert hashlib.sha256(content).hexdigest() in str(caught.value)
    assert SHA256 in str(caught.value)
    assert list(tmp_path.iterdir()) == []
    assert len(server.asked) == 1


def test_a_beginning_that_is_not_of_this_file_is_thrown_away_once(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    part_of(path, SHA256).write_bytes(b"from elsewhere")
    get(server, path)
    assert path.read_bytes() == CONTENT
    assert server.asked == [14, 0]


@pytest.mark.parametrize("size", [None, len(CONTENT)])
def test_everything_was_here_but_the_name(server: Server, tmp_path: Path, size: int | None) -> None:
    path = tmp_path / "weights.pth"
    part_of(path, SHA256).write_bytes(CONTENT)
    get(server, path, size=size)
    assert path.read_bytes() == CONTENT
    assert server.asked == ([] if size else [len(CONTENT)])


def test_more_is_here_than_there_should_be(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    part_of(path, SHA256).write_bytes(CONTENT + b"more")
    get(server, path)
    assert path.read_bytes() == CONTENT
    assert server.asked == [0]


def test_the_part_of_another_file_is_never_continued(tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    assert part_of(path, SHA256) != part_of(path, hashlib.sha256(b"").hexdigest())
    assert part_of(path, SHA256).parent == path.parent


@pytest.mark.parametrize(("code", "requests"), [(404, 1), (403, 1), (500, 4), (503, 4), (429, 4)])
def test_only_passing_refusals_are_asked_again(server: Server, tmp_path: Path, code: int, requests: int) -> None:
    def refuse(handler: BaseHTTPRequestHandler, start: int) -> bool:
        handler.send_error(code)
        return True

    server.behave = refuse
    with pytest.raises(DownloadError, match=f"the server answers {code}"):
        get(server, tmp_path / "weights.pth")
    assert len(server.asked) == requests
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_is_busy_for_a_while(server: Server, tmp_path: Path) -> None:
    def busy_twice(handler: BaseHTTPRequestHandler, start: int) -> bool:
        if len(server.asked) > 2:
            return False
        handler.send_error(503)
        return True

    server.behave = busy_twice
    get(server, tmp_path / "weights.pth")
    assert (tmp_path / "weights.pth").read_bytes() == CONTENT


def test_a_redirection_is_followed_and_keeps_the_range(server: Server, tmp_path: Path) -> None:
    def elsewhere(handler: BaseHTTPRequestHandler, start: int) -> bool:
        if handler.path == "/elsewhere":
            return False
        handler.send_response(302)
        handler.send_header("Location", "/elsewhere")
        handler.end_headers()
        return True

    server.behave, server.cuts = elsewhere, [1_000_000]
    get(server, tmp_path / "weights.pth")
    assert (tmp_path / "weights.pth").read_bytes() == CONTENT
    assert server.asked == [0, 0, 1_000_000, 1_000_000]


@pytest.mark.parametrize(
    ("status", "header", "value", "kept", "message"),
    [
        (302, "Location", "http://[::nowhere/", b"", "the connection failed"),
        (200, "Content-Length", "9" * 5000, b"", "is not the file that was declared"),
        (206, "Content-Range", f"bytes {'9' * 5000}-1/2", CONTENT[:10], "another part of the file"),
    ],
)
def test_headers_that_make_no_sense_are_a_reason(
    server: Server, tmp_path: Path, status: int, header: str, value: str, kept: bytes, message: str
) -> None:
    def nonsense(handler: BaseHTTPRequestHandler, start: int) -> bool:
        handler.send_response(status)
        handler.send_header(header, value)
        handler.end_headers()
        return True

    server.behave = nonsense
    if kept:
        part_of(tmp_path / "weights.pth", SHA256).write_bytes(kept)
    with pytest.raises(DownloadError, match=message):
        get(server, tmp_path / "weights.pth", size=None)


def test_a_server_that_falls_silent_counts_as_broken(server: Server, tmp_path: Path) -> None:
    hang = threading.Event()

    def silent_at_first(handler: BaseHTTPRequestHandler, start: int) -> bool:
        if start:
            return False
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(CONTENT)))
        handler.end_headers()
        handler.wfile.write(CONTENT[:1000])
        handler.wfile.flush()
        hang.wait(20)
        return True

    server.behave = silent_at_first
    try:
        get(server, tmp_path / "weights.pth", timeout=0.2)
    finally:
        hang.set()
    assert (tmp_path / "weights.pth").read_bytes() == CONTENT
    assert server.asked == [0, 1000]


def test_nobody_answers(tmp_path: Path) -> None:
    # Port 9 of this machine: nothing listens there.
    with pytest.raises(DownloadError, match="the connection failed"):
        download("http://127.0.0.1:9/weights.pth", tmp_path / "weights.pth", checksum=SHA256, pauses=(0.0,))
    assert list(tmp_path.iterdir()) == []


def test_two_processes_do_not_write_one_file(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    with part_of(path, SHA256).open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(DownloadError, match="another process is fetching"):
            get(server, path)
    assert server.asked == []


def test_a_file_that_another_process_has_just_finished_is_left_alone(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "weights.pth"
    part_of(path, SHA256).write_bytes(CONTENT)
    monkeypatch.setattr("fcntl.flock", lambda file, how: part_of(path, SHA256).rename(path))
    with pytest.raises(DownloadError, match="another process has just fetched this file"):
        get(server, path, size=None)
    assert path.read_bytes() == CONTENT
    assert server.asked == []


def test_what_was_there_stays_until_the_new_file_is_whole(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    path.write_bytes(b"old")
    server.content = b"wrong"
    with pytest.raises(DownloadError):
        get(server, path, size=None)
    assert path.read_bytes() == b"old"
    server.content = CONTENT
    get(server, path)
    assert sha256_of(path) == SHA256


def test_no_room_is_said_before_anything_is_fetched(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 1_000_000})())
    with pytest.raises(DownloadError, match="5 MB are to come, 1 MB are free"):
        get(server, tmp_path / "weights.pth")


def test_a_folder_that_cannot_be_made(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DownloadError, match="check the data root"):
        get(server, tmp_path / "file" / "weights.pth")


def test_a_network_that_drips_is_given_up_and_what_came_is_kept(server: Server, tmp_path: Path) -> None:
    def drip(handler: BaseHTTPRequestHandler, start: int) -> bool:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(CONTENT)))
        handler.end_headers()
        for place in range(200):
            handler.wfile.write(CONTENT[place : place + 1])
            handler.wfile.flush()
            time.sleep(0.01)
        return True

    server.behave = drip
    with pytest.raises(DownloadError, match=r"bytes came in 0 s; .* MB are kept: run the same command again"):
        get(server, tmp_path / "weights.pth", timeout=0.1)
    part = part_of(tmp_path / "weights.pth", SHA256)
    assert 0 < part.stat().st_size < 100


def test_a_file_without_a_size_does_not_fill_the_disk(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("srbench.weights.download.LARGEST", 1_000_000)
    server.tells_length = False
    with pytest.raises(DownloadError, match="the server sends more than 0 GB and says no size"):
        get(server, tmp_path / "weights.pth", size=None)
    assert list(tmp_path.iterdir()) == []
