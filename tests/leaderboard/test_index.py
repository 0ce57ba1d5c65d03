"""The index of boards in a browser: it is whole without script, and narrowed by words, field, scale and dataset."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select

from srbench.leaderboard import write_index

from .test_browser import CONTRAST, browser, prefer, requests, resize, visit  # noqa: F401
from .toyboard import HOSTILE

BOARDS = {
    "cells": (["microscopy"], ["x4"], ["ihc", HOSTILE]),
    "stars": (["astronomy", "photographs"], ["x2", "x4"], ["hubble"]),
    "noise": ([], [], ["textures"]),
}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("boards")
    for name, (fields, scales, datasets) in BOARDS.items():
        (root / name).mkdir()
        facts = {"fields": fields, "scales": scales, "datasets": datasets, "budget": "600 steps"}
        board = {"title": f"Of {name} {HOSTILE}", "findings": [f"{name} led."], "date": f"2026-{name}", "facts": facts}
        (root / name / "board.json").write_text(json.dumps(board))
        (root / name / "index.html").write_text("<title>board</title>")
    return write_index(root)


def shown(chrome: webdriver.Chrome) -> list[str]:
    items = chrome.find_elements(By.CSS_SELECTOR, ".boards > li")
    return [item.find_element(By.TAG_NAME, "p").text.split()[0] for item in items if item.is_displayed()]


def choose(chrome: webdriver.Chrome, name: str, value: str) -> None:
    Select(chrome.find_element(By.NAME, name)).select_by_visible_text(value)


def test_boards_are_narrowed_by_each_choice_and_by_words(browser: webdriver.Chrome, index: Path) -> None:  # noqa: F811
    visit(browser, index)
    assert shown(browser) == ["stars", "noise", "cells"]
    choose(browser, "field", "astronomy")
    assert shown(browser) == ["stars"]
    assert browser.find_element(By.TAG_NAME, "output").text == "1 of 3 boards"
    choose(browser, "field", "all")
    choose(browser, "scale", "x4")
    assert shown(browser) == ["stars", "cells"]
    choose(browser, "dataset", HOSTILE)
    assert shown(browser) == ["cells"]
    choose(browser, "dataset", "all")
    choose(browser, "scale", "all")
    browser.find_element(By.NAME, "words").send_keys("TEXTURES 600")
    assert shown(browser) == ["noise"]
    assert not [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
    assert all(url.startswith(("file://", "data:")) for url in requests(browser))


def test_the_address_keeps_the_choice(browser: webdriver.Chrome, index: Path) -> None:  # noqa: F811
    visit(browser, index)
    choose(browser, "scale", "x2")
    address = browser.current_url
    browser.get("about:blank")
    browser.get(address)
    assert shown(browser) == ["stars"]
    choose(browser, "scale", "all")
    assert browser.current_url == index.as_uri()


def test_without_script_every_board_is_there_and_no_form(browser: webdriver.Chrome, index: Path) -> None:  # noqa: F811
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        visit(browser, index)
        assert shown(browser) == ["stars", "noise", "cells"]
        assert not browser.find_element(By.CSS_SELECTOR, "form").is_displayed()
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_and_can_be_read(browser: webdriver.Chrome, index: Path, width: int, scheme: str) -> None:  # noqa: F811
    visit(browser, index, width)
    prefer(browser, scheme)
    resize(browser, width)
    assert browser.execute_script("return document.documentElement.scrollWidth <= innerWidth")
    assert browser.execute_script(CONTRAST) == [[], []]
