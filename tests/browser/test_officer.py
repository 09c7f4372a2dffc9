"""An officer's work as it goes: from the figure to the names, whom to call, a class in the hall, accounts, the meeting."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

SignIn = Callable[[str], Page]
COURSE = "responsible-ai-principles-and-practical-applications"


def own_local(page: Page) -> str:
    """The local that the officer's first page is."""
    found = re.search(r"/reports/locals/([^/?#]+)", page.url)
    assert found
    return found[1]


def no_sideways_scroll(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_an_officer_goes_from_the_figure_to_what_someone_lacks_and_whom_to_call(sign_in: SignIn) -> None:
    page = sign_in("officer")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Local")
    expect(page.locator(".answer")).to_contain_text(re.compile(r"\d+ of \d+ in scope"))
    expect(page.get_by_text(re.compile(r"median of its \d+ locals?")).first).to_be_visible()
    expect(page.get_by_role("heading", name="By craft")).to_be_visible()
    local = own_local(page)

    page.get_by_role("link", name="Who cannot get in, who has not begun").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("who cannot get in")
    page.go_back()

    page.locator("#members table tbody a").first.click()
    expect(page.get_by_role("heading", name="What is missing")).to_be_visible()
    expect(page.get_by_role("heading", name="What counts, section by section")).to_be_visible()
    page.go_back()

    page.get_by_role("link", name="Whom to call").click()
    expect(page).to_have_url(re.compile(rf"/reports/locals/{local}/push"))
    with page.expect_download() as kept:
        page.get_by_role("link", name="CSV", exact=True).click()
    assert "member" in Path(kept.value.path()).read_text(encoding="utf-8-sig").casefold()


def test_an_officer_records_a_class_and_takes_it_back(sign_in: SignIn, tmp_path: Path) -> None:
    page = sign_in("officer")
    page.get_by_role("link", name="Record a class").click()
    page.get_by_role("button", name="See what would be recorded").click()
    expect(page.get_by_role("alert")).to_be_focused()  # what is missing is said, and nothing is lost

    sheet = tmp_path / "sheet.pdf"
    sheet.write_bytes(b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n")
    page.get_by_label("Course").fill(COURSE)
    page.get_by_label("Day of the class").fill("2026-01-20")
    page.get_by_label("Who taught it, and where").fill("Hall B, with Jo Rivera")
    page.get_by_label("Sign-in sheet").set_input_files(sheet)
    page.get_by_label("Numbers or names, one a line").fill("J. Sm…\n(illegible)\n")
    first = page.locator(".ticks label").first
    name = first.locator("bdi").inner_text()
    first.locator("input").focus()
    page.keyboard.press("Space")  # by keyboard alone
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_text("The sheet is here")).to_be_visible()
    expect(page.get_by_role("checkbox", name=re.compile(re.escape(name))).first).to_be_checked()

    page.get_by_role("button", name="See what would be recorded").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Record this class?")
    expect(page.get_by_role("row", name=re.compile(r"^on the sheet 3"))).to_be_visible()
    expect(page.get_by_role("row", name=re.compile(r"would wait .* 2"))).to_be_visible()
    page.get_by_role("button", name="Record for 1 person").click()
    expect(page.get_by_role("status")).to_contain_text("Recorded for 1 person. 2 lines wait")
    expect(page.get_by_role("link", name="Open the sign-in sheet")).to_be_visible()

    page.get_by_role("link", name="Take this class back…").click()
    page.get_by_role("button", name="Take this class back").click()
    expect(page.get_by_text("This class was taken back")).to_be_visible()


def test_an_officer_says_who_may_have_an_account(sign_in: SignIn) -> None:
    page = sign_in("officer")
    page.get_by_role("link", name="Who may have an account").click()
    boxes = page.locator(".ticks input[type=checkbox]")
    there = boxes.count()
    if there:
        boxes.first.check()
        page.get_by_role("button", name="Those ticked may have an account").click()
        expect(page.get_by_role("status")).to_contain_text("may have an account")
        expect(boxes).to_have_count(there - 1)
    page.get_by_role("link", name=re.compile(r"^may have one \d+")).click()
    expect(page.get_by_role("link", name=re.compile(r"^may have one \d+"))).to_have_attribute("aria-current", "true")


def test_an_officer_makes_the_page_for_the_meeting(sign_in: SignIn) -> None:
    page = sign_in("officer")
    with page.expect_download() as kept:
        page.get_by_role("link", name="One page for the meeting (PDF)").click()
    assert Path(kept.value.path()).read_bytes().startswith(b"%PDF")
    page.get_by_role("link", name="Freeze these figures, to be quoted").click()
    expect(page).to_have_url(re.compile(r"/reports/frozen/new"))


def test_a_member_asks_and_the_officer_answers(sign_in: SignIn) -> None:
    page = sign_in("member")
    page.goto("/my/wrong?about=other")
    page.get_by_label("What is right?").fill("My second name is missing.")
    page.get_by_role("button", name=re.compile(r"^Ask (Local|the training staff)")).click()
    expect(page.get_by_text("Waiting for an answer").first).to_be_visible()
    page.get_by_role("button", name="Sign out").click()

    page = sign_in("officer")
    page.goto(f"/locals/{own_local(page)}/corrections")
    asked = page.get_by_role("link", name=re.compile("Something else"))
    expect(asked.first).to_be_visible()
    asked.first.click()
    page.get_by_label("It is corrected").check()
    page.get_by_label("What was done, or why not").fill("Written into the roster.")
    page.get_by_role("button", name="Send this answer").click()
    expect(page.get_by_role("status")).to_contain_text("reads your answer")


def test_the_officers_pages_stand_on_a_small_screen(sign_in: SignIn) -> None:
    page = sign_in("officer")
    local = own_local(page)
    page.set_viewport_size({"width": 320, "height": 640})
    for path in (
        f"/reports/locals/{local}",
        f"/reports/locals/{local}/access",
        f"/locals/{local}/classes",
        f"/locals/{local}/classes/new",
        f"/locals/{local}/eligibility",
        f"/locals/{local}/corrections",
    ):
        page.goto(path)
        no_sideways_scroll(page)
