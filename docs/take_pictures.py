"""Take the pictures of the README anew: `make pictures`, while `make run` serves the demonstration.

Each is a real page of the demonstration union in the system's Chromium, so that the README shows what a newcomer will see.
"""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

PICTURES = Path(__file__).with_name("pictures")
PASSWORD = "backstage-demo"  # noqa: S105  (the demonstration's, printed by `make run`)

WIDE, NARROW = {"width": 1440, "height": 1000}, {"width": 360, "height": 780}

# The file, who looks, at which address, how wide, in which colours.
SHOWN = (
    ("union", "staff", "/reports/", WIDE, "light"),
    ("local", "officer", "/", WIDE, "light"),
    ("local-dark", "officer", "/", WIDE, "dark"),
    ("record", "member", "/my/", NARROW, "light"),
)


def main(base: str) -> None:
    """Take every picture from the demonstration served at ``base``."""
    PICTURES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for name, person, address, size, colours in SHOWN:
            take(browser, base, name, person, address, size, colours)
        browser.close()


def take(browser: Browser, base: str, name: str, person: str, address: str, size: dict[str, int], colours: str) -> None:
    """One page as one person sees it."""
    page = browser.new_page(viewport=size, color_scheme=colours, reduced_motion="reduce")  # type: ignore[arg-type]
    sign_in(page, base, person)
    page.goto(f"{base}{address}", wait_until="networkidle")
    page.screenshot(path=PICTURES / f"{name}.png")
    page.context.close()


def sign_in(page: Page, base: str, person: str) -> None:
    page.goto(f"{base}/login")
    page.get_by_label("E-mail").fill(f"{person}@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_load_state("networkidle")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000")
