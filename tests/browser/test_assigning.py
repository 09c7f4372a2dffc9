"""Staff ask for a path in sentences, look first whom it reaches, and take it back; with every page fit to read."""

from __future__ import annotations

import re
from collections.abc import Callable

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

SignIn = Callable[[str], Page]


def is_fit_to_read(page: Page) -> None:
    for scheme, width in (("light", 1440), ("dark", 320)):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{page.url} scrolls sideways at {width}"
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()


def test_staff_assign_a_path_after_a_preview_and_undo_it(sign_in: SignIn) -> None:
    page = sign_in("staff")
    page.goto("/reports/paths/responsible-ai-foundations")
    before = page.locator("main").inner_text()

    page.goto("/staff/assign")
    expect(page.get_by_label("Which member?")).to_be_hidden()
    page.get_by_label("Members of a craft", exact=True).check()
    page.get_by_label("Which craft?").fill("gripps")
    page.get_by_label("For which learning path?").select_option("responsible-ai-foundations")
    page.get_by_label("So many days from the day").check()
    page.get_by_label("Due within so many days").fill("90")
    page.get_by_label("They keep it as voluntary").check()
    page.get_by_role("button", name="See what it would do").click()
    expect(page.get_by_role("alert")).to_contain_text("No card has the craft “gripps”. Make it anyway?")
    expect(page.get_by_role("alert")).to_be_focused()
    is_fit_to_read(page)

    page.get_by_label("Everyone", exact=True).check()
    expect(page.get_by_label("Which craft?")).to_be_hidden()
    page.get_by_role("button", name="See what it would do").click()
    expect(page.get_by_text("due within 90 days. Who no longer matches keeps it as voluntary.")).to_be_visible()
    page.locator("summary", has_text="newly asked for this path").click()
    expect(page.locator(".names").nth(1).locator("li").first).to_be_visible()
    is_fit_to_read(page)

    page.get_by_role("button", name=re.compile(r"^Assign to [\d,]+ members")).click()
    expect(page).to_have_url(re.compile(r"/staff/assign/\d+$"))
    expect(page.get_by_text(re.compile(r"^Done: [\d,]+ members are asked"))).to_be_visible()
    is_fit_to_read(page)
    page.get_by_role("button", name="Undo this assignment").click()
    expect(page.get_by_text("every figure is as it was before")).to_be_visible()

    page.set_viewport_size({"width": 1440, "height": 800})
    page.goto("/reports/paths/responsible-ai-foundations")
    assert page.locator("main").inner_text() == before


def test_assigning_needs_no_script(sign_in: SignIn) -> None:
    page = sign_in("staff")
    browser = page.context.browser
    assert browser
    plain = browser.new_context(java_script_enabled=False, storage_state=page.context.storage_state())
    try:
        without = plain.new_page()
        without.goto(page.url.split("/staff")[0] + "/staff/assign")
        without.get_by_label("Everyone", exact=True).check()
        without.get_by_role("button", name="See what it would do").click()
        expect(without.get_by_role("button", name=re.compile(r"^Assign to"))).to_be_visible()
    finally:
        plain.close()


def test_the_rules_and_the_catalogue_are_fit_to_read(sign_in: SignIn) -> None:
    page = sign_in("staff")
    paths = ("assign/rules", "assign/rules?show=ended", "assign/due", "catalogue", "catalogue/courses", "catalogue/retired")
    for path in (*paths, "catalogue/paths/building-ai-literacy"):
        page.goto(f"/staff/{path}")
        is_fit_to_read(page)
    page.goto("/staff/catalogue/courses")
    page.locator("table a").first.click()
    is_fit_to_read(page)
