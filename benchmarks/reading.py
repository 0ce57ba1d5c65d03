"""How long a reader waits for a page: milliseconds from a choice to what is painted, in headless Chromium.

    python benchmarks/reading.py [--rows 10000] [--rounds 7] [BOARD ...]

Two boards are made in memory and opened as files: one of 40 methods and 12 metrics, one whose list of cells has so many
rows. Of boards that are named by their `index.html`, as that of `leaderboards/quickstart` is without any, the steps of
the swipe are measured. Each figure is the median of some rounds: milliseconds by `performance.now` from the change of a
control to the second frame after it, by which what changed has been painted; and those of the processor that the page's
thread was at work, which tell on a busy machine what a free one takes. It needs Chromium and its driver (`apt-get
install chromium chromium-driver`), and the tests' toy boards.
"""

from __future__ import annotations

import gzip
import shutil
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

import click
import numpy as np
from selenium import webdriver

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

QUICKSTART = Path(__file__).resolve().parent.parent / "leaderboards" / "quickstart" / "index.html"
METRICS = ("psnr", "ssim", "ms-ssim", "gmsd", "mae", "rmse", "lpips", "dists", "flip", "niqe", "brisque", "vif")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu")
MEASURE = """
const [script, done] = arguments;
const act = new Function(script);
const began = performance.now();
const told = () => done(performance.now() - began);
Promise.resolve(act()).then(() => requestAnimationFrame(() => requestAnimationFrame(told)));
"""
CHOICES = {
    "sort by a metric": "document.querySelector('table.ranked th[data-column=ssim] button').click()",
    "rank by another metric": "const f = document.querySelector('.filters'); f.elements.by.value ="
    " f.elements.by.value === 'ssim' ? 'psnr' : 'ssim'; f.dispatchEvent(new Event('change'))",
    "find a method": "const i = document.querySelector('[name=find]'); i.value = i.value === 'm1' ? 'm2' : 'm1';"
    " i.dispatchEvent(new Event('input', { bubbles: true }))",
    "take a column away": "document.querySelector('[name=column]').click()",
    "compact": "document.querySelector('[name=compact]').click()",
    "all digits": "document.querySelector('[name=digits]').click()",
}
STEPS = 60
SWIPE = f"""
const done = arguments[0], slider = document.getElementById("swipe-at");
let left = {STEPS};
requestAnimationFrame(function step() {{
  if (left-- === 0) return done();
  slider.value = 20 + left;
  slider.dispatchEvent(new Event("input", {{ bubbles: true }}));
  requestAnimationFrame(step);
}});
"""
OPEN = "srbench.viewer.change({ mode: 'swipe' })"
READY = "const [page] = performance.getEntriesByType('navigation'); return [page.domInteractive, page.loadEventEnd]"
LONG = {
    "sort": "document.querySelector('#every-cell th.name button').click()",
    "find": "const i = document.getElementById('every-cell-find'); i.value = i.value === '77' ? '78' : '77';"
    " i.dispatchEvent(new Event('input'))",
}


def make(folder: Path, methods: int, metrics: tuple[str, ...], datasets: int) -> Path:
    """The pages of so many methods with scores of a few images each."""
    from leaderboard.toyboard import Made, results_of

    from srbench.leaderboard.pages.board import write_board
    from srbench.leaderboard.pages.document import Document
    from srbench.leaderboard.site.folder import BoardFolder

    rng = np.random.default_rng(0)
    made = []
    for dataset in range(datasets):
        images = rng.normal(28, 2, 8)
        for method in range(methods):
            scores = {
                metric: {f"i{n}": float(x) for n, x in enumerate(images + rng.normal(method / 9, 0.1, 8))}
                for metric in metrics
            }
            made.append(Made(f"set{dataset}", f"m{method}", scores, cost={"parameters": 5e4 * method}))
    results = results_of(made)
    (folder / "matrix.yaml").write_text("name: made\n")
    write_board(BoardFolder(folder / "pages", "made", folder / "matrix.yaml"), False, lambda _: Document(results))
    return folder / "pages" / "index.html"


