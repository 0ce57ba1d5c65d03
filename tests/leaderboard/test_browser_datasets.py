"""Pages of datasets and methods in a browser: as wide as the window, legible, and leading to what they show."""

from __future__ import annotations

from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from . import test_browser
from .test_browser import column, look_at, state, visit

browser = test_browser.browser
SHOWN = ("datasets/blobs.html", "datasets/waves.html", "datasets/t91.html", "methods/learner.html")


@pytest.mark.parametrize("name", SHOWN)
def test_it_complains_of_nothing_fits_the_window_and_stands_out(
    browser: webdriver.Chrome, pages: Path, name: str
) -> None:
    page = look_at(browser, pages / name)
    assert page.errors == []
    assert [url for url in page.asked if not url.startswith((pages.as_uri(), "data:"))] == []
    assert all(shown <= width for width, shown in page.widths.items())
    assert all(found == [[], []] for found in page.faint.values())


def test_a_picture_leads_to_the_viewer_at_that_image(browser: webdriver.Chrome, pages: Path) -> None:
    visit(browser, pages / "datasets" / "waves.html")
    pictures = browser.find_elements(By.CSS_SELECTOR, ".shots a")
    picture = pictures[2]
    image = picture.find_element(By.TAG_NAME, "img").get_attribute("alt").partition(":")[0]
    picture.click()
    assert state(browser)["image"] == image
    assert browser.find_element(By.ID, "window").text.startswith(f"{image} (waves, x4-y)")


def test_the_table_of_images_is_hardest_first_and_sorts_by_a_method(browser: webdriver.Chrome, pages: Path) -> None:
    visit(browser, pages / "datasets" / "blobs.html")
    table = "table.images"
    heads = browser.find_elements(By.CSS_SELECTOR, f"{table}:first-of-type thead th")
    place = next(at for at, head in enumerate(heads) if head.text.strip().startswith("bicubic"))
    heads[place].find_element(By.TAG_NAME, "button").click()
    shown = [float(text) for text in column(browser, table, place)]
    assert shown == sorted(shown, reverse=True) and len(shown) == 9
