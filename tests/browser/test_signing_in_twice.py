"""A second factor is set up, asked for and looked at in a real browser: its pages show only to who has one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pyotp
from playwright.sync_api import Page, expect

from tests.browser.fitness import axe_faults, frame_faults
from tests.conftest import named_database, run_tracker

NAME = "second-factor@example.org"


def faults(page: Page) -> Iterator[str]:
    yield from axe_faults(page)
    yield from frame_faults(page, "en")


def show_password(page: Page, password: str) -> None:
    page.goto("/login")
    page.fill("input[name=email]", NAME)
    page.fill("input[name=password]", password)
    page.click("main [type=submit]")


def test_a_second_factor_is_set_up_and_asked_for(watched: Page, workshop: Path, postgres: str) -> None:
    page, instance = watched, workshop / "browser-instance"
    words = ("user", "add", NAME, "--role", "auditor")
    added = run_tracker(*words, database_url=named_database(postgres, "browser"), instance=instance, demo=True)
    password = re.search(r"shown this once: (\S+)", added.stdout)
    assert password
    show_password(page, password[1])
    page.wait_for_url(lambda url: "/login" not in url)

    page.goto("/account/second-factor/new")
    assert [*faults(page)] == []
    secret = page.locator("p.secret").inner_text().replace(" ", "")
    page.fill("input[name=code]", pyotp.TOTP(secret).now())
    page.click("main [type=submit]")
    expect(page.get_by_role("heading", level=1)).to_have_text("Keep these recovery codes")
    assert [*faults(page)] == []
    codes = page.locator(".recovery-codes li").all_inner_texts()
    assert len(codes) == 10
    for path in ("", "/codes", "/remove"):
        page.goto(f"/account/second-factor{path}")
        assert [*faults(page)] == [], path

    page.context.clear_cookies()
    show_password(page, password[1])
    expect(page).to_have_url(re.compile(r"/login/code"))
    assert [*faults(page)] == []
    page.goto("/account/")
    expect(page).to_have_url(re.compile(r"/login"))  # half a way in opens nothing
    page.goto("/login/code")
    page.fill("input[name=code]", codes[0])
    page.click("main [type=submit]")
    page.wait_for_url(lambda url: "/login" not in url)
    page.goto("/account/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
