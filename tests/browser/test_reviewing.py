"""The training staff work through the queue of claims without a mouse, and the member reads what became of theirs."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

SignIn = Callable[[str], Page]
_MOST_STEPS = 60
# what has the focus, by its label or else its own words
_FOCUSED = """() => {
  const it = document.activeElement;
  return (it.labels?.[0]?.innerText ?? (it.innerText || it.value || "")).trim();
}"""


def step_to(page: Page, name: str) -> None:
    """Tab on until what has the focus is called that."""
    seen = []
    for _ in range(_MOST_STEPS):
        page.keyboard.press("Tab")
        words = page.evaluate(_FOCUSED)
        if words.startswith(name):
            return
        seen.append(words)
    raise AssertionError(f"no way to {name!r} by keyboard: {seen}")


def expect_claim(page: Page) -> str:
    """A claim is open, and the focus is on its heading; whose it is."""
    expect(page).to_have_url(re.compile(r"/staff/reviews/\d+/\d+"))
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_be_focused()
    expect(heading).to_have_text(re.compile("^Did .+ complete .+\\?$"))
    return heading.inner_text()


def test_staff_work_through_the_queue_by_keyboard(sign_in: SignIn) -> None:
    page = sign_in("staff")
    page.goto("/staff/")
    step_to(page, "Review ")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Claims to review")
    step_to(page, "Review the oldest")
    page.keyboard.press("Enter")
    first = expect_claim(page)

    step_to(page, "Accept: it counts as reviewed")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Accepted:")
    second = expect_claim(page)
    assert first != second

    step_to(page, "Return it, for something")
    page.keyboard.press("Enter")
    step_to(page, "Reason")
    page.keyboard.press("End")  # the last of the list
    step_to(page, "In your own words")
    page.keyboard.type("The last page alone would do.")
    step_to(page, "Return it to the member")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Returned to")
    third = expect_claim(page)
    assert third != second

    step_to(page, "Leave it, and open the next")
    page.keyboard.press("Enter")
    assert expect_claim(page) != third
    step_to(page, "Leave it, back to the list")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/staff/reviews$"))


def test_a_return_without_a_reason_keeps_the_place_and_says_what_is_missing(sign_in: SignIn) -> None:
    page = sign_in("staff")
    page.goto("/staff/reviews")
    page.get_by_role("button", name="Review the oldest").click()
    name = expect_claim(page)
    page.get_by_text("Reject it, for what cannot be mended").click()
    page.get_by_role("button", name="Reject it").click()
    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    expect(summary.get_by_role("link")).to_have_attribute("href", "#reject-reason")
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    expect(page.get_by_role("button", name="Reject it")).to_be_visible()


def test_leaving_a_claim_lets_others_look_at_it(sign_in: SignIn) -> None:
    page = sign_in("staff")
    page.goto("/staff/reviews")
    page.get_by_role("button", name="Review the oldest").click()
    expect_claim(page)
    claim = page.url
    page.get_by_role("link", name="← Claims to review").click()
    free = page.get_by_role("button", name="Review this claim")
    for _ in range(20):  # the browser sends the word a little after it has left
        page.goto(claim)
        if free.is_visible():
            break
    expect(free).to_be_visible()
