"""Pictures in memory and in a file are the same pictures; the file leaves nothing, and its pages are no memory."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path

import numpy as np
import pytest

from srbench.errors import in_words
from srbench.pictures import Image
from srbench.training.data.cache import PictureCache

DEPTHS = ("u1", "u2", ">u2", "i4", "f4")


@pytest.fixture(autouse=True)
def no_place_for_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TMPDIR", raising=False)


def picture(seed: int, side: int = 40, depth: str = "u1") -> Image:
    """Noise, which does not begin a row where the one before ends."""
    noise = np.random.default_rng(seed).integers(0, 200, (side, side + 3, 3))
    return noise.astype(depth)[:, :side]


def mapped_kb(file: str) -> int:
    """How much of a file's mappings counts as memory of this process."""
    lines, found, inode = Path("/proc/self/smaps").read_text().splitlines(), 0, Path(file).stat().st_ino
    ours = False
    for line in lines:
        fields = line.split()
        if "-" in fields[0] and not fields[0].endswith(":"):
            ours = fields[4] == str(inode)
        elif ours and fields[0] == "Rss:":
            found += int(fields[1])
    return found


def test_what_does_not_fit_into_memory_is_in_a_file_and_the_same(tmp_path: Path) -> None:
    cache = PictureCache(3 * 4800 / 1e9, tmp_path)
    pictures = [picture(place, 40 if place < 3 else 90, DEPTHS[place % 5]) for place in range(150)]
    pictures[77] = picture(77, 1500)  # larger than all before together
    assert sum(one.nbytes for one in pictures) > 7_000_000
    kept = [cache.keep(one) for one in pictures]
    in_file = [one for one in kept if one.offset is not None]
    assert cache.has_file and 145 < len(in_file) < 150
    for one, before in zip(kept, pictures, strict=True):
        assert one.image.dtype == before.dtype
        np.testing.assert_array_equal(one.image, before)
    assert not any(one.image.flags.writeable for one in in_file)
    with pytest.raises(ValueError, match="read-only"):
        in_file[0].image[0] = 0


def test_memory_is_taken_up_to_the_limit_and_first(tmp_path: Path) -> None:
    cache = PictureCache(10_000 / 1e9, tmp_path)
    places = [cache.keep(picture(place)).offset for place in range(4)]  # 4,800 bytes each
    assert places == [None, None, 0, 4800]
    assert cache.keep(picture(0, 8)).offset is None, "192 of 400 bytes"
    rest = cache.rest()
    assert rest.keep(picture(0, 8)).offset is None and rest.keep(picture(0, 8)).offset == 0
    assert not PictureCache().has_file and PictureCache().keep(picture(1)).offset is None


def test_a_small_part_of_a_picture_does_not_keep_the_whole_of_it() -> None:
    whole, cache = picture(0, 200), PictureCache()
    part, most = cache.keep(whole[:100, :50]).image, cache.keep(whole[:180]).image
    np.testing.assert_array_equal(part, whole[:100, :50])
    assert not np.shares_memory(part, whole) and np.shares_memory(most, whole)


def test_the_file_has_no_name_and_lies_where_files_that_do_not_last_are_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = PictureCache(0, tmp_path)
    kept = cache.keep(picture(0))
    assert list(tmp_path.iterdir()) == []
    assert str(cache.path.readlink()).startswith(f"{tmp_path}/") and str(cache.path.readlink()).endswith("(deleted)")
    path = cache.path
    del cache
    np.testing.assert_array_equal(kept.image, picture(0))
    assert not path.exists(), "it is closed"
    other = tmp_path / "scratch"
    other.mkdir()
    monkeypatch.setenv("TMPDIR", str(other))
    monkeypatch.setattr("tempfile.tempdir", None)
    cache = PictureCache(0, tmp_path)
    cache.keep(picture(0))
    assert str(cache.path.readlink()).startswith(f"{other}/")


@pytest.mark.parametrize("limit", [0, 1])
def test_a_picture_takes_the_place_of_one_that_is_not_needed_any_more(tmp_path: Path, limit: float) -> None:
    cache = PictureCache(limit, tmp_path)
    first, other = cache.keep(picture(0)), cache.keep(picture(1))
    second = cache.keep(picture(2), first)
    np.testing.assert_array_equal(second.image, picture(2))
    np.testing.assert_array_equal(other.image, picture(1))
    assert second.offset == first.offset
    third = cache.keep(picture(3))
    assert third.offset == (None if limit else 2 * 4800)


def test_pages_that_were_let_go_are_no_memory_of_the_process_and_are_found_again(tmp_path: Path) -> None:
    cache = PictureCache(0, tmp_path)
    kept = [cache.keep(picture(place, 300)) for place in range(20)]
    assert mapped_kb(str(cache.path)) == 0, "nothing was looked at yet"
    total = sum(int(one.image.sum()) for one in kept)
    assert mapped_kb(str(cache.path)) > 20 * 300 * 300 * 3 / 1024 * 0.9
    cache.release()
    assert mapped_kb(str(cache.path)) == 0
    assert sum(int(one.image.sum()) for one in kept) == total


def in_page_cache(path: Path, offset: int, length: int) -> bool:
    with path.open("rb") as file:
        try:
            return os.preadv(file.fileno(), [bytearray(length)], offset, os.RWF_NOWAIT) == length
        except BlockingIOError:
            return False


def test_the_disk_reads_what_is_soon_looked_at(tmp_path: Path) -> None:
    cache = PictureCache(0, tmp_path)
    kept = [cache.keep(picture(place, 400)) for place in range(8)]  # 480 kB each, in several segments
    with cache.path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    cache.expect(picture(0)), cache.expect(kept[6].image[100:200])  # one is in memory
    offset = (kept[6].offset or 0) + 100 * 1200
    until = time.monotonic() + 60
    while not in_page_cache(cache.path, offset, 100 * 1200):
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_full_disk_is_told_with_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = PictureCache(0, tmp_path)
    kept = cache.keep(picture(0))

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(OSError) as caught:
        cache.keep(picture(1))
    assert in_words(caught.value) == f"the disk is full: {tmp_path}"
    np.testing.assert_array_equal(kept.image, picture(0))


def test_a_disk_that_takes_a_part_at_a_time_gets_the_others_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda file, data, offset: write(file, data[:1000], offset))
    np.testing.assert_array_equal(PictureCache(0, tmp_path).keep(picture(0)).image, picture(0))


def test_caches_that_are_filled_alike_share_a_file_whoever_is_ahead(tmp_path: Path) -> None:
    first = PictureCache(0, tmp_path)
    second = PictureCache(0, tmp_path, first.path)
    pictures = [picture(place, 200) for place in range(30)]  # 3.6 MB: several segments
    one = [first.keep(picture) for picture in pictures[:20]]
    other = [second.keep(picture) for picture in pictures]
    one += [first.keep(picture) for picture in pictures[20:]]
    assert first.path.stat().st_ino == second.path.stat().st_ino
    assert first.path.stat().st_blocks * 512 < 1.2 * sum(picture.nbytes for picture in pictures)
    for mine, theirs, before in zip(one, other, pictures, strict=True):
        assert mine.offset == theirs.offset
        np.testing.assert_array_equal(mine.image, before)
        np.testing.assert_array_equal(theirs.image, before)
    with pytest.raises(FileNotFoundError):
        PictureCache(0, tmp_path, tmp_path / "gone")
