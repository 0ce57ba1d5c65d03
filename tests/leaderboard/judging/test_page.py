"""The page on which people judge, in a browser: a session from its beginning to the file that it saves."""

# ruff: noqa: F401, F811 (the browser is a fixture of the tests of boards)
from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from srbench.commands.votes import take_in
from srbench.leaderboard.judging.page import CHECKS, judging_page
from srbench.leaderboard.judging.study import Study, study_of
from srbench.leaderboard.pages.document import read_records

from ..test_browser import browser, requests, resize, visit
from ..toyboard import OFFSETS, PEAKS

TRIALS = 5
REPEATS = 3  # of those that stand in the first six tenths of the line
PAIRS = TRIALS + REPEATS + CHECKS
OPINIONS = TRIALS + REPEATS + 2 * CHECKS


@pytest.fixture(scope="module")
def study(pages: Path) -> Study:
    document = read_records(pages / "records.jsonl")
    return study_of(document.results, document.galleries, pages)


@pytest.fixture(scope="module")
def page(study: Study, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    folder = tmp_path_factory.mktemp("judge")

    def made(kind: Any, trials: int = TRIALS, reference: bool = False) -> Path:
        path = folder / f"{kind}-{trials}-{reference}.html"
        path.write_bytes(judging_page(study, kind, trials, reference))
        return path

    return made


def one(chrome: webdriver.Chrome, name: str) -> Any:
    return chrome.find_element(By.ID, name)


def begin(chrome: webdriver.Chrome, path: Path, rater: str = "", width: int = 1280) -> None:
    visit(chrome, path, width)
    chrome.execute_script("localStorage.clear()")
    one(chrome, "rater").send_keys(rater)
    one(chrome, "start").click()


def press(chrome: webdriver.Chrome, *keys: str) -> None:
    """Answer by keys, each once the pictures are there and a moment has passed."""
    for key in keys:
        before = one(chrome, "count").text
        stage = one(chrome, "stage")
        WebDriverWait(chrome, 30).until(lambda _, stage=stage: stage.get_attribute("data-ready") is not None)
        time.sleep(0.26)
        chrome.switch_to.active_element.send_keys(key)
        WebDriverWait(chrome, 30).until(
            lambda _, before=before: one(chrome, "count").text != before or one(chrome, "end").is_displayed()
        )


def saved(chrome: webdriver.Chrome) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(one(chrome, "text").get_attribute("value") or "")
    return found


def test_neither_methods_nor_datasets_are_named_in_the_file(page: Callable[..., Path]) -> None:
    text = page("pairs").read_text(encoding="utf-8")
    words = re.sub(r'"files":\[[^]]*\]', "", text)
    assert len(words) < 60_000
    for name in (*OFFSETS, *PEAKS, "x4-y", "psnr", "im0"):
        assert not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", words) or name in ("slow", "never"), name
    assert not re.search(r"""(?:src|href)="(?!data:)""", words)


def test_a_session_by_keys_is_saved_and_taken_in(
    browser: webdriver.Chrome,
    page: Callable[..., Path],
    pages: Path,
    tmp_path: Path,
) -> None:
    board = tmp_path / "pages"
    shutil.copytree(pages, board)
    begin(browser, page("pairs"), "<b>Ann</b>")
    press(browser, *([Keys.ARROW_LEFT, Keys.ARROW_RIGHT, " "] * PAIRS)[:PAIRS])
    assert one(browser, "thanks").text == "Thank you. That was all."
    browser.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)})
    one(browser, "save").click()
    WebDriverWait(browser, 30).until(lambda _: list(tmp_path.glob("judged-*.json")))
    (file,) = tmp_path.glob("judged-*.json")
    told = json.loads(file.read_text(encoding="utf-8"))
    assert told == saved(browser)
    assert [answer["said"] for answer in told["answers"]] == (["left", "right", "neither"] * PAIRS)[:PAIRS]
    assert (told["rater"], told["complete"]) == ("<b>Ann</b>", True)
    assert all(answer["seconds"] >= 0.25 for answer in told["answers"])
    taken = take_in([file], board / "records.jsonl", None, None)
    assert taken.new == 1 and taken.published is not None and taken.published.troubles == ()
    (session,) = read_records(board / "records.jsonl").votes
    assert [answer.said for answer in session.answers] == [answer["said"] for answer in told["answers"]]
    assert session.rater == "rater 1"
    purposes = [answer.purpose for answer in session.answers]
    assert {name: purposes.count(name) for name in ("vote", "repeat", "catch")} == {
        "vote": TRIALS,
        "repeat": REPEATS,
        "catch": CHECKS,
    }
    votes = [answer.pictures for answer in session.answers if answer.purpose == "vote"]
    for place, answer in enumerate(session.answers):
        if answer.purpose == "repeat":
            assert answer.pictures[::-1] in votes
            assert answer.pictures[::-1] in [earlier.pictures for earlier in session.answers[:place]]
    ends = {frozenset(p.what for p in session.shown(a)) for a in session.answers if a.purpose == "catch"}
    assert ends == {frozenset({"hr", "nearest"})}
    assert browser.get_log("browser") == []
    asked = [url for url in requests(browser) if not url.startswith(("data:", "blob:"))]
    assert set(asked) <= {page("pairs").as_uri()}


