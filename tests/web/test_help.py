"""Help: a page of plain words for each task, and the link to the one that fits at the foot of every page."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from another_tongue import TONGUE, page_of, read_in, teach
from flask import Flask
from little_union import Browser, World

from tracker.api.v1 import views
from tracker.api.v1.door import OPERATIONS
from tracker.web.help import PARTS, PRIVACY, SIGNING_IN, TOPIC_OF, TOPICS

__all__ = ["views"]  # which fill the table of operations

ROOT = Path(__file__).parent.parent.parent
PAGES = ROOT / "templates" / "help"

# What a browser can open and no page of help stands beside, and why.
ON_THEIR_WAY = {"account.home", "account.link_form", "members.no_preview"}  # they send on to another page
NO_PAGES = {  # files, pictures, pieces of pages, and what programs ask
    *("members.courses", "members.proof_file", "members.proof_qr", "members.proof_qr_file"),
    *("reports.chart_script", "reports.export_fetched", "reports.frozen_report_file", "reports.local_one_page"),
    *("reports.nearest", "staff.eligibility_file", "staff.import_outcomes_file"),
    *("health.alive", "health.ready", "health.metrics", "xapi.about", "static", "bootstrap.static"),
}
NO_PAGES |= {"api_v1.openapi", *(f"api_v1.{each.name}" for each in OPERATIONS)}
EXPLAIN_THEMSELVES = {"proofs.proof"}  # for whoever was given a member's statement
# for who writes programs
EXPLAIN_THEMSELVES |= {"api_v1.page", "account.tokens", "account.new_token", "account.revoke_own_token"}
EXPLAIN_THEMSELVES |= {"tokens.listed", "tokens.revoke"}
HELP = {"help.contents", "help.signing_in", "help.privacy", "help.topic"}

_TEXT = r'"((?:[^"\\]|\\.)*)"'
_NAMED = re.compile(rf'(?:named\(_\({_TEXT}|way\("[\w.]+", _\({_TEXT}|choice=_\({_TEXT})')


def link_on(page: str) -> str | None:
    """Where the link to help at the foot of a page leads."""
    found = re.search(r'href="(/help/[\w-]*)">Help[^<]*</a>\s*<a[^>]*>Privacy</a>\s*<form', page)
    return found[1] if found else None


def test_every_topic_has_a_page_and_every_page_a_topic() -> None:
    files = {file.stem for file in PAGES.glob("*.html") if not file.name.startswith("_")}
    assert files == {*TOPICS, "contents"}
    assert sum(len(part.topics) for part in PARTS) == len(TOPICS), "each is called otherwise"


def test_every_page_for_people_has_a_topic_or_needs_none(app: Flask) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ()) and "form" not in rule.arguments]
    opened = {rule.endpoint for rule in rules}
    left = opened - set(TOPIC_OF) - ON_THEIR_WAY - NO_PAGES - EXPLAIN_THEMSELVES - HELP
    assert not left, f"Say in `tracker/web/help.py` which page of help stands beside these: {sorted(left)}"


def test_nothing_is_said_of_pages_that_are_not_there(app: Flask) -> None:
    there = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert set(TOPIC_OF) | ON_THEIR_WAY | NO_PAGES | EXPLAIN_THEMSELVES <= there
    assert sum(len(topic.beside) for topic in TOPICS.values()) == len(TOPIC_OF), "a page has one topic"


@pytest.mark.parametrize("code", TOPICS)
def test_a_topic_says_what_to_do_and_whom_to_ask_and_is_short(
    app: Flask, world: World, signed_in: Callable[[str], Browser], code: str
) -> None:
    for name in ("ana", "ben", "sam", "ada"):  # each meets other links in it
        answer = signed_in(name).get(f"/help/{code}")
        assert answer.status_code == 200
    page = answer.text
    assert f"<h1>{TOPICS[code].title}</h1>" in page
    assert "Whom to ask" in page
    said = re.sub(r"<[^>]+>", " ", page.partition("<h1>")[2].partition("</main>")[0])
    assert 120 <= len(said.split()) <= 330, "long enough to help, short enough to be read"
    assert not re.search(r"%[(s%]", said), "no place of a value is left open"


@pytest.mark.parametrize("code", TOPICS)
def test_the_buttons_and_links_it_names_are_really_called_so(code: str) -> None:
    """Whoever renames a button meets this, and so does whoever invents one here."""
    elsewhere = "\n".join(
        file.read_text()
        for folder, kind in (("templates", "*.html"), ("tracker", "*.py"))
        for file in (ROOT / folder).rglob(kind)
        if "help" not in file.parts and file.name != "help.py"
    )
    named = {"".join(found) for found in _NAMED.findall((PAGES / f"{code}.html").read_text())}
    assert named or code == "figures"
    for words in sorted(named):
        assert f'"{words}"' in elsewhere, f"nothing is called “{words}”"


@pytest.mark.parametrize(
    ("who", "path", "topic"),
    [
        ("ana", "/my/", "my-record"),
        ("ana", "/my/completions/new", "log-a-course"),
        ("ana", "/my/wrong?about=missing", "something-is-wrong"),
        ("ana", "/account/", "signing-in"),
        ("ben", "/reports/locals/80", "your-local"),
        ("ben", "/locals/80/classes/new", "classes"),
        ("sam", "/staff/", "reviewing"),
        ("sam", "/staff/assign", "assigning"),
        ("otto", "/staff/voids", "voiding"),
        ("ada", "/admin/", "roles"),
        ("ada", "/start", "first-run"),
    ],
)
def test_a_page_leads_to_its_help_and_the_help_back(
    union: World, signed_in: Callable[[str], Browser], who: str, path: str, topic: str
) -> None:
    browser = signed_in(who)
    assert link_on(browser.get(path).text) == f"/help/{topic}"
    help_page = browser.get(f"/help/{topic}").text
    assert link_on(help_page) == "/help/", "a page of help leads to the contents"


def test_a_stranger_reads_how_to_sign_in_and_what_is_kept_and_nothing_else(stranger: Browser) -> None:
    assert link_on(stranger.get("/login").text) == f"/help/{SIGNING_IN}"
    page = stranger.get(f"/help/{SIGNING_IN}")
    assert page.status_code == 200
    links = set(re.findall(r'<a [^>]*href="(/[^"#]*)"', page.text.partition("<main")[2]))
    assert links == {"/login", "/help/privacy"}, "what they cannot open is called by its name, not linked"
    assert stranger.get(f"/help/{PRIVACY}").status_code == 200
    for code in set(TOPICS) - {SIGNING_IN, PRIVACY}:
        assert stranger.get(f"/help/{code}").location == f"/login?next=/help/{code}"
    assert stranger.get("/help/").status_code == 303


def test_what_is_not_there_leads_to_no_help_of_a_page(signed_in: Callable[[str], Browser]) -> None:
    """Else the foot of "nothing is here" would tell that the page exists."""
    ana = signed_in("ana")
    assert ana.get("/help/no-such-topic").status_code == 404
    for path in ("/staff/assign", "/reports/locals/600", "/no-such-page"):
        answer = ana.get(path)
        assert answer.status_code == 404
        assert link_on(answer.text) == "/help/"


@pytest.mark.parametrize(
    ("who", "own", "others"),
    [
        ("ana", ["For everyone", "Your own record"], ["Training staff", "Administration"]),
        ("ben", ["Figures", "For those who lead a local"], ["Your own record", "Training staff"]),
        ("dora", ["Figures"], ["For those who lead a local", "Training staff"]),
        ("sam", ["Figures", "For those who lead a local", "Training staff", "Administration"], ["Your own record"]),
        ("ada", ["For everyone", "Administration"], ["Figures", "Training staff"]),
    ],
)
def test_the_contents_begin_with_what_one_does_oneself(
    signed_in: Callable[[str], Browser], who: str, own: list[str], others: list[str]
) -> None:
    page = signed_in(who).get("/help/").text
    first, _, rest = page.partition("<details")
    for part in own:
        assert f"<h2>{part}</h2>" in first
    for part in others:
        assert f"<h2>{part}</h2>" in rest
    for topic in TOPICS.values():
        assert f'href="{topic.path}"' in page, "nobody is kept from reading"


def test_help_links_to_what_its_reader_can_open_alone(signed_in: Callable[[str], Browser]) -> None:
    for who, opens in (("sam", True), ("ana", False)):
        page = signed_in(who).get("/help/assigning").text
        assert ('href="/staff/assign"' in page) is opens
        assert "Assign a path" in page


def test_the_way_to_the_first_report_is_told_as_the_page_shows_it(signed_in: Callable[[str], Browser]) -> None:
    ada = signed_in("ada")
    steps = re.findall(r"<strong>([^<]+)</strong><br>", ada.get("/help/first-run").text)
    page = ada.get("/start").text
    places = [page.index(step) for step in steps]
    assert len(places) == page.count('<li class="mb-3"') == 6
    assert places == sorted(places), "in the same order"


@pytest.mark.parametrize("code", ["", *TOPICS])
def test_help_says_nothing_that_a_translator_would_not_see(
    app: Flask, world: World, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    teach(monkeypatch)
    ana = Browser(read_in(app.test_client()))
    assert ana.sign_in("ana").status_code == 303
    page = page_of(ana.get(f"/help/{code}").text)
    assert page.language == TONGUE.tag
    assert not page.foreign
