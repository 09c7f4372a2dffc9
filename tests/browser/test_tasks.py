"""Each of the four people does their main task, in a real browser, as `make run` shows it."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

SignIn = Callable[[str], Page]


def test_a_member_sees_their_record_and_logs_a_course(sign_in: SignIn) -> None:
    page = sign_in("member")
    expect(page.get_by_role("heading", level=1)).to_have_text("My record")
    expect(page.locator("a[href^='https://www.linkedin.com/learning/']").first).to_be_visible()

    page.get_by_role("link", name="Log a completed course").click()
    page.get_by_label("Course").fill("getting-started-with-nothing")
    page.locator("main [type=submit]").click()
    expect(page.locator(".error-summary, [role=alert]").first).to_be_visible()
    expect(page.get_by_label("Course")).to_have_value("getting-started-with-nothing")  # what was typed is kept

    page.get_by_label("Course").fill("responsible-ai-principles-and-practical-applications")
    page.locator("input[type=date]").fill("2026-01-15")
    page.locator("main [type=submit]").click()
    expect(page).to_have_url(re.compile(r"/my/$"))
    expect(page.get_by_text("15 January 2026").first).to_be_visible()

    page.goto("/my/completions/new")
    page.get_by_label("Course").fill("responsible-ai-principles-and-practical-applications")
    page.locator("input[type=date]").fill("2026-01-15")
    page.locator("main [type=submit]").click()
    expect(page.get_by_text("already recorded").first).to_be_visible()


def test_an_officer_opens_their_local_and_goes_from_the_figure_to_a_name(sign_in: SignIn) -> None:
    page = sign_in("officer")
    expect(page).to_have_url(re.compile(r"/reports/locals/\d+"))
    expect(page.get_by_text(re.compile(r"\d+ of \d+")).first).to_be_visible()
    expect(page.get_by_text(re.compile(r"^Why \d+\?")).first).to_be_visible()
    page.locator("table a[href*='/reports/members/']").first.click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    # another local answers like one that does not exist
    own = page.goto("/reports/").status  # type: ignore[union-attr]
    assert own == 200
    there, nowhere = page.goto("/reports/locals/600"), page.goto("/reports/locals/does-not-exist")
    assert there is not None
    assert nowhere is not None
    assert (there.status, nowhere.status) == (404, 404)


def test_an_administrator_sees_who_signs_in_and_what_was_done(sign_in: SignIn) -> None:
    page = sign_in("admin")
    expect(page).to_have_url(re.compile(r"/admin/"))
    expect(page.get_by_text("staff@example.org").first).to_be_visible()
    page.goto("/admin/audit")
    expect(page.get_by_role("main").get_by_role("cell", name="signed in").first).to_be_visible()
    # what members learn is not the administrator's
    there = page.goto("/staff/members")
    assert there is not None
    assert there.status == 404


def test_signing_out_closes_the_record(sign_in: SignIn) -> None:
    page = sign_in("member")
    page.get_by_role("button", name="Sign out").click()
    page.goto("/my/")
    expect(page).to_have_url(re.compile(r"/login"))
