"""Where to train next, on its page and in its files, and who may see it."""

from __future__ import annotations

import csv
import html
import re
from collections.abc import Callable

import pytest
import training_union
from flask import Flask
from little_union import Browser, World
from training_union import COURSES, POLICY, ask, now, today

from tracker.curriculum.catalogue import read_catalogue
from tracker.models import writing
from tracker.operations.actor import OPERATOR
from tracker.operations.catalogue import apply_catalogue

Sign = Callable[[str], Browser]

STATED = """
exposure:
  bands: [0.2, 0.4, 0.6, 0.8]
  crafts:
    - {craft: sound, step: 4, source: "Minutes <of> May", on: 2026-05-01}
    - {craft: juggling, step: 1, source: Minutes, on: 2026-05-01}
"""


def state(exposure: str) -> None:
    with writing(alone=True) as session:
        found = read_catalogue(COURSES)
        apply_catalogue(session, found, COURSES, POLICY + exposure, OPERATOR, today=today(), now=now())


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page))).replace("\u00a0", " ")


@pytest.fixture
def asked(app: Flask, union: World) -> World:
    """Ana, Bo and Dee (grips of Local 80) and Cy (sound, Local 600) are asked for the path, and nobody has done it."""
    with app.app_context():
        ask("ai", "600")
    return union


def test_without_exposure_the_page_goes_by_people_and_teaches_how_to_state_it(asked: World, signed_in: Sign) -> None:
    page = text_of(signed_in("sam").get("/reports/priorities").text)
    assert (
        "No exposure is stated for any craft here, so the order is by people not covered alone: Local 80 comes first" in page
    )
    assert "tracker policy diff" in page
    assert "3 of 3" in page


def test_the_order_shows_its_inputs_and_how_it_moves(app: Flask, asked: World, signed_in: Sign) -> None:
    with app.app_context():
        state(STATED.replace("craft: juggling", "craft: Grip"))
    browser = signed_in("otto")  # an auditor reads it too
    answer = browser.get("/reports/priorities?by=craft&path=ai")
    page = text_of(answer.text)
    assert "Sound comes first: 1 of 1 not covered, at step 4. It would be 2nd if grip were at step 2." in page
    assert "Minutes <of> May" in page
    assert "Minutes <of> May" not in answer.text
    assert "1 May 2026" in page
    rows = list(csv.DictReader(browser.get("/reports/priorities.csv?by=local&path=ai&header=no").text.splitlines()))
    assert [
        (row["rank"], row["local"], row["not_covered"], row["weight"], row["highest_rank"], row["lowest_rank"])
        for row in rows
    ] == [
        ("1", "600", "1", "4", "1", "2"),
        ("2", "80", "3", "3", "1", "2"),
    ]
    assert rows[0]["moves"] == "2nd if grip were at step 2"
    for form in ("csv", "xlsx"):
        assert browser.get(f"/reports/priorities.{form}?by=both").status_code == 200


def test_a_local_of_crafts_without_exposure_is_told_apart(app: Flask, asked: World, signed_in: Sign) -> None:
    with app.app_context():
        state(STATED)
    page = text_of(signed_in("sam").get("/reports/priorities").text)
    assert "No exposure stated: not ranked, 3 people not covered, counted path by path (grip)." in page
    assert "Local 80: 3 of 3 not covered" in page
    assert (
        "Local 600 comes first: 1 of 1 not covered, at step 4 on average, counted path by path. It stays first in every case"
        in page
    )


def test_the_pages_links_lead_on(app: Flask, asked: World, signed_in: Sign) -> None:
    with app.app_context():
        state(STATED)
    browser = signed_in("sam")
    page = browser.get("/reports/priorities?path=ai&floor=claimed").text
    links = {html.unescape(each) for each in re.findall(r'href="(/reports/[^"]+)"', page)}
    assert any(each.startswith("/reports/locals/600/push?path=ai") and "floor=claimed" in each for each in links)
    craft = browser.get("/reports/priorities?by=craft&path=ai").text
    links |= {html.unescape(each) for each in re.findall(r'href="(/reports/[^"]+)"', craft)}
    assert any(each.startswith("/reports/?craft=sound") for each in links)
    for link in links:
        if "charts" not in link and ".pdf" not in link:
            assert browser.get(link.split("#")[0]).status_code == 200, link


@pytest.mark.parametrize("name", ["ana", "ben", "dora", "ada"])
@pytest.mark.parametrize(
    "path",
    ["/reports/priorities", "/reports/priorities.csv", "/staff/policy", "/staff/catalogue", "/staff/catalogue/trials/1"],
)
def test_others_find_nothing_there(asked: World, signed_in: Sign, name: str, path: str) -> None:
    assert signed_in(name).get(path).status_code == 404


def test_before_anything_is_loaded_the_pages_say_so(world: World, signed_in: Sign) -> None:
    browser = signed_in("sam")
    assert "No one is in scope here" in text_of(browser.get("/reports/priorities").text)
    assert "No courses and paths are applied yet" in text_of(browser.get("/staff/catalogue").text)
    assert "nothing_applied" not in browser.get("/staff/policy").text
    assert browser.get("/staff/policy").status_code == 503


@pytest.mark.parametrize("query", ["by=planet", "path=nothing", "district=77", "floor=high", "as_of=today"])
def test_what_makes_no_sense_is_answered_in_words(asked: World, signed_in: Sign, query: str) -> None:
    answer = signed_in("sam").get(f"/reports/priorities?{query}")
    assert answer.status_code == 400
    assert "makes no sense" in text_of(answer.text)


def test_pages_follow_one_another(app: Flask, asked: World, signed_in: Sign, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracker.web.reports.priorities._ROWS_A_PAGE", 1)
    browser = signed_in("sam")
    first = browser.get("/reports/priorities?path=ai").text
    assert "Local 80" in text_of(first)
    (then,) = re.findall(r'href="([^"]+)" rel="next"', first)
    second = text_of(browser.get(html.unescape(then)).text)
    assert "1 of 1" in second
    assert "Next page" not in second


def test_the_policy_in_force_is_told_as_people_read_it(app: Flask, asked: World, signed_in: Sign) -> None:
    with app.app_context():
        state(STATED)
    page = text_of(signed_in("otto").get("/staff/policy").text)
    assert "A card counts in coverage while it is active or apprentice." in page
    assert "sound 4 scored by staff Minutes <of> May 1 May 2026" in page
    assert "Named, and on no membership card: juggling" in page
    assert "Exposure of sound: not stated → step 4 (Minutes <of> May, 1 May 2026)." in page
    assert training_union.POLICY.strip() in html.unescape(signed_in("otto").get("/staff/policy").text)
