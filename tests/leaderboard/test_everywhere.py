"""Every kind of page in a browser with the network off: phone to large screen, light and dark, by keys, without script.

What is wrong is listed a line each, with the page, the width, the scheme, the rule and the element.
"""

# ruff: noqa: F401, F811 (the browser is a fixture of the tests of boards)
from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from .markup import parse
from .sites import SITES, few
from .test_browser import browser, prefer, resize, visit

WIDTHS = (360, 768, 1440, 1920)
SCHEMES = ("light", "dark")
RULES = {"light": None, "dark": ["color-contrast"]}
"""All rules, and those that a scheme can break."""
ACCEPTED = {"landmark-unique": "each table scrolls in a region named by its caption, and captions recur between views"}
"""Rules of axe that pages may break, and why."""

OPEN = "for (const one of document.querySelectorAll('details')) one.open = true;"
TOO_WIDE = """
const inside = (node) => {
  for (node = node.parentElement; node !== document.body; node = node.parentElement) {
    if (getComputedStyle(node).overflowX !== "visible") return true;
  }
  return false;
};
const [width, whole] = [arguments[0], document.documentElement.scrollWidth];
if (whole <= width) return [];
const wide = [...document.body.querySelectorAll("*")].filter((node) =>
  node.checkVisibility() && node.getBoundingClientRect().right > width && !inside(node));
return wide.map((node) => `the page is ${whole} px wide: ${node.outerHTML.slice(0, 160)}`).slice(-3);
"""
AXE = """
const [rules, done] = arguments;
const options = {resultTypes: ["violations"], preload: false, ...(rules ? {runOnly: rules} : {})};
axe.run(document, options).then(({violations}) => done(violations.flatMap((rule) => rule.nodes.map((node) =>
  [rule.id, `${rule.id}, ${rule.impact}: ${node.target.join(" ")} ${node.html.slice(0, 160)}`]))));
"""
FOUND = """
const shown = (selector) => [...document.querySelectorAll(selector)].filter((node) =>
  node.checkVisibility() && node.getBoundingClientRect().width > 1);
const pictures = shown("main img");
for (const one of pictures) one.loading = "eager";
await Promise.all(pictures.map((one) => one.decode().catch(() => 0)));
return {
  tables: shown("table").length,
  figures: shown("main svg[role=img]").length,
  pictures: pictures.length,
  canvases: shown("main canvas").length,
  missing: pictures.filter((one) => !one.naturalWidth).map((one) => one.outerHTML.slice(0, 160)),
  controls: shown("button, select, input, textarea").map((one) => one.outerHTML.slice(0, 160)),
  excuse: shown("noscript").map((one) => one.textContent.trim()).join(),
};
"""
STOPS = """
window.stops = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")].filter(
  (node) => node.tabIndex >= 0 && !node.disabled && node.checkVisibility({visibilityProperty: true})
    && !(node.type === "radio" && !node.checked));
window.visited = [];
document.addEventListener("focusin", (event) => {
  const place = window.stops.indexOf(event.target);
  if (place >= 0) window.visited.push(place);
});
return window.stops.length;
"""
VISITED = """
const end = window.visited.findIndex((place, at) => at && place < window.visited[at - 1]);
const lap = new Set(end < 0 ? window.visited : window.visited.slice(0, end));
const told = window.stops.filter((_, place) => !lap.has(place)).slice(0, 3).map((node) =>
  `Tab does not come to it in its turn: ${node.outerHTML.slice(0, 160)}`);
return told.concat([...document.querySelectorAll("[tabindex]")].filter((node) => node.tabIndex > 0).map((node) =>
  `tabindex out of turn: ${node.outerHTML.slice(0, 160)}`));
"""
SKIPPED = """
const link = document.querySelectorAll(".skip")[arguments[0]], target = document.querySelector(link.hash);
const after = (node) => target.compareDocumentPosition(node) & Node.DOCUMENT_POSITION_FOLLOWING;
const due = window.stops.find((node) => after(node));
if (!due || document.activeElement === due) return [];
return [`${link.textContent} and Tab lead to ${document.activeElement.outerHTML.slice(0, 160)}`];
"""
UNSEEN = """
const told = [];
for (const node of window.stops) {
  node.focus({focusVisible: true});
  const style = getComputedStyle(node);
  const say = (words) => told.push(`${words}: ${node.outerHTML.slice(0, 160)}`);
  if (style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 2) say("does not show its focus");
  const box = [...node.getClientRects()].find((one) => one.width * one.height > 0);
  if (!box) { say("has the focus and no place"); continue; }
  const [x, y] = [(Math.max(box.left, 0) + Math.min(box.right, innerWidth)) / 2,
                  (Math.max(box.top, 0) + Math.min(box.bottom, innerHeight)) / 2];
  const top = document.elementFromPoint(x, y);
  if (!top || !(node.contains(top) || top.contains(node))) {
    say(`has the focus and is covered by ${top ? top.outerHTML.slice(0, 80) : "nothing"}`);
  }
}
return told;
"""


