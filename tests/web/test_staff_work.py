"""The staff's first page, and the lists it counts."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from importing import tried
from little_union import Browser, World
from sqlalchemy import select
from training_union import days_ago, today

from tracker.models import Course, db


@pytest.fixture
def sam(union: World, signed_in: Callable[[str], Browser]) -> Browser:
    return signed_in("sam")


def test_an_empty_tracker_teaches_what_to_load(world: World, signed_in: Callable[[str], Browser]) -> None:
    page = signed_in("sam").get("/staff/").text
    assert "tracker catalogue apply" in page
    assert "Setting up" in page


def test_before_a_policy_an_import_says_what_to_load_first(world: World, signed_in: Callable[[str], Browser]) -> None:
    sam = signed_in("sam")
    page = sam.get(tried(sam, "member_number,local\n1,80\n", "roster")).text
    assert "cannot be taken" in page
    assert "tracker catalogue apply" in page


def test_when_nothing_waits_it_says_what_comes_next(sam: Browser) -> None:
    page = sam.get("/staff/").text
    assert "Nothing waits" in page
    assert "Setting up" not in page


def test_a_claim_waits_until_someone_surer_says_so(sam: Browser, signed_in: Callable[[str], Browser]) -> None:
    on = days_ago(3).isoformat()
    signed_in("ana").send("/my/completions", {"course": "ethics", "completed_on": on}, page="/my/completions/new")
    assert "Review 1 claim" in sam.get("/staff/").text
    page = sam.get("/staff/reviews").text
    assert "AI Ethics" in page
    assert "Ana Example" in page
    link = page.partition("Record it")[0].rpartition('href="')[2].partition('"')[0].replace("&amp;", "&")
    form = sam.get(link).text
    assert 'value="ethics"' in form
    assert f'value="{on}"' in form
    sam.send(link, {"course": "ethics", "completed_on": on}, page=link)
    assert "Nothing waits" in sam.get("/staff/").text
    assert "No claim waits" in sam.get("/staff/reviews").text


def test_a_path_with_a_retired_course_is_on_the_list(app: Flask, sam: Browser) -> None:
    with app.app_context():
        db.session.scalars(select(Course).where(Course.code == "ethics")).one().retired_on = today()
        db.session.commit()
    page = sam.get("/staff/").text
    assert "Mend AI Fundamentals" in page
    assert "it asks for AI Ethics" in page


@pytest.mark.parametrize(
    "path", ["/staff/", "/staff/desk", "/staff/reviews", "/staff/members", "/staff/imports", "/staff/assign"]
)
def test_a_stranger_is_shown_the_way_in_and_an_auditor_reads(
    union: World, stranger: Browser, signed_in: Callable[[str], Browser], path: str
) -> None:
    assert stranger.get(path).location == f"/login?next={path}"
    assert signed_in("otto").get(path).status_code == 200
