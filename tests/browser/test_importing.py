"""A file's whole way in a real browser: dropped, seen, recorded, and taken back; and a table that nobody knew."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

REPORT = (Path(__file__).parent.parent / "intake" / "files" / "linkedin_learner_detail.csv").read_text()
SLOW = 60_000  # milliseconds that a process may take on a busy machine

SignIn = Callable[[str], Page]


def fit(page: Page) -> None:
    """Nothing for axe to find and no sideways scroll, on a phone and on a desk, light and dark."""
    before = page.viewport_size
    for scheme, width in (("light", 360), ("dark", 1440)):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{page.url} scrolls sideways at {width}"
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
    if before:
        page.set_viewport_size(before)


def drop(page: Page, name: str, content: str, kind: str = "completions") -> None:
    page.goto("/staff/imports")
    page.locator(f"input[name=kind][value={kind}]").check()
    page.get_by_label("File").set_input_files({"name": name, "mimeType": "text/csv", "buffer": content.encode()})
    fit(page)
    page.get_by_role("button", name="See what it would do").click()


def people(page: Page) -> list[str]:
    """Some members' e-mails."""
    page.goto("/staff/members")
    found = re.findall(r"[\w.]+@example\.org", page.locator("tbody").inner_text())
    return [each for each in dict.fromkeys(found) if each != "member@example.org"]


@pytest.mark.parametrize("width", [360, 1440])
def test_staff_bring_the_providers_report_in_and_take_it_back(sign_in: SignIn, width: int) -> None:
    page = sign_in("staff")
    page.set_viewport_size({"width": width, "height": 800})
    head, first, *rest = REPORT.strip().splitlines()
    known = first.replace("testy.mcgaffer@example.org", people(page)[width % 7])
    known = known.replace("IA-0000001", f"KNOWN-{width}").replace("2026-03-09 20:01:44", "2026-03-08 20:01:44")
    drop(page, "linkedin_learner_detail.csv", "\n".join([head, first, known, *rest, ""]))

    record = page.get_by_role("button", name="Record 1 completion")
    expect(record).to_be_visible(timeout=SLOW)
    expect(page.get_by_role("heading", level=1)).to_have_text("Record this file?")
    expect(page.locator("tfoot")).to_contain_text("4")
    fit(page)
    page.get_by_role("row", name=re.compile("wait: no member found")).get_by_role("link").click()
    expect(page.get_by_text("Testy McGaffer")).to_be_visible()
    fit(page)
    page.go_back()

    record.click()
    expect(page).to_have_url(re.compile(r"/staff/imports/\d+$"), timeout=SLOW)
    expect(page.get_by_text(re.compile("^1 completion recorded on"))).to_be_visible()
    fit(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download how every row ended").click()
    with download.value.path().open(encoding="utf-8-sig", newline="") as file:
        ends = [row["outcome"] for row in csv.DictReader(file)]
    assert [ends[0], *ends[2:]] == ["unmatched", "not a completion", "not a completion"]
    assert ends[1] in ("recorded", "corroborated")  # the demonstration may know the course of them already

    page.get_by_role("link", name="Undo this import…").click()
    expect(page.get_by_role("row", name=re.compile(r"^completion 1"))).to_be_visible()
    fit(page)
    page.get_by_role("button", name="Undo this import").click()
    expect(page.get_by_text(re.compile("^This import was undone on"))).to_be_visible(timeout=SLOW)
    fit(page)


def test_staff_say_once_what_a_table_holds_that_nobody_knew(sign_in: SignIn) -> None:
    page = sign_in("staff")
    first, second, *_ = people(page)
    table = "Academy of Props\n\nWho took part;E-mail;Subject;Held on;Shoe size\n"
    row = "Somebody;{};What Is Generative AI?;{};44\n"
    drop(page, "academy.csv", table + row.format(first, "03/04/2026"))
    expect(page.get_by_role("heading", level=1)).to_have_text("What is in academy.csv?", timeout=SLOW)
    fit(page)
    page.get_by_label("E-mail", exact=True).select_option("E-mail")
    page.get_by_label("Course", exact=True).select_option("Subject")
    page.get_by_label("Completed on", exact=True).select_option("Held on")
    page.get_by_label("Save these answers as a profile named").fill("Academy of Props")
    page.get_by_role("button", name="See what it would do").click()
    expect(page.get_by_role("alert")).to_contain_text("Say who says so.")
    expect(page.get_by_label("Save these answers as a profile named")).to_have_value("Academy of Props")
    expect(page.get_by_label("Course", exact=True)).to_have_value("Subject")
    fit(page)
    page.get_by_label("The day first: 03/04/2026 is 3 April 2026").check()
    page.get_by_label("The provider itself reports it").check()
    page.get_by_role("button", name="See what it would do").click()
    expect(page.get_by_role("button", name="Record 1 completion")).to_be_visible(timeout=SLOW)
    expect(page.get_by_text("Academy of Props")).to_be_visible()
    expect(page.get_by_text(re.compile("Columns that are not kept:.*Shoe size"))).to_be_visible()

    drop(page, "academy next month.csv", table + row.format(second, "05/04/2026"))
    expect(page.get_by_role("button", name="Record 1 completion")).to_be_visible(timeout=SLOW)
    page.get_by_role("button", name="Record nothing").click()
    expect(page.get_by_text("academy next month.csv is forgotten")).to_be_visible()

    page.goto("/staff/imports/profiles")
    fit(page)
    page.get_by_role("button", name=re.compile("^Remove this profile.*Academy of Props")).click()
    expect(page.get_by_text("No profile is saved yet")).to_be_visible()


def test_an_import_works_without_a_script(browser: object, base_url: str) -> None:
    context = browser.new_context(java_script_enabled=False, base_url=base_url)  # type: ignore[attr-defined]
    page = context.new_page()
    page.goto("/login")
    page.fill("input[name=email]", "staff@example.org")
    page.fill("input[name=password]", "backstage-demo")
    page.click("main [type=submit]")
    page.goto("/staff/imports")
    page.locator("input[name=kind][value=completions]").check()
    report = {"name": "plain.csv", "mimeType": "text/csv", "buffer": REPORT.encode()}
    page.get_by_label("File").set_input_files(report)
    page.get_by_role("button", name="See what it would do").click()
    expect(page.get_by_role("button", name="Let 1 row wait")).to_be_visible(timeout=SLOW)
    page.get_by_role("button", name="Record nothing").click()
    expect(page.get_by_text("plain.csv is forgotten")).to_be_visible()
    context.close()
