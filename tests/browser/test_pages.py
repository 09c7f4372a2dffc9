"""Every page, by each of its readers: nothing for axe to find, no sideways scroll, light and dark, narrow and wide."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

SignIn = Callable[[str], Page]

PAGES = [
    ("member", "/my/"),
    ("member", "/my/completions/new"),
    ("member", "/paths/building-ai-literacy"),
    ("member", "/help/"),
    ("officer", "/help/figures"),
    ("officer", "/reports/"),
    ("officer", "/reports/locals/OWN"),
    ("staff", "/staff/"),
    ("staff", "/staff/assign"),
    ("staff", "/staff/imports"),
    ("staff", "/staff/members"),
    ("staff", "/staff/waiting"),
    ("staff", "/reports/"),
    ("staff", "/reports/paths/building-ai-literacy"),
    ("staff", "/reports/districts/2"),
    ("staff", "/reports/?district=D2&craft=camera"),
    ("staff", "/reports/compare?units=district"),
    ("staff", "/reports/paths/building-ai-literacy/sections"),
    ("staff", "/reports/second-cards?path=building-ai-literacy"),
    ("officer", "/reports/compare"),
    ("admin", "/admin/"),
    ("admin", "/admin/audit"),
]


@pytest.mark.parametrize(("name", "path"), PAGES, ids=[f"{name} {path}" for name, path in PAGES])
def test_a_page_is_fit_to_read(sign_in: SignIn, name: str, path: str) -> None:
    page = sign_in(name)
    if not path.endswith("OWN"):
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == 200
    else:
        path = page.url  # an officer starts on their own local
    for scheme, width in (("light", 1440), ("dark", 360)):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.set_viewport_size({"width": width, "height": 800})
        page.reload()
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{path} scrolls sideways at {width}"
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()


def test_the_sign_in_page_is_fit_to_read(watched: Page) -> None:
    for scheme, width in (("light", 1440), ("dark", 360)):
        watched.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        watched.set_viewport_size({"width": width, "height": 800})
        watched.goto("/login")
        assert watched.evaluate("document.documentElement.scrollWidth") <= width
        assert Axe().run(watched).violations_count == 0


def test_the_pages_work_without_javascript(browser: object, base_url: str) -> None:
    context = browser.new_context(java_script_enabled=False, base_url=base_url)  # type: ignore[attr-defined]
    page = context.new_page()
    page.goto("/login")
    page.fill("input[name=email]", "member@example.org")
    page.fill("input[name=password]", "backstage-demo")
    page.click("main [type=submit]")
    assert page.url.endswith("/my/")
    page.get_by_role("link", name="Log a completed course").click()
    page.fill("[name=course]", "what-is-generative-ai")
    page.fill("[name=completed_on]", "2025-02-03")
    page.click("main [type=submit]")
    assert page.url.endswith("/my/")
    context.close()
