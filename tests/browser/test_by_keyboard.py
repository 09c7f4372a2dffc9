"""Twenty tasks without a mouse. At every step what has the focus is in sight, and the focus is never lost."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PASSWORD
from tests.browser.keyboard import Keyboard

SLOW = 60_000  # milliseconds that a process may take on a busy machine


@pytest.fixture
def keys(watched: Page) -> Keyboard:
    watched.emulate_media(reduced_motion="reduce")  # where the focus goes, the page is at once
    return Keyboard(watched)


@pytest.fixture
def as_reader(keys: Keyboard) -> Callable[[str], Page]:
    """Sign in, by keyboard too."""

    def go(name: str) -> Page:
        keys.page.goto("/login")
        keys.write("E-mail", f"{name}@example.org")
        keys.write("Password", PASSWORD)
        with keys.page.expect_navigation():
            keys.press("Enter")
        expect(keys.page).not_to_have_url(re.compile("/login"))
        return keys.page

    return go


AsReader = Callable[[str], Page]


def title(page: Page, words: str | re.Pattern[str]) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(words)


def test_sign_in(as_reader: AsReader) -> None:
    title(as_reader("member"), "My record")


def test_ask_for_a_sign_in_link_and_use_it(keys: Keyboard) -> None:
    keys.page.goto("/login")
    keys.to("E-mail address")  # beside the password
    keys.write("E-mail address", "scrim.400@example.org")
    with keys.page.expect_navigation():
        keys.press("Enter")
    keys.follow("Open the link for")
    keys.follow("Sign in")
    title(keys.page, "My record")


def test_change_the_language(keys: Keyboard) -> None:
    keys.page.goto("/login")
    for name, tag in (("Français", "fr-CA"), ("Español", "es"), ("English", "en")):
        keys.follow(name)
        expect(keys.page.locator("html")).to_have_attribute("lang", tag)


def test_change_the_colours(keys: Keyboard) -> None:
    keys.page.goto("/login")
    keys.follow("dark")
    expect(keys.page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    keys.follow("as the system")
    expect(keys.page.locator("html")).to_have_attribute("data-theme", "auto")


def test_read_why_a_course_counts(as_reader: AsReader, keys: Keyboard) -> None:
    page = as_reader("member")
    keys.open("Why does it count?")
    expect(page.locator("details[open] > summary:focus + p")).to_be_visible()
    keys.press("Enter")
    expect(page.locator("details[open] > summary:focus")).to_have_count(0)


def test_log_a_course_that_is_searched(as_reader: AsReader, keys: Keyboard) -> None:
    page = as_reader("member")
    keys.follow("Log a completed course")
    keys.write("Course", "everyday")
    expect(page.get_by_role("listbox")).to_be_visible()
    keys.press("ArrowDown", "Enter")
    expect(page.get_by_role("combobox", name="Course")).not_to_have_value("everyday")
    keys.write("Day it was completed", "03072026")
    keys.to("Log this course")
    keys.press("Enter")
    expect(page.get_by_role("status").filter(has_text="7 March 2026")).to_be_visible()


def test_find_what_is_wrong_in_a_form_by_its_summary(as_reader: AsReader, keys: Keyboard) -> None:
    page = as_reader("member")
    page.goto("/my/completions/new")
    keys.write("Course", "juggling with nothing")
    keys.press("Escape")
    keys.to("Log this course")
    keys.press("Enter")
    expect(page.get_by_role("alert")).to_be_focused()
    keys.press("Tab", "Enter")
    expect(page.get_by_role("combobox", name="Course")).to_be_focused()
    page.evaluate("localStorage.clear()")


def test_say_that_something_is_wrong(as_reader: AsReader, keys: Keyboard) -> None:
    page = as_reader("member")
    keys.follow("Something is missing or wrong")
    keys.write("What is missing?", "The steward course of last May is missing.")
    keys.follow("Ask ")
    expect(page.get_by_role("status").first).to_be_visible()
    expect(page.get_by_text("The steward course of last May").first).to_be_visible()


def test_make_a_statement_and_take_it_back(as_reader: AsReader, keys: Keyboard) -> None:
    page = as_reader("member")
    keys.follow("Statements to show")
    keys.follow("Make a statement")
    keys.write("For whom", "The college, by keyboard")
    keys.to("90 days")
    keys.choose("30 days")
    keys.follow("See what it will show")
    keys.follow("Make this statement")
    expect(page.get_by_text("The college, by keyboard").first).to_be_visible()
    keys.follow("Take it back")
    expect(page.get_by_role("status").first).to_be_visible()


def test_join_a_path_and_leave_it(as_reader: AsReader, keys: Keyboard) -> None:
    page = as_reader("member")
    keys.follow("Paths I can join")
    keys.follow("Join this path : Career Essentials")
    expect(page.get_by_role("status")).to_contain_text("Career Essentials")
    page.goto("/my/paths")
    keys.follow("Leave this path : Career Essentials")
    expect(page.get_by_role("status")).to_contain_text("Career Essentials")


def test_find_a_member(as_reader: AsReader, keys: Keyboard) -> None:
    page = as_reader("staff")
    keys.follow("Find a member")
    keys.write("Name", "mcgaffer")
    with page.expect_navigation():
        keys.press("Enter")
    keys.follow("Testy McGaffer")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Testy McGaffer")


def test_return_a_claim_with_a_reason(as_reader: AsReader, keys: Keyboard) -> None:
    page = as_reader("staff")
    keys.follow("Review ")
    keys.follow("Review the oldest")
    keys.open("Return it")
    keys.to("Reason")
    keys.press("End")
    keys.write("In your own words", "The name on it cannot be read.")
    keys.follow("Return it to the member")
    expect(page.get_by_role("status")).to_contain_text("Returned to")
    keys.follow("Leave it, back to the list")


def test_assign_a_path_after_a_preview_and_undo_it(as_reader: AsReader, keys: Keyboard) -> None:
    page = as_reader("staff")
    keys.follow("Assign a path")
    keys.to("Members under a unit")
    keys.choose("Everyone")
    keys.choose("Members under a unit")
    keys.write("Under which unit?", "33")
    keys.to("For which learning path?")
    keys.type("Responsible AI F")
    keys.follow("See what it would do")
    keys.follow("Assign to")
    keys.follow("Undo this assignment")
    expect(page.get_by_text("every figure is as it was before")).to_be_visible()


def test_bring_a_roster_in(as_reader: AsReader, keys: Keyboard) -> None:
    page = as_reader("staff")
    keys.follow("Import a file")
    keys.to("File")
    row = "member_number,first_name,last_name,local,craft,status,from_on\nK-1,Key,Board,33,stagehands,active,2026-01-01\n"
    page.get_by_label("File").set_input_files({"name": "roster.csv", "mimeType": "text/csv", "buffer": row.encode()})
    keys.to("Completed courses")
    keys.choose("A roster")
    keys.to("See what it would do")
    keys.press("Enter")
    expect(page.get_by_role("button", name="Record this roster")).to_be_visible(timeout=SLOW)
    keys.to("Record this roster")
    keys.press("Enter")
    expect(page).to_have_url(re.compile(r"/staff/imports/\d+$"), timeout=SLOW)


def test_settle_a_learner_at_the_desk(as_reader: AsReader, keys: Keyboard) -> None:
    page = as_reader("staff")
    page.goto("/staff/desk")
    keys.follow("Search all members, or see its rows")
    keys.write("A member’s name", "mcgaffer")
    with page.expect_navigation():
        keys.press("Enter")
    keys.follow("This is")
    expect(page.get_by_role("status").first).to_be_visible()


def test_filter_the_heat_map_and_open_a_cell(as_reader: AsReader, keys: Keyboard) -> None:
    page = as_reader("staff")
    page.goto("/reports/")
    keys.write("Unit", "80")
    with page.expect_navigation():
        keys.press("Enter")
    cell = page.locator(".heat tr", has_text="Local 80").locator("td a").first.inner_text()
    keys.to("Local 80")
    keys.follow(" ".join(cell.split()))
    expect(page).to_have_url(re.compile(r"/reports/locals/80"))


def test_open_the_table_of_a_picture(as_reader: AsReader, keys: Keyboard) -> None:
    page = as_reader("staff")
    page.goto("/reports/charts/trend?unit=80&path=building-ai-literacy")
    keys.open("Show as table")
    expect(page.locator(".chart-table table")).to_be_visible()


def test_go_from_a_locals_figure_to_a_name(as_reader: AsReader, keys: Keyboard) -> None:
    page = as_reader("officer")
    keys.follow("in progress")
    name = page.locator("#members tbody a").first.inner_text()
    keys.follow(name)
    expect(page.get_by_role("heading", level=1)).to_contain_text(name.split()[0])


def test_record_a_class(as_reader: AsReader, keys: Keyboard) -> None:
    page = as_reader("officer")
    keys.follow("Record a class")
    keys.write("Course", "osha-10")
    keys.press("Escape")
    keys.write("Day of the class", "02112026")
    keys.write("Who taught it, and where", "Hall C, by keyboard")
    keys.write("Numbers or names, one a line", "(illegible)")
    name = page.locator(".ticks label bdi").first.inner_text()
    keys.to(name)
    keys.press("Space")
    keys.follow("See what would be recorded")
    keys.follow("Record for 1 person")
    expect(page.get_by_role("status")).to_contain_text("Recorded for 1 person")


def test_give_a_role_and_end_it(as_reader: AsReader, keys: Keyboard) -> None:
    page = as_reader("admin")
    keys.follow("Add a user or a role")
    keys.write("E-mail", "keys@example.org")
    keys.to("Role")
    keys.type("Auditor")
    keys.follow("Add this role")
    page.goto("/admin/?q=keys@example.org")
    keys.follow("keys@example.org")
    keys.follow("End")
    keys.follow("End this role")
    expect(page.get_by_role("status").first).to_be_visible()
