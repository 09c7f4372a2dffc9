"""Take the pictures of the README and the guide anew: `make pictures`, while `make run` serves the demonstration.

Each is a real page of the demonstration union in the system's Chromium, so that a newcomer reads of what they will see. With
names after the address only those are taken: `python docs/take_pictures.py http://127.0.0.1:8000 class assign`. Nothing
is recorded: what a picture shows of an act is the page before it. Only looking at a claim keeps it for ten minutes.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Literal, NamedTuple

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

PICTURES = Path(__file__).with_name("pictures")
PASSWORD = "backstage-demo"  # noqa: S105  (the demonstration's, printed by `make run`)

WIDE, NARROW = (1440, 1000), (360, 780)
COLOURS = 128  # of a picture's palette: pages have few, and a reader waits less

COURSE = "What Is Generative AI?"
REPORT = f"""email,course,completed_on
member@example.org,{COURSE},2026-01-12
nobody.knows@example.com,{COURSE},2026-01-12
member@example.org,A Course Nobody Knows,2026-01-13
"""


def as_it_is(_page: Page) -> None:
    """The page as its address shows it."""


def _a_course_to_log(page: Page) -> None:
    page.get_by_label("Course", exact=True).fill(COURSE)
    page.get_by_label("Day it was completed").fill("2026-01-12")
    page.get_by_role("heading", level=1).click()  # so that no list of courses lies over the form


def _a_statement(page: Page) -> None:
    page.get_by_label("For whom").fill("Local 600")
    page.get_by_role("button", name="See what it will show").click()


def _whom_to_call(page: Page) -> None:
    page.get_by_role("link", name="Whom to call").first.click()


def _a_class(page: Page) -> None:
    page.get_by_role("link", name="Record a class").click()
    page.get_by_label("Course", exact=True).fill(COURSE)
    page.get_by_label("Day of the class").fill("2026-01-20")
    page.get_by_label("Who taught it, and where").fill("Jo Rivera, Hall B")
    page.get_by_label("Numbers or names, one a line").fill("(illegible)")
    page.get_by_role("button", name="Find").click()  # whoever held a card on that day
    for each in page.locator(".ticks input").all()[:6]:
        each.check()
    page.get_by_role("button", name="See what would be recorded").click()


def _a_rule(page: Page) -> None:
    page.get_by_label("Everyone", exact=True).check()
    page.get_by_label("For which learning path?").select_option(index=1)
    page.get_by_label("So many days from the day").check()
    page.get_by_label("Due within so many days").fill("120")
    page.get_by_role("button", name="See what it would do").click()


def _a_claim(page: Page) -> None:
    page.get_by_role("button", name="Review the oldest").click()


def _a_report(page: Page) -> None:
    page.get_by_label("File").set_input_files({"name": "report.csv", "mimeType": "text/csv", "buffer": REPORT.encode()})
    page.locator("input[name=kind][value=completions]").check()
    page.get_by_role("button", name="See what it would do").click()
    page.get_by_role("heading", name="Record this file?").wait_for(timeout=60_000)


def _after_a_report(page: Page) -> None:
    page.get_by_role("button", name="Record nothing").click()


def _a_freeze(page: Page) -> None:
    page.get_by_role("link", name="Freeze these figures, to be quoted").click()


class Picture(NamedTuple):
    """A picture: who looks, at which address, how wide, in which colours, and what they do before and after."""

    name: str
    person: str
    address: str
    size: tuple[int, int] = WIDE
    colours: Literal["light", "dark"] = "light"
    act: Callable[[Page], None] = as_it_is
    tidy: Callable[[Page], None] = as_it_is


SHOWN = (
    Picture("union", "staff", "/reports/"),
    Picture("local", "officer", "/"),
    Picture("local-dark", "officer", "/", colours="dark"),
    Picture("record", "member", "/my/", NARROW),
    Picture("log", "member", "/my/completions/new", NARROW, act=_a_course_to_log),
    Picture("statement", "member", "/my/proofs/new", NARROW, act=_a_statement),
    Picture("calls", "officer", "/", act=_whom_to_call),
    Picture("class", "officer", "/", act=_a_class),
    Picture("freeze", "officer", "/", act=_a_freeze),
    Picture("work", "staff", "/staff/"),
    Picture("import", "staff", "/staff/imports", act=_a_report, tidy=_after_a_report),
    Picture("review", "staff", "/staff/reviews", act=_a_claim),
    Picture("assign", "staff", "/staff/assign", act=_a_rule),
)


def main(base: str, names: list[str]) -> None:
    """Take the pictures of these names, or every one, from the demonstration served at ``base``."""
    PICTURES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for picture in SHOWN:
            if not names or picture.name in names:
                take(browser, base, picture)
        browser.close()


def take(browser: Browser, base: str, picture: Picture) -> None:
    """One page as one person sees it, in a palette of few colours."""
    width, height = picture.size
    page = browser.new_page(
        viewport={"width": width, "height": height}, color_scheme=picture.colours, reduced_motion="reduce", locale="en-CA"
    )
    sign_in(page, base, picture.person)
    page.goto(f"{base}{picture.address}", wait_until="networkidle")
    picture.act(page)
    page.wait_for_load_state("networkidle")
    page.evaluate("scrollTo(0, 0)")
    shown = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    shown.quantize(COLOURS, dither=Image.Dither.NONE).save(PICTURES / f"{picture.name}.png", optimize=True)
    picture.tidy(page)
    page.context.close()


def sign_in(page: Page, base: str, person: str) -> None:
    page.goto(f"{base}/login")
    page.fill("input[name=email]", f"{person}@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(re.compile(r"^(?!.*/login)"))
    page.wait_for_load_state("networkidle")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000", sys.argv[2:])
