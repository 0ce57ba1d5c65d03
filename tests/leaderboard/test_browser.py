"""The pages in a browser: offline, with and without script, wide and narrow, light and dark."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn

import pandas as pd
import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

from .toyboard import HOSTILE, KEYS, Board, keep, write

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
BACKGROUND = "return getComputedStyle(document.documentElement).backgroundColor"
CONTRAST = """
const rgb = (text) => {
  const c = text.match(/[\\d.]+/g).map(Number);
  return c.length > 3 && c[3] === 0 ? null : c.slice(0, 3);
};
const linear = (v) => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
const light = (c) => .2126 * linear(c[0] / 255) + .7152 * linear(c[1] / 255) + .0722 * linear(c[2] / 255);
const ratio = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + .05) / (y + .05); };
const behind = (node) => {
  for (; node; node = node.parentElement) {
    const c = rgb(getComputedStyle(node).backgroundColor);
    if (c) return c;
  }
  return [255, 255, 255];
};
const bad = [];
for (const node of document.querySelectorAll("main *, header *, footer *")) {
  const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
  if (!own || !node.getClientRects().length || ["SCRIPT", "OPTION"].includes(node.tagName)) continue;
  const inSvg = node instanceof SVGElement;
  if (inSvg && node.tagName !== "text") continue;
  const style = getComputedStyle(node);
  const value = ratio(rgb(inSvg ? style.fill : style.color), behind(node));
  if (value < 4.5) bad.push([node.tagName, node.textContent.trim().slice(0, 40), value]);
}
const marks = [];
for (const node of document.querySelectorAll(".marker")) {
  const value = ratio(rgb(getComputedStyle(node).fill), behind(node));
  if (value < 3) marks.push(value);
}
return [bad, marks];
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory, missing: Callable[[str], NoReturn]) -> Iterator[webdriver.Chrome]:
    """Headless Chromium."""
    binary, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if binary is None or driver is None:
        missing("Chromium and its driver are not installed: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    chrome = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield chrome
    chrome.quit()


def visit(browser: webdriver.Chrome, path: Path, width: int = 1280, fragment: str = "") -> None:
    """Open a page afresh, in a window of this width."""
    prefer(browser, "light")
    resize(browser, width)
    browser.get("about:blank")
    browser.get_log("browser")
    browser.get_log("performance")
    browser.get(path.as_uri() + fragment)


def resize(browser: webdriver.Chrome, width: int) -> None:
    """Narrow windows are those of a phone."""
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def prefer(browser: webdriver.Chrome, scheme: str) -> None:
    """Ask for light or for dark."""
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def requests(browser: webdriver.Chrome) -> list[str]:
    """The addresses that the page asked for."""
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    return [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]


def column(browser: webdriver.Chrome, table: str, place: int) -> list[str]:
    script = (
        "return [...document.querySelector(arguments[0]).tBodies[0].rows]"
        ".map((row) => row.cells[arguments[1]].innerText.trim())"
    )
    return list(browser.execute_script(script, table, place))


def state(browser: webdriver.Chrome) -> dict[str, str]:
    return dict(browser.execute_script("return Object.fromEntries(new URLSearchParams(location.hash.slice(1)))"))


def every_page(pages: Path) -> list[Path]:
    """The board, and of cells and methods one of each kind."""
    cells, methods = sorted((pages / "cells").glob("*.html")), sorted((pages / "methods").glob("*.html"))
    return [pages / "index.html", *cells[::5], *methods[::2]]


@dataclass(frozen=True)
class Seen:
    """What a page was like: what it complained of, what it asked for, and of each width and scheme how it came out."""

    errors: list[Any]
    asked: list[str]
    widths: dict[int, int]
    faint: dict[str, list[Any]]
    backgrounds: dict[str, str]


@pytest.fixture(scope="module")
def seen(browser: webdriver.Chrome, pages: Path) -> dict[Path, Seen]:
    """Every page, opened once: on a screen and on a phone, and with all its details in light and in dark."""
    return {path: look_at(browser, path) for path in every_page(pages)}


def look_at(browser: webdriver.Chrome, path: Path) -> Seen:
    visit(browser, path)
    errors, asked = browser.get_log("browser"), requests(browser)
    widths = {}
    for width in (1280, 375):
        resize(browser, width)
        widths[width] = browser.execute_script("return document.documentElement.scrollWidth")
    resize(browser, 1280)
    browser.execute_script("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    faint, backgrounds = {}, {}
    for scheme in ("light", "dark"):
        prefer(browser, scheme)
        faint[scheme] = browser.execute_script(CONTRAST)
        backgrounds[scheme] = browser.execute_script(
            "return getComputedStyle(document.documentElement).backgroundColor"
        )
    return Seen(errors + browser.get_log("browser"), asked, widths, faint, backgrounds)


def test_no_errors_and_nothing_but_files_of_the_board(seen: dict[Path, Seen], pages: Path) -> None:
    for path, page in seen.items():
        assert page.errors == [], path
        assert page.asked
        assert [url for url in page.asked if not url.startswith((pages.as_uri(), "data:"))] == []


@pytest.mark.parametrize("width", [375, 1280])
def test_no_page_is_wider_than_the_window(seen: dict[Path, Seen], width: int) -> None:
    for path, page in seen.items():
        assert page.widths[width] <= width, path


@pytest.mark.parametrize(("scheme", "background"), [("light", "rgb(255, 255, 255)"), ("dark", "rgb(20, 23, 27)")])
def test_words_and_markers_stand_out_from_their_background(
    seen: dict[Path, Seen], scheme: str, background: str
) -> None:
    for path, page in seen.items():
        words, markers = page.faint[scheme]
        assert words == [], path
        assert markers == [], path
        assert page.backgrounds[scheme] == background


def test_a_click_on_a_head_sorts_and_keeps_what_is_missing_last(browser: webdriver.Chrome, pages: Path) -> None:
    visit(browser, pages / "index.html")
    table = "table.ranked"
    shown = column(browser, table, 1)
    heads = browser.find_elements(By.CSS_SELECTOR, f"{table}:first-of-type thead th")
    heads[7].find_element(By.TAG_NAME, "button").click()
    assert heads[7].get_attribute("aria-sort") == "descending"
    metric = heads[2]
    metric.find_element(By.TAG_NAME, "button").click()
    assert heads[7].get_attribute("aria-sort") is None
    assert metric.get_attribute("aria-sort") == "descending"
    assert column(browser, table, 1) == shown
    metric.find_element(By.TAG_NAME, "button").send_keys(Keys.ENTER)
    assert metric.get_attribute("aria-sort") == "ascending"
    turned = column(browser, table, 1)
    assert turned[:4] == shown[:4][::-1]
    assert turned[4:] == shown[4:]


def test_filters_leave_one_dataset_and_the_columns_that_are_wanted(browser: webdriver.Chrome, pages: Path) -> None:
    visit(browser, pages / "index.html")
    form = browser.find_element(By.CSS_SELECTOR, ".filters")
    Select(form.find_element(By.NAME, "dataset")).select_by_visible_text("waves")
    Select(form.find_element(By.NAME, "by")).select_by_visible_text("SSIM")
    form.find_element(By.CSS_SELECTOR, ".columns summary").click()
    for name in ("psnr", "lpips", "fid"):
        form.find_element(By.CSS_SELECTOR, f"[name=column][value={name}]").click()
    captions = [c.text for c in browser.find_elements(By.CSS_SELECTOR, "table.ranked caption") if c.is_displayed()]
    assert len(captions) == 2
    assert all(caption.startswith("waves: 8 images") for caption in captions)
    heads = {h.text.split()[0] for h in browser.find_elements(By.CSS_SELECTOR, "th.value") if h.is_displayed()}
    assert heads == {"SSIM"}
    assert not any(part.is_displayed() for part in browser.find_elements(By.CSS_SELECTOR, "[data-dataset='']"))
    # The differences to the yardstick are those of the metric that ranks, PSNR.
    assert not any(gap.is_displayed() for gap in browser.find_elements(By.CSS_SELECTOR, ".gap"))


def shown(browser: webdriver.Chrome, selector: str) -> list[str]:
    """The texts that can be seen, of the elements of a selector."""
    return [one.text for one in browser.find_elements(By.CSS_SELECTOR, selector) if one.is_displayed()]


def choose(browser: webdriver.Chrome, **choice: str) -> None:
    for name, value in choice.items():
        Select(browser.find_element(By.CSS_SELECTOR, f".filters [name={name}]")).select_by_value(value)


def test_words_ranks_figures_and_viewer_follow_the_choice(browser: webdriver.Chrome, pages: Path) -> None:
    board = json.loads((pages / "board.json").read_text(encoding="utf-8"))
    visit(browser, pages / "index.html")
    assert shown(browser, ".lead") == [finding.partition(": ")[2] for finding in board["findings"]]
    protocol = board["tables"][0]["protocol"]
    scope = browser.find_element(By.CSS_SELECTOR, ".filters [name=scope] option:nth-child(2)").get_attribute("value")
    choose(browser, scope=str(scope), dataset="waves")
    (lead,) = shown(browser, ".lead")
    assert "on waves" in lead and "PSNR" in lead
    assert f"(waves, {protocol})" in browser.find_element(By.ID, "window").text
    looks = browser.find_elements(By.CSS_SELECTOR, ".controls [name=look] option")
    assert [one.text for one in looks if one.is_enabled()] == [f"waves, {protocol}"]
    assert shown(browser, "details[data-dataset] > summary") == [f"waves, {protocol}, by PSNR"]
    choose(browser, by="ssim")
    (lead,) = shown(browser, ".lead")
    assert "on waves" in lead and "SSIM" in lead and "better in PSNR" not in lead
    (caption,) = shown(browser, "table.ranked caption")
    assert caption.endswith("Ranked by SSIM.")
    assert not shown(browser, "figure") and not shown(browser, ".duels")
    offered = browser.find_elements(By.CSS_SELECTOR, ".filters [name=by] option")
    assert [one.get_attribute("value") for one in offered] == ["", "psnr", "ssim"], "others rank nobody"
    choose(browser, by="", dataset="", scope="")
    assert shown(browser, ".lead") == [finding.partition(": ")[2] for finding in board["findings"]]


def test_rows_stand_in_the_order_of_the_metric_that_is_chosen(
    browser: webdriver.Chrome, make: Callable[..., Board], tmp_path: Path
) -> None:
    turned = make(datasets=("blobs",), protocols=1, seeds=1, methods=("bicubic", "learner", HOSTILE))
    for path in turned.store.glob("cells/*/*/scores.parquet"):
        frame = pd.read_parquet(path)
        frame.loc[frame.metric == KEYS["ssim"], "value"] *= -1
        frame.to_parquet(path)
    for planned in turned.plan.cells:
        record = planned.store.read("cells", planned.cell.key)
        for result in () if record is None else record.metrics.values():
            if result.name == "ssim" and result.value is not None:
                result.value *= -1
        if record is not None:
            keep(turned.store, record)
    out = write(turned, tmp_path / "pages")
    visit(browser, out / "index.html")
    before = column(browser, "table.ranked", 1)
    choose(browser, by="ssim")
    after = column(browser, "table.ranked", 1)
    assert after[0] == HOSTILE and after[0] != before[0]
    assert after.index("learner") > after.index("bicubic")
    assert column(browser, "table.ranked", 0)[0] == "1"
    choose(browser, by="")
    assert column(browser, "table.ranked", 1) == before


def test_before_any_choice_the_metric_of_the_matrix_ranks(
    browser: webdriver.Chrome, make: Callable[..., Board], tmp_path: Path
) -> None:
    asked = make(datasets=("blobs",), protocols=1, seeds=1, methods=("bicubic", "learner"))
    asked.plan = replace(asked.plan, matrix=replace(asked.plan.matrix, rank_by="ssim"))
    visit(browser, write(asked, tmp_path / "pages") / "index.html")
    heads = [head.split("\n")[0].split()[0] for head in shown(browser, "table.ranked th:is(.value, .gap)")]
    assert heads == ["PSNR,", "SSIM", "SSIM", "LPIPS", "FID"]  # the difference beside what ranks
    for metric, ranked in (("", "SSIM"), ("psnr", "PSNR"), ("ssim", "SSIM"), ("", "SSIM")):
        choose(browser, by=metric)
        (caption,) = shown(browser, "table.ranked caption")
        assert caption.endswith(f"Ranked by {ranked}.")
        (lead,) = shown(browser, ".lead")
        assert ranked in lead
        assert bool(shown(browser, "figure")) == (ranked == "SSIM")


def test_results_by_class_wait_to_be_opened_and_follow_the_columns(browser: webdriver.Chrome, pages: Path) -> None:
    visit(browser, pages / "index.html", 390)
    assert shown(browser, ".by-subgroup") == []
    browser.execute_script("document.querySelectorAll('.subgroups').forEach((d) => { d.open = true; })")
    captions = shown(browser, ".by-subgroup caption")
    assert [caption.split()[0] for caption in captions] == ["PSNR", "SSIM"] * 2  # of each protocol
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 390
    browser.find_element(By.CSS_SELECTOR, ".columns summary").click()
    browser.find_element(By.CSS_SELECTOR, "[name=column][value=psnr]").click()
    assert [caption.split()[0] for caption in shown(browser, ".by-subgroup caption")] == ["SSIM"] * 2
    browser.find_element(By.CSS_SELECTOR, "[name=column][value=ssim]").click()
    assert shown(browser, ".subgroups") == []
    browser.find_element(By.CSS_SELECTOR, ".filters [type=reset]").click()
    WebDriverWait(browser, 30).until(lambda _: shown(browser, ".subgroups"))
    choose(browser, dataset="waves")  # which has no labels
    assert shown(browser, ".subgroups") == []


def test_a_table_for_papers_is_copied_or_where_that_is_refused_selected(browser: webdriver.Chrome, pages: Path) -> None:
    visit(browser, pages / "index.html")
    part = browser.find_element(By.CSS_SELECTOR, "details.paper")
    part.find_element(By.TAG_NAME, "summary").click()
    button = part.find_element(By.CSS_SELECTOR, "button.copy")
    written = "const said = []; window.said = said; navigator.clipboard.writeText = (text) => {"
    browser.execute_script(f"{written} said.push(text); return Promise.resolve(); }};")
    button.click()
    WebDriverWait(browser, 30).until(lambda _: button.text == "Copied")
    assert browser.execute_script("return window.said") == [(pages / "paper" / "x4-y.tex").read_text()]
    browser.execute_script(f"{written} return Promise.reject(new Error('no')); }};")
    WebDriverWait(browser, 30).until(lambda _: button.text == "Copy LaTeX")
    button.click()
    WebDriverWait(browser, 30).until(lambda _: "Ctrl+C" in button.text)
    selected = browser.execute_script("return getSelection().toString()")
    assert selected.split() == (pages / "paper" / "x4-y.tex").read_text().split()


def test_numbers_of_a_column_end_below_each_other(browser: webdriver.Chrome, pages: Path) -> None:
    visit(browser, pages / "index.html")
    for table in browser.find_elements(By.CSS_SELECTOR, "table.ranked"):
        for head in table.find_elements(By.CSS_SELECTOR, "th.value"):
            place = browser.execute_script("return arguments[0].cellIndex", head)
            numbers = f"tr > :nth-child({place + 1}) .measure > :is(a, .number)"
            ends = [round(n.rect["x"] + n.rect["width"]) for n in table.find_elements(By.CSS_SELECTOR, numbers)]
            assert not ends or max(ends) - min(ends) <= 1, (head.text, ends)


def test_without_script_the_words_tables_figures_and_the_wall_are_there(browser: webdriver.Chrome, pages: Path) -> None:
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        visit(browser, pages / "index.html")
        sizes: Any = browser.execute_cdp_cmd(
            "Runtime.evaluate",
            {
                "returnByValue": True,
                "expression": "document.querySelectorAll('details').forEach((d) => { d.open = true; });"
                "[...document.querySelectorAll('.wall img, svg.figure, table:is(.ranked, .by-subgroup), .findings')]"
                ".map((e) => [e.tagName, e.getBoundingClientRect().width, e.tagName === 'IMG' ? e.naturalWidth : 1])",
            },
        )["result"]["value"]
        forms: Any = browser.execute_cdp_cmd(
            "Runtime.evaluate",
            {
                "returnByValue": True,
                "expression": "[...document.querySelectorAll('form, button, select, .keys, .display, #comparison')]"
                ".filter((e) => e.getBoundingClientRect().width > 0).length",
            },
        )["result"]["value"]
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    assert sum(tag == "IMG" for tag, *_ in sizes) == 7  # LR, HR, and every method that has pictures
    assert sum(tag == "svg" for tag, *_ in sizes) == 8
    assert sum(tag == "TABLE" for tag, *_ in sizes) == 6 + 4
    assert all(width > 50 and natural > 0 for _, width, natural in sizes)
    assert forms == 0


def test_rank_and_method_stay_while_a_table_scrolls_on_a_phone(browser: webdriver.Chrome, pages: Path) -> None:
    visit(browser, pages / "index.html", 375)
    scrolled, before, after = browser.execute_script(
        "const box = document.querySelector('table.ranked').closest('.scroll'), row = box.querySelector('tbody tr');"
        "const lefts = () => [...row.cells].slice(0, 3).map((cell) => cell.getBoundingClientRect().left);"
        "const before = lefts(); box.scrollLeft = 300; return [box.scrollLeft, before, lefts()]"
    )
    assert scrolled == 300
    assert after[:2] == pytest.approx(before[:2], abs=1)
    assert after[2] == pytest.approx(before[2] - 300, abs=1)


def test_the_strip_of_samples_scrolls_inside_itself_on_a_phone_without_script(
    browser: webdriver.Chrome, pages: Path
) -> None:
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        visit(browser, pages / "methods" / "learner.html", 390)
        seen: Any = browser.execute_cdp_cmd(
            "Runtime.evaluate",
            {
                "returnByValue": True,
                "awaitPromise": True,
                "expression": "(async () => {"
                "const strip = document.querySelector('.strip'), box = strip.parentElement;"
                "const images = [...strip.querySelectorAll('img')];"
                "images.forEach((i) => { i.loading = 'eager'; });"
                "await Promise.all(images.map((i) => i.decode()));"
                "box.scrollLeft = 1e6;"
                "const last = images.at(-1).getBoundingClientRect();"
                "return [document.documentElement.scrollWidth, box.scrollLeft, last.right,"
                " images.map((i) => i.naturalWidth), images.map((i) => i.getBoundingClientRect().width)];})()",
            },
        )["result"]["value"]
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    wide, scrolled, right, natural, shown = seen
    assert wide <= 390
    assert scrolled > 300
    assert right <= 390
    assert len(natural) == 9
    assert min(natural) > 0
    assert len(set(shown)) == 1
