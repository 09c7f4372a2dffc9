"""A member logs a course on a phone: found as it is typed, sent with a photo, kept when the connection drops."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Page, expect

SignIn = Callable[[str], Page]
NEW = "/my/completions/new"
PHONE = {"width": 360, "height": 740}


def photo(folder: Path, name: str = "certificate.jpg") -> Path:
    with Image.new("RGB", (900, 600), (180, 40, 40)) as image:
        image.save(folder / name, "JPEG")
    return folder / name


def typed(page: Page, text: str) -> None:
    """As a person types: key by key, then the list is there."""
    page.get_by_label("Course").press_sequentially(text)
    expect(page.get_by_role("listbox")).to_be_visible()


def is_quiet(page: Page) -> None:
    """No accessibility fault, and nothing to scroll sideways for."""
    assert Axe().run(page).response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.fixture
def phone(sign_in: SignIn) -> Iterator[Page]:
    page = sign_in("member")
    page.set_viewport_size(PHONE)
    yield page
    page.context.set_offline(False)


def day_of(page: Page, day: str) -> None:
    page.get_by_label("Day it was completed").fill(day)


def test_a_missing_course_is_logged_from_the_record_in_two_taps(phone: Page) -> None:
    phone.goto("/my/")
    link = phone.get_by_role("link", name=re.compile("^Log .* as done$")).first
    title = re.sub("^Log (.*) as done$", r"\1", " ".join(link.inner_text().split()))
    link.click()
    expect(phone.get_by_label("Course")).not_to_have_value("")
    expect(phone.get_by_label("Day it was completed")).not_to_have_value("")
    phone.get_by_role("button", name="Log this course").click()
    expect(phone.get_by_role("status").filter(has_text="Logged:")).to_be_visible()
    assert title
    expect(phone).to_have_url(re.compile(r"/my/$"))
    is_quiet(phone)


def test_the_course_is_found_as_it_is_typed_and_logged_by_keyboard_alone(phone: Page) -> None:
    phone.goto("/my/")

    def tab_to(name: str) -> None:
        for _ in range(60):
            phone.keyboard.press("Tab")
            if phone.evaluate("document.activeElement.textContent.trim() || document.activeElement.value") == name:
                return
        raise AssertionError(f"{name} is not reached by keyboard")

    tab_to("Log a completed course")
    phone.keyboard.press("Enter")
    expect(phone).to_have_url(re.compile(NEW))
    course = phone.get_by_role("combobox", name="Course")
    course.focus()
    expect(course).to_have_attribute("aria-expanded", "false")
    phone.keyboard.type("lárge lang")
    expect(phone.get_by_role("option")).to_have_count(1)
    expect(course).to_have_attribute("aria-expanded", "true")
    is_quiet(phone)
    phone.keyboard.press("Escape")
    expect(phone.get_by_role("listbox")).to_be_hidden()
    phone.keyboard.press("ArrowDown")
    option = phone.get_by_role("option").first
    expect(option).to_have_attribute("aria-selected", "true")
    assert course.get_attribute("aria-activedescendant") == option.get_attribute("id")
    phone.keyboard.press("Enter")
    expect(course).to_have_value("Introduction to Large Language Models")
    day_of(phone, "2026-02-03")
    tab_to("Log this course")
    phone.keyboard.press("Enter")
    expect(phone.get_by_role("status").filter(has_text="3 February 2026")).to_be_visible()


def test_a_draft_outlives_a_lost_connection_and_goes_once_it_is_sent(phone: Page, tmp_path: Path) -> None:
    phone.goto(NEW)
    typed(phone, "agentic")
    phone.get_by_role("option").first.click()
    day_of(phone, "2026-02-04")
    phone.get_by_label("Link to the certificate").fill("https://example.org/certificate/7")
    phone.get_by_label("Photo, screenshot or PDF").set_input_files(photo(tmp_path))
    phone.context.set_offline(True)
    phone.get_by_role("button", name="Log this course").click()
    expect(phone.get_by_text("You are not connected. What you typed is kept on this device")).to_be_visible()
    expect(phone.get_by_text("A photo or file cannot be kept")).to_be_visible()
    expect(phone).to_have_url(re.compile(NEW))

    phone.context.set_offline(False)
    expect(phone.get_by_text("You are connected again")).to_be_visible()
    phone.goto("/my/")  # away, as when the phone dies
    phone.goto(NEW)
    expect(phone.get_by_text("This is what you began on this device")).to_be_visible()
    expect(phone.get_by_label("Course")).to_have_value("Introduction to Agentic AI Governance")
    expect(phone.get_by_label("Day it was completed")).to_have_value("2026-02-04")
    expect(phone.get_by_label("Link to the certificate")).to_have_value("https://example.org/certificate/7")
    is_quiet(phone)
    phone.get_by_role("button", name="Log this course").click()
    expect(phone.get_by_role("status").filter(has_text="Logged:")).to_be_visible()
    phone.goto(NEW)
    expect(phone.get_by_label("Course")).to_have_value("")
    expect(phone.get_by_text("This is what you began")).to_be_hidden()


def test_a_draft_can_be_forgotten(phone: Page) -> None:
    phone.goto(NEW)
    phone.get_by_label("Course").press_sequentially("something of mine")
    phone.goto(NEW)
    expect(phone.get_by_label("Course")).to_have_value("something of mine")
    assert "draft" in phone.evaluate("Object.keys(localStorage).join()")
    phone.get_by_role("button", name="Forget it").click()
    expect(phone.get_by_label("Course")).to_have_value("")
    phone.goto(NEW)
    expect(phone.get_by_label("Course")).to_have_value("")


def test_a_photo_is_sent_shown_and_given_back_and_the_same_again_is_no_error(phone: Page, tmp_path: Path) -> None:
    phone.goto(NEW)
    typed(phone, "eu ai act")
    phone.get_by_role("option").first.click()
    day_of(phone, "2026-02-05")
    phone.get_by_label("Photo, screenshot or PDF").set_input_files(photo(tmp_path))
    phone.get_by_role("button", name="Log this course").click()
    expect(phone.get_by_role("status").filter(has_text="Logged:")).to_be_visible()
    link = phone.get_by_role("link", name=re.compile("^file for Preparing for the EU AI Act"))
    with phone.expect_download() as given:
        link.first.click()
    assert re.fullmatch(r"evidence-[0-9a-f]{8}\.jpg", given.value.suggested_filename)
    with Image.open(io.BytesIO(Path(given.value.path()).read_bytes())) as image:
        assert image.size == (900, 600)

    phone.goto(f"{NEW}?course=preparing-for-the-eu-ai-act-a-conversation-with-jon-adams")
    phone.get_by_label("Course").fill("Preparing for the EU AI Act: A Conversation with Jon Adams")
    day_of(phone, "2026-02-05")
    phone.get_by_role("button", name="Log this course").click()
    expect(phone.get_by_role("heading", name="It is already recorded")).to_be_visible()
    expect(phone.get_by_text("waiting for review since")).to_be_visible()
    is_quiet(phone)
    phone.get_by_role("link", name="Back to my record").click()
    expect(phone).to_have_url(re.compile(r"/my/$"))


def test_a_fault_is_told_where_the_focus_goes_and_a_good_file_stays(phone: Page, tmp_path: Path) -> None:
    phone.goto(NEW)
    phone.get_by_label("Course").fill("No such course at all")
    phone.get_by_label("Photo, screenshot or PDF").set_input_files(photo(tmp_path))
    phone.get_by_role("button", name="Log this course").click()
    summary = phone.get_by_role("alert")
    expect(summary).to_be_focused()
    expect(phone.get_by_label("Course")).to_have_value("No such course at all")
    expect(phone.get_by_text("Kept already: evidence-")).to_be_visible()
    is_quiet(phone)

    (tmp_path / "page.jpg").write_text("<html><script>alert(1)</script></html>")
    phone.get_by_label("Photo, screenshot or PDF").set_input_files(tmp_path / "page.jpg")
    phone.get_by_role("button", name="Log this course").click()
    expect(phone.get_by_text("This is not a photo or a PDF.").first).to_be_visible()

    (tmp_path / "huge.jpg").write_bytes(b"\xff" * (10 * 2**20 + 1))
    phone.get_by_label("Photo, screenshot or PDF").set_input_files(tmp_path / "huge.jpg")
    expect(phone.get_by_text("The file is larger than 10 MB")).to_be_visible()
    phone.evaluate("localStorage.clear()")


def test_without_javascript_the_list_of_courses_and_the_form_do(browser: object, base_url: str) -> None:
    context = browser.new_context(java_script_enabled=False, base_url=base_url, viewport=PHONE)  # type: ignore[attr-defined]
    page = context.new_page()
    page.goto(f"/login?next={NEW}")
    page.fill("input[name=email]", "member@example.org")
    page.fill("input[name=password]", "backstage-demo")
    page.click("main [type=submit]")
    assert page.get_by_label("Course").get_attribute("list") == "courses"
    assert page.locator("datalist option").count() > 10
    page.get_by_label("Course").fill("Ethics in the Age of Generative AI")
    page.get_by_label("Day it was completed").fill("2026-02-06")
    page.get_by_role("button", name="Log this course").click()
    expect(page.get_by_role("status").filter(has_text="Logged:")).to_be_visible()
    context.close()