def lengthen(index: Path, rows: int) -> None:
    """Give the list of cells so many rows, the first of them in the page."""
    from srbench.leaderboard.pages.site import environment, write_late
    from srbench.leaderboard.tables.long import LongCell, LongHead, LongTable
    from srbench.leaderboard.words.privacy import Privacy

    rng = np.random.default_rng(1)
    cells = [
        (
            LongCell(f"set{n % 100}/x4-y/method{n // 100}/none/{n % 7}", href=f"cells/{n}.html"),
            LongCell("ok" if n % 50 else "failed: out of `memory`"),
            LongCell(f"{seconds:.1f}", float(seconds)),
        )
        for n, seconds in enumerate(rng.gamma(2, 20, rows))
    ]
    heads = (LongHead("Cell", "name"), LongHead("Status", "text"), LongHead("Seconds", order="descending"))
    table = LongTable("every-cell", "Every cell of the matrix", heads, cells, "cells.js", "board.json")
    write_late(index.parent, "", table, Privacy())
    macro = '{% from "tables/long.html" import long with context %}{{ long(table) }}'
    shown = environment().from_string(macro).render({"table": table, "privacy": Privacy()})
    text = index.read_text(encoding="utf-8")
    start = text.index("<div", text.index("</summary>", text.index("Every cell</h3>")))
    end = text.index("</details>", start)
    index.write_text(text[:start] + shown + text[end:], encoding="utf-8")


def work(chrome: webdriver.Chrome) -> float:
    """Seconds of the processor that the page's thread has been at work."""
    metrics: Any = chrome.execute_cdp_cmd("Performance.getMetrics", {})
    return next(float(metric["value"]) for metric in metrics["metrics"] if metric["name"] == "TaskDuration")


def print_times(chrome: webdriver.Chrome, words: str, script: str, rounds: int) -> None:
    taken, worked = [], []
    for _ in range(rounds):
        before = work(chrome)
        taken.append(float(chrome.execute_async_script(MEASURE, script)))
        worked.append(1e3 * (work(chrome) - before))
    print(f"  {words}: {median(taken):.0f} ms, at work {median(worked):.0f} ms")


def print_steps(chrome: webdriver.Chrome) -> None:
    """Swipe, a step a frame, and print what a step takes of the processor, painting included."""
    before = work(chrome)
    chrome.execute_async_script(SWIPE)
    print(f"  a step of the swipe: at work {1e3 * (work(chrome) - before) / STEPS:.1f} ms")


def print_board(chrome: webdriver.Chrome, name: str, index: Path) -> None:
    """Open a board, and print how large it is and when it was ready."""
    text = index.read_bytes()
    print(f"{name}: index {len(text) / 1e6:.2f} MB, compressed {len(gzip.compress(text)) / 1e3:.0f} kB")
    chrome.get(index.resolve().as_uri())
    interactive, loaded = chrome.execute_script(READY)
    print(f"  interactive after {interactive:.0f} ms, loaded after {loaded:.0f} ms")


@click.command(help=__doc__)
@click.argument("boards", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--rows", default=10_000)
@click.option("--rounds", default=7)
def main(boards: tuple[Path, ...], rows: int, rounds: int) -> None:
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for flag in FLAGS:
        options.add_argument(flag)
    with tempfile.TemporaryDirectory() as name:
        wide, long = Path(name, "wide"), Path(name, "long")
        for folder in (wide, long):
            folder.mkdir()
        tables = make(wide, 40, METRICS, 1), make(long, 3, ("psnr",), 1)
        lengthen(tables[1], rows)
        chrome = webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver") or ""))
        try:
            chrome.set_script_timeout(120)
            chrome.execute_cdp_cmd("Performance.enable", {"timeDomain": "threadTicks"})
            chrome.get(tables[0].as_uri())  # the first page that a browser opens waits for the browser
            print_board(chrome, "40 methods, 12 metrics", tables[0])
            for words, script in CHOICES.items():
                print_times(chrome, words, script, rounds)
            print_board(chrome, f"{rows:,} rows", tables[1])
            opening = "const d = document.getElementById('every-cell').closest('details'); d.open = true;"
            wait = " const rows = srbench.rowsOf(document.getElementById('every-cell')); return rows.load()"
            print_times(chrome, f"open, and load {rows:,} rows", opening + wait, 1)
            for words, script in LONG.items():
                print_times(chrome, words, script, rounds)
            for index in boards or (QUICKSTART,):
                print_board(chrome, index.parent.name, index)
                print_times(chrome, "open the viewer", OPEN, 1)
                print_steps(chrome)
        finally:
            chrome.quit()


if __name__ == "__main__":
    main()
