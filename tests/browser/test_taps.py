"""A course is logged between two shifts: from the sign-in link, in at most four taps and two typed fields."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

MOST_TAPS, MOST_FIELDS = 4, 2


class Thumb:
    """A thumb on a phone that counts what it does."""

    def __init__(self, page: Page) -> None:
        self.page, self.taps, self.fields = page, 0, 0

    def tap(self, what: Locator) -> None:
        what.tap()
        self.taps += 1

    def type(self, field: Locator, text: str) -> None:
        """Into a field that is tapped to be typed into: the two are counted as one."""
        field.tap()
        if field.get_attribute("type") == "date":
            field.fill(text)  # by the phone's own wheel of days
        else:
            field.press_sequentially(text)
        self.fields += 1


@pytest.fixture
def phone(browser: Browser, base_url: str) -> Iterator[Page]:
    context = browser.new_context(
        base_url=base_url, viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True, reduced_motion="reduce"
    )
    yield context.new_page()
    context.close()


def ask_for_a_link(page: Page) -> None:
    """The demonstration shows what the mail would say."""
    page.goto("/login")
    page.get_by_label("E-mail address").nth(1).fill("member@example.org")
    page.get_by_role("button", name="Send me a sign-in link").tap()
    expect(page.get_by_role("heading", level=1)).to_have_text("Look at your mail")


# One after the other: a new link ends the one before it.
def test_a_course_is_logged_from_the_sign_in_link_in_few_taps(phone: Page) -> None:
    ask_for_a_link(phone)
    thumb = Thumb(phone)
    thumb.tap(phone.get_by_role("link", name="Open the link for"))
    thumb.tap(phone.get_by_role("main").get_by_role("button", name="Sign in"))
    thumb.tap(phone.get_by_role("link", name=re.compile("^Log .* as done$")).first)
    thumb.tap(phone.get_by_role("button", name="Log this course"))
    expect(phone.get_by_role("status").filter(has_text="Logged:")).to_be_visible()
    assert (thumb.taps, thumb.fields) == (MOST_TAPS, 0), "a course that is asked stands on the record, with its button"

    phone.get_by_role("button", name="Sign out").tap()
    expect(phone).to_have_url(re.compile("/login"))
    ask_for_a_link(phone)
    phone.get_by_role("link", name="Open the link for").tap()  # in the mail: what comes on its page is counted
    thumb = Thumb(phone)
    thumb.tap(phone.get_by_role("main").get_by_role("button", name="Sign in"))
    thumb.tap(phone.get_by_role("link", name="Log a completed course"))
    thumb.type(phone.get_by_role("combobox", name="Course"), "prompt")
    thumb.tap(phone.get_by_role("option").first)
    thumb.type(phone.get_by_label("Day it was completed"), "2026-02-19")
    thumb.tap(phone.get_by_role("button", name="Log this course"))
    expect(phone.get_by_role("status").filter(has_text="19 February 2026")).to_be_visible()
    assert (thumb.taps, thumb.fields) == (MOST_TAPS, MOST_FIELDS), "any other is searched"