def test_marks_undo_and_going_on_after_the_page_was_closed(
    browser: webdriver.Chrome,
    page: Callable[..., Path],
    tmp_path: Path,
) -> None:
    path = page("opinions")
    visit(browser, path)
    words = [figure.text for figure in browser.find_elements(By.CSS_SELECTOR, "#examples figure")]
    assert words == ["This is a 1."] * 3 + ["This is a 5."] * 3
    begin(browser, path)
    press(browser, "1", "5", "2")
    press(browser, Keys.BACKSPACE)
    assert one(browser, "count").text == f"3 of {OPINIONS}"
    press(browser, "4")
    one(browser, "pause").click()
    first = saved(browser)
    assert [answer["said"] for answer in first["answers"]] == [1, 5, 4] and not first["complete"]
    browser.refresh()
    assert one(browser, "resume").text == f"Go on where you stopped (3 of {OPINIONS})"
    one(browser, "resume").click()
    assert one(browser, "count").text == f"4 of {OPINIONS}"
    press(browser, "3")
    one(browser, "pause").click()
    again = saved(browser)
    assert again["answers"][:3] == first["answers"] and again["session"] == first["session"]
    file = tmp_path / "saved.json"
    file.write_text(json.dumps(first))
    begin(browser, path)
    browser.refresh()
    one(browser, "file").send_keys(str(file))
    WebDriverWait(browser, 30).until(lambda _: one(browser, "count").text == f"4 of {OPINIONS}")
    visit(browser, page("pairs"))
    one(browser, "file").send_keys(str(file))
    WebDriverWait(browser, 30).until(lambda _: one(browser, "trouble").text)
    assert one(browser, "trouble").text == "This file holds no answers to this page."


@pytest.mark.parametrize("width", [360, 1440])
def test_pixels_are_whole_sizes_equal_and_nothing_is_wider_than_the_window(
    browser: webdriver.Chrome,
    page: Callable[..., Path],
    width: int,
) -> None:
    begin(browser, page("pairs", TRIALS, True), width=width)
    WebDriverWait(browser, 30).until(lambda _: one(browser, "stage").get_attribute("data-ready") is not None)
    sizes = browser.execute_script(
        """return [...document.querySelectorAll("#stage img")].map((image) => {
          const box = image.getBoundingClientRect();
          const rendering = getComputedStyle(image).imageRendering;
          return [box.width / image.naturalWidth, box.height / image.naturalHeight, rendering];
        })"""
    )
    assert len(sizes) == 3 and len({tuple(size) for size in sizes}) == 1
    across, down, rendering = sizes[0]
    assert across == pytest.approx(down) and across == pytest.approx(round(across)) and rendering == "pixelated"
    assert [c.text for c in browser.find_elements(By.CSS_SELECTOR, "#stage figcaption")] == ["A", "Original", "B"]
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    buttons = browser.find_elements(By.CSS_SELECTOR, "#answers button")
    assert all(button.size["height"] >= 44 for button in buttons)
    time.sleep(0.26)
    buttons[1].click()
    WebDriverWait(browser, 30).until(lambda _: one(browser, "count").text.startswith("2 of"))


def test_every_session_has_an_order_and_sides_of_its_own(browser: webdriver.Chrome, page: Callable[..., Path]) -> None:
    orders = []
    for _ in range(3):
        begin(browser, page("pairs", 300))
        press(browser, " ", " ", " ")
        one(browser, "pause").click()
        told = saved(browser)
        orders.append([told["pictures"][place] for answer in told["answers"] for place in answer["pictures"]])
    assert len({tuple(order) for order in orders}) == 3
