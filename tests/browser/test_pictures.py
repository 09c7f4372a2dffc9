"""The pictures of the reports in a real browser: drawn within the pages' strict policy, in both themes, narrow and wide."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

SignIn = Callable[[str], Page]

AI = "path=building-ai-literacy"
PICTURES = [
    f"trend?unit=IA&{AI}",
    f"trend?unit=80&{AI}",
    "assurance?unit=80",
    "heat?kind=district",
    f"sections?{AI}",
    f"slope?{AI}",
]
DRAWN = ".chart-drawn svg"
LIGHT, DARK = "rgb(255, 255, 255)", "rgb(20, 24, 26)"


def wait_for_the_script(page: Page) -> None:
    """The server puts it together when it starts: pages hold its address as soon as it is there."""
    for _ in range(100):
        page.goto(f"/reports/charts/{PICTURES[0]}")
        if page.locator(".chart").get_attribute("data-script"):
            return
        page.wait_for_timeout(300)
    raise AssertionError("the script was never put together")


@pytest.mark.parametrize("picture", PICTURES)
def test_a_picture_is_drawn_in_both_themes_narrow_and_wide(sign_in: SignIn, picture: str) -> None:
    page = sign_in("staff")
    wait_for_the_script(page)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    papers = set()
    for scheme, width in (("light", 1440), ("dark", 360)):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(f"/reports/charts/{picture}")
        drawn = page.locator(DRAWN)
        expect(drawn).to_be_visible()
        papers.add(drawn.evaluate("svg => getComputedStyle(svg).backgroundColor"))
        box, frame = drawn.bounding_box(), page.locator(".chart-picture").bounding_box()
        assert box and frame
        assert box["width"] <= frame["width"] + 1
        assert box["width"] > frame["width"] * 0.9
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.locator(".chart-picture").get_attribute("aria-label")
        page.get_by_text("Show as table").click()
        expect(page.locator(".chart-table table")).to_be_visible()
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
    assert papers == {LIGHT, DARK}
    assert said == []  # Vega tells there of a scale that it could not work out


def test_a_picture_follows_the_theme_and_its_frame(sign_in: SignIn) -> None:
    page = sign_in("staff")
    wait_for_the_script(page)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1200, "height": 800})
    page.goto(f"/reports/charts/{PICTURES[1]}")
    expect(page.locator(DRAWN)).to_have_css("background-color", LIGHT)
    page.emulate_media(color_scheme="dark")
    expect(page.locator(DRAWN)).to_have_css("background-color", DARK)
    wide = page.locator(DRAWN).bounding_box()
    page.set_viewport_size({"width": 420, "height": 800})
    expect(page.locator(DRAWN)).to_have_attribute("width", re.compile(r"^3\d\d"))
    assert wide
    assert wide["width"] > 600
    page.get_by_role("button", name="light", exact=True).click()  # chosen, against the system's wish
    expect(page.locator(DRAWN)).to_have_css("background-color", LIGHT)


def test_where_it_cannot_be_drawn_an_image_takes_its_place(sign_in: SignIn) -> None:
    page = sign_in("staff")
    wait_for_the_script(page)
    page.route(re.compile(r"/vega-"), lambda route: route.abort())
    page.goto(f"/reports/charts/{PICTURES[1]}")
    image = page.locator(".chart-picture img")
    expect(image).to_be_visible()
    assert "by month" in (image.get_attribute("alt") or "")
    page.wait_for_function("document.querySelector('.chart-picture img').naturalWidth > 300")


def test_without_javascript_there_is_the_image_and_the_table(sign_in: SignIn, browser: Browser, base_url: str) -> None:
    signed_in = sign_in("staff")
    context = browser.new_context(
        java_script_enabled=False, base_url=base_url, storage_state=signed_in.context.storage_state()
    )
    page = context.new_page()
    page.goto(f"/reports/charts/{PICTURES[1]}")
    expect(page.locator("img.chart-image")).to_be_visible()
    page.get_by_text("Show as table").click()
    expect(page.locator(".chart-table table")).to_be_visible()
    context.close()
