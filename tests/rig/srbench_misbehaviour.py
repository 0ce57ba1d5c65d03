"""A plugin of methods that do to their process, their record and the scorer whatever code can do."""

import atexit
import ctypes
import json
import mmap
import os
import resource
import shutil
import signal
import sys
import threading
import time
from pathlib import Path

import srbench


class Nearest(srbench.Method):
    """Repeats pixels."""

    def upscale(self, lr, scale):
        return lr.repeat_interleave(scale, -2).repeat_interleave(scale, -1)


METHODS: dict[str, type[srbench.Method]] = {}


def misbehaves(act):
    """A method that does this before it upscales."""

    class Misbehaves(Nearest):
        def upscale(self, lr, scale):
            act()
            return super().upscale(lr, scale)

    name = act.__name__.replace("_", "-")
    Misbehaves.__qualname__ = Misbehaves.__name__ = act.__name__
    METHODS[name] = Misbehaves
    return Misbehaves


def folder() -> Path:
    """The cell's folder, found by its log."""
    return Path("/proc/self/fd/1").readlink().parent


@misbehaves
def exits_well():
    os._exit(0)


@misbehaves
def exits_badly():
    os._exit(7)


@misbehaves
def calls_sys_exit():
    sys.exit("bye")


@misbehaves
def raises_an_interruption():
    raise KeyboardInterrupt


@misbehaves
def reads_nowhere():
    ctypes.string_at(0)


@misbehaves
def aborts():
    os.abort()


@misbehaves
def divides_by_nothing():
    os.kill(os.getpid(), signal.SIGFPE)


@misbehaves
def floods_its_output():
    for _ in range(60):
        os.write(1, b"x" * 1_000_000)


@misbehaves
def raises_a_book():
    raise ValueError("y" * 50_000_000)


@misbehaves
def raises_half_a_character():
    raise ValueError("\udc80\x1b[2J\u202e")


@misbehaves
def forks():
    for _ in range(3):
        if os.fork() == 0:
            time.sleep(3600)


@misbehaves
def forks_twice():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(3600)
        os._exit(0)
    os.wait()


@misbehaves
def hides_memory_in_an_orphan():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            held = bytearray(900_000_000)
            held[::4096] = b"x" * len(held[::4096])
            time.sleep(3600)
        os._exit(0)
    os.wait()
    time.sleep(60)


@misbehaves
def shares_memory():
    if (folder() / "shared").exists():
        return
    (folder() / "shared").touch()
    held = mmap.mmap(-1, 250_000_000)
    held[:] = b"x" * len(held)
    for _ in range(4):
        if os.fork() == 0:
            sum(held[::4096])
            time.sleep(3600)
    time.sleep(0.5)


@misbehaves
def patches_the_scorer():
    from srbench.contract.metric import ImageMetric

    for module in list(sys.modules.values()):
        for thing in list(vars(module).values()) if hasattr(module, "__dict__") else []:
            if isinstance(thing, type) and issubclass(thing, ImageMetric):
                thing.score = lambda self, sr, hr: 99.0


@misbehaves
def writes_its_own_record():
    scores = {"x": {"key": "x", "name": "psnr", "value": 99.0, "n": 2}}
    record = {"key": folder().name, "schema": 2, "status": "ok", "metrics": scores}
    (folder() / "record.json").write_text(json.dumps(record))


@misbehaves
def writes_its_own_record_and_exits():
    (folder() / "record.json").write_text(json.dumps({"key": folder().name, "schema": 2, "status": "ok"}))
    os._exit(0)


@misbehaves
def damages_its_record():
    path = folder() / "record.json"

    def spoil():
        while True:
            path.write_bytes(b'{"half')
            time.sleep(0.001)

    threading.Thread(target=spoil, daemon=True).start()
    atexit.register(path.write_bytes, b"garbage")


@misbehaves
def makes_its_record_a_folder():
    (folder() / "record.json").unlink(missing_ok=True)
    (folder() / "record.json").mkdir(exist_ok=True)


@misbehaves
def removes_its_folder():
    shutil.rmtree(folder())


@misbehaves
def writes_into_every_pipe():
    for descriptor in range(3, 64):
        try:
            os.write(descriptor, b"\xff" * 100_000)
        except OSError:
            continue


@misbehaves
def closes_everything():
    os.closerange(3, 256)


@misbehaves
def closes_its_output():
    os.close(1)
    os.close(2)
    print("is anybody there?")


@misbehaves
def may_open_nothing():
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))


@misbehaves
def loops_and_does_not_stop():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        sum(range(10**6))


@misbehaves
def changes_folder_and_mask():
    os.chdir("/")
    os.umask(0o777)


@misbehaves
def recurses():
    recurses_for_ever()


def recurses_for_ever():
    return recurses_for_ever()


@misbehaves
def kills_its_keeper():
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(60)


@misbehaves
def is_killed():
    os.kill(os.getpid(), signal.SIGKILL)


@misbehaves
def is_asked_to_end():
    os.kill(os.getpid(), signal.SIGTERM)


@misbehaves
def fills_the_disk():
    raise OSError(28, "No space left on device")


@misbehaves
def opens_too_much():
    METHODS["opens-too-much"].held = [os.open(os.devnull, os.O_RDONLY) for _ in range(10**6)]


METHODS["behaves"] = Nearest


@srbench.hookimpl
def srbench_methods():
    return [srbench.Entry(f"toy-{name}", method) for name, method in METHODS.items()]
