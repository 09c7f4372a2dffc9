"""The pages without a script: every one works. What each looks like is in test_every_page.py."""

from __future__ import annotations


def test_the_pages_work_without_javascript(browser: object, base_url: str) -> None:
    context = browser.new_context(java_script_enabled=False, base_url=base_url)  # type: ignore[attr-defined]
    page = context.new_page()
    page.goto("/login")
    page.fill("input[name=email]", "member@example.org")
    page.fill("input[name=password]", "backstage-demo")
    page.click("main [type=submit]")
    assert page.url.endswith("/my/")
    page.get_by_role("link", name="Log a completed course").click()
    page.fill("[name=course]", "learning-microsoft-365-copilot-for-work")
    page.fill("[name=completed_on]", "2025-02-03")
    page.click("main [type=submit]")
    assert page.url.endswith("/my/")
    context.close()