@dataclass
class Seen:
    """What is wrong with the pages of a site, in lines."""

    asked: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    too_wide: dict[int, list[str]] = field(default_factory=lambda: {width: [] for width in WIDTHS})
    axe: dict[tuple[int, str], list[str]] = field(
        default_factory=lambda: {(width, scheme): [] for width in WIDTHS for scheme in SCHEMES}
    )
    keys: list[str] = field(default_factory=list)
    unscripted: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def seen(browser: webdriver.Chrome, site: Callable[[str], Path]) -> Callable[[str], Seen]:
    """What is wrong with the pages of a kind: each page is opened once with script, and once without."""
    axe = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
    looked: dict[str, Seen] = {}

    def at(name: str) -> Seen:
        if name not in looked:
            looked[name], pages = Seen(), site(name)
            browser.set_script_timeout(600)
            browser.execute_cdp_cmd("Emulation.setFocusEmulationEnabled", {"enabled": True})
            with offline(browser):
                for path in few(pages):
                    look_at(browser, pages, path, axe, looked[name])
        return looked[name]

    return at


@contextmanager
def offline(browser: webdriver.Chrome) -> Iterator[None]:
    """No network."""
    browser.execute_cdp_cmd("Network.enable", {})
    off = {"offline": True, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    browser.execute_cdp_cmd("Network.emulateNetworkConditions", off)
    try:
        yield
    finally:
        browser.execute_cdp_cmd("Network.emulateNetworkConditions", off | {"offline": False})


def look_at(browser: webdriver.Chrome, pages: Path, path: Path, axe: str, found: Seen) -> None:
    page = path.relative_to(pages).as_posix()
    visit(browser, path, 1440)
    count = browser.execute_script(STOPS)
    webdriver.ActionChains(browser).send_keys(*[Keys.TAB] * (count + 10)).perform()
    keys = browser.execute_script(VISITED)
    browser.execute_script(OPEN)
    browser.execute_script(STOPS)
    keys += browser.execute_script(UNSEEN)
    for place, link in enumerate(browser.find_elements(By.CLASS_NAME, "skip")):
        link.send_keys(Keys.ENTER)
        webdriver.ActionChains(browser).send_keys(Keys.TAB).perform()
        keys += browser.execute_script(SKIPPED, place)
    found.keys += [f"{page}: {line}" for line in keys]
    scripted = told(browser, FOUND)
    browser.execute_script(axe)
    for width in WIDTHS:
        resize(browser, width)
        found.too_wide[width] += [f"{page}, {width} px: {line}" for line in browser.execute_script(TOO_WIDE, width)]
        for scheme in SCHEMES:
            prefer(browser, scheme)
            found.axe[width, scheme] += [
                f"{page}, {width} px, {scheme}: {line}"
                for rule, line in browser.execute_async_script(AXE, RULES[scheme])
                if rule not in ACCEPTED
            ]
    found.said += [f"{page}: {entry['level']}: {entry['message']}" for entry in browser.get_log("browser")]
    for message in (json.loads(entry["message"])["message"] for entry in browser.get_log("performance")):
        if message["method"] == "Network.requestWillBeSent":
            url = message["params"]["request"]["url"]
            if not url.startswith((pages.as_uri(), "data:", "blob:")):
                found.asked.append(f"{page}: asks for {url}")
        elif message["method"] == "Page.javascriptDialogOpening":
            found.said.append(f"{page}: opens a dialog: {message['params']['message']}")
    found.unscripted += [f"{page}: {line}" for line in lacking(browser, path, scripted)]


def told(browser: webdriver.Chrome, script: str) -> Any:
    """What a script of the devtools returns, for which the page's own scripts need not run."""
    asked = {"expression": f"(async () => {{{script}}})()", "awaitPromise": True, "returnByValue": True}
    return browser.execute_cdp_cmd("Runtime.evaluate", asked)["result"]["value"]


def lacking(browser: webdriver.Chrome, path: Path, scripted: dict[str, Any]) -> Iterator[str]:
    """What a page lacks without script."""
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        visit(browser, path, 1440)
        plain = told(browser, OPEN + FOUND)
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    if plain["excuse"]:
        return
    for kind in ("tables", "figures"):
        if plain[kind] < scripted[kind]:
            yield f"without script {plain[kind]} {kind}, with it {scripted[kind]}"
    if scripted["pictures"] + scripted["canvases"] and not plain["pictures"]:
        yield "without script no pictures, with it some"
    yield from (f"a picture is not there: {one}" for one in [*scripted["missing"], *plain["missing"]])
    yield from (f"without script a control that does nothing: {one}" for one in plain["controls"])


@pytest.mark.parametrize("name", SITES)
def test_no_request_leaves_the_folder(seen: Callable[[str], Seen], name: str) -> None:
    none(seen(name).asked)


@pytest.mark.parametrize("name", SITES)
def test_nothing_is_said_on_the_console_and_no_dialog_opens(seen: Callable[[str], Seen], name: str) -> None:
    none(seen(name).said)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", SITES)
def test_no_page_scrolls_sideways(seen: Callable[[str], Seen], name: str, width: int) -> None:
    none(seen(name).too_wide[width])


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", SITES)
def test_axe_finds_nothing(seen: Callable[[str], Seen], name: str, width: int, scheme: str) -> None:
    none(seen(name).axe[width, scheme])


@pytest.mark.parametrize("name", SITES)
def test_tab_comes_to_every_control_in_its_turn_and_the_focus_is_seen(seen: Callable[[str], Seen], name: str) -> None:
    none(seen(name).keys)


@pytest.mark.parametrize("name", ["board", "generation board"])
def test_pages_with_pictures_have_a_way_past_what_is_before_them(site: Callable[[str], Path], name: str) -> None:
    pages = site(name)
    for path in (pages / "index.html", *(pages / "cells").glob("*.html")):
        tree = parse(path)
        (main,) = tree.find("main")
        links = [link.attributes["href"] for link in tree.of_class("skip")]
        assert links[:1] == ["#main"] and len(links) == (2 if list(main.find("img")) else 1), path
        assert set(links) <= {
            f"#{tag.attributes['id']}" for tag in tree.find("main", "section") if "id" in tag.attributes
        }


@pytest.mark.parametrize("name", SITES)
def test_tables_figures_and_pictures_are_there_without_script(seen: Callable[[str], Seen], name: str) -> None:
    none(seen(name).unscripted)


def none(lines: list[str]) -> None:
    """Fail with the lines."""
    if lines:
        pytest.fail("\n".join(lines), pytrace=False)
