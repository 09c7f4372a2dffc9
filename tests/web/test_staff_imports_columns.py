"""A table that nobody knows goes in by a person's word on its columns, once."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from importing import count_of, job_after, recorded, said, tables, tried
from little_union import Browser, World
from sqlalchemy import select
from training_union import days_ago

from tracker.curriculum.words import Assurance
from tracker.models import Completion, ImportProfile, Membership, db

ON = days_ago(40).replace(day=13)
EXPORT = f"""Learner;E-mail address;Training;Finished;Result;Badge colour
Ana Example;ana@example.org;AI Ethics;{ON:%d/%m/%Y};done;blue
Bo Example;bo@example.org;AI Basics;{ON:%d/%m/%Y};half way;red
Nobody Here;nobody@example.net;AI Ethics;{ON:%d/%m/%Y};done;red
"""
SAID = {
    "column_name": "",
    "column_email": "E-mail address",
    "column_course": "Training",
    "column_completed_on": "Finished",
    "assurance": "provider",
}


@pytest.fixture
def sam(union: World, signed_in: Callable[[str], Browser]) -> Browser:
    return signed_in("sam")


def chosen(page: str) -> dict[str, str]:
    """What each list of a page's form is set to."""
    lists = re.findall(r'<select[^>]* name="(\w+)"[^>]*>(.*?)</select>', page, re.DOTALL)
    return {name: (re.findall(r'<option selected value="([^"]*)"', options) or [""])[0] for name, options in lists}


def typed(page: str) -> dict[str, str]:
    """What each line of a page's form holds."""
    return dict(re.findall(r'<input[^>]* name="(\w+)"[^>]* type="text"[^>]* value="([^"]*)"', page))


def test_the_columns_are_guessed_and_shown_on_the_first_rows(sam: Browser) -> None:
    job = tried(sam, EXPORT)
    assert job.endswith("/columns")
    page = sam.get(job).text
    guess = chosen(page)
    assert (guess["column_email"], guess["column_completed_on"]) == ("E-mail address", "Finished")
    assert 'Badge colour<br><span class="meaning">not kept</span>' in page
    assert "nobody@example.net" in page


def test_what_is_said_of_the_columns_is_how_the_file_is_read(app: Flask, sam: Browser) -> None:
    before = tables(app, "import_job")
    job = tried(sam, EXPORT)
    words = {f"word_percent_{place}": value for place, value in enumerate(("100", "0"))}
    job = said(sam, job, {**SAID, "column_percent": "Result", **words})
    page = sam.get(job).text
    assert (count_of(page, "recorded"), count_of(page, "wait: no member found")) == ("1", "1")
    assert "Badge colour" in page
    assert tables(app, "import_job") == before
    recorded(sam, job)
    with app.app_context():
        done = db.session.scalars(select(Completion)).one()
        assert (done.completed_on, done.assurance) == (ON, Assurance.PROVIDER)


def test_a_saved_profile_finds_the_next_file_by_itself(app: Flask, sam: Browser) -> None:
    job = tried(sam, EXPORT)
    preview = said(sam, job, {**SAID, "save_profile": "Prop Academy"})
    assert "Prop Academy" in sam.get(preview).text
    profiles = sam.get("/staff/imports/profiles").text
    assert "Prop Academy" in profiles
    assert "E-mail address" in profiles
    later = tried(sam, EXPORT + f"Cy Example;cy@example.org;AI Ethics;{ON:%d/%m/%Y};done;blue\n", name="later.csv")
    assert not later.endswith("/columns")
    assert count_of(sam.get(later).text, "rows in all") == "4"
    removed = sam.send("/staff/imports/profiles/remove", {"name": "Prop Academy"}, page="/staff/imports/profiles")
    assert removed.status_code == 303
    assert "No profile is saved yet" in sam.get("/staff/imports/profiles").text
    with app.app_context():
        assert db.session.scalars(select(ImportProfile)).all() == []
    assert tried(sam, EXPORT, name="last.csv").endswith("/columns")
    again = sam.send("/staff/imports/profiles/remove", {"name": "Prop Academy"}, page="/staff/imports/profiles")
    assert again.status_code == 422
    assert "There is no saved profile" in again.text


def test_days_that_can_be_read_in_two_ways_are_asked_for(app: Flask, sam: Browser) -> None:
    job = tried(sam, "E-mail,Course,Date\nana@example.org,AI Ethics,03/04/2025\n")
    page = sam.get(job).text
    assert "3 April 2025" in page
    assert "4 March 2025" in page
    fields = {"column_email": "E-mail", "column_course": "Course", "column_completed_on": "Date", "assurance": "claimed"}
    answer = sam.send(job, fields, page=job)
    assert answer.status_code == 422
    assert "Say which number is the day." in answer.text
    recorded(sam, said(sam, job, {**fields, "date_order": "dmy"}))
    with app.app_context():
        assert str(db.session.scalars(select(Completion.completed_on)).one()) == "2025-04-03"


def test_a_saved_profile_asks_only_what_this_file_leaves_open(app: Flask, sam: Browser) -> None:
    heads = "E-mail,Course,Date\n"
    job = tried(sam, f"{heads}ana@example.org,AI Ethics,2025-04-13\n")
    fields = {"column_email": "E-mail", "column_course": "Course", "column_completed_on": "Date", "assurance": "claimed"}
    said(sam, job, {**fields, "save_profile": "Plain"})
    job = tried(sam, f"{heads}bo@example.org,AI Ethics,03/04/2025\n", name="second.csv")
    page = sam.get(job).text
    assert "One thing is to be said first." in page
    assert chosen(page) == {}
    recorded(sam, said(sam, job, {"date_order": "mdy"}))
    with app.app_context():
        assert str(db.session.scalars(select(Completion.completed_on)).one()) == "2025-03-04"


def test_what_was_said_is_kept_when_something_is_wrong(sam: Browser) -> None:
    job = tried(sam, EXPORT)
    fields = {
        **SAID,
        "column_course": "E-mail address",
        "column_name": "Learner",
        "save_profile": "<i>Prop</i> Academy",
        "constant_course": "AI <b>Ethics",
    }
    answer = sam.send(job, fields, page=job)
    assert answer.status_code == 422
    assert "cannot be both" in answer.text
    assert {name: chosen(answer.text)[name] for name in ("column_course", "column_name")} == {
        "column_course": "E-mail address",
        "column_name": "Learner",
    }
    assert typed(answer.text)["save_profile"] == "&lt;i&gt;Prop&lt;/i&gt; Academy"
    assert typed(answer.text)["constant_course"] == "AI &lt;b&gt;Ethics"
    answer = sam.send(job, {**SAID, "save_profile": "linkedin"}, page=job)
    assert answer.status_code == 422
    assert "is the name of a built-in form" in answer.text
    assert chosen(answer.text)["column_email"] == "E-mail address"


def test_what_must_be_known_is_asked_for(app: Flask, sam: Browser) -> None:
    job = tried(sam, EXPORT)
    before = tables(app)
    for changed, message in (
        ({"column_email": ""}, "Say who the learner is"),
        ({"column_course": ""}, "Say which course it was"),
        ({"column_completed_on": ""}, "Say on which day it was completed"),
        ({"assurance": ""}, "Say who says so."),
        ({"column_email": "Shoe size"}, "Not a valid choice"),
    ):
        answer = sam.send(job, {**SAID, **changed}, page=job)
        assert answer.status_code == 422
        assert message in answer.text
    assert tables(app) == before


def test_what_no_column_says_may_be_the_same_in_every_row(app: Flask, sam: Browser) -> None:
    job = tried(sam, f"E-mail,Came on\nana@example.org,{ON}\nbo@example.org,{ON}\n", name="class.csv")
    fields = {"column_email": "E-mail", "column_completed_on": "Came on", "assurance": "reviewed"}
    preview = said(sam, job, {**fields, "constant_course": "Safety"})
    assert count_of(sam.get(recorded(sam, preview)).text, "recorded") == "2"


def test_a_file_that_names_nobody_is_its_members(app: Flask, sam: Browser) -> None:
    job = tried(sam, f"Course,Finished\nAI Ethics,{ON}\n", name="mine.csv")
    fields = {"column_course": "Course", "column_completed_on": "Finished", "assurance": "claimed", "member": "0012"}
    recorded(sam, said(sam, job, fields))
    with app.app_context():
        assert db.session.scalars(select(Completion.assurance)).all() == [Assurance.CLAIMED]


def test_the_words_of_a_rosters_status_are_said_once(app: Flask, sam: Browser) -> None:
    content = "Card no.,Surname,Lodge,Standing\n0101,Doe,80,A\n0102,Roe,80,RET\n"
    job = tried(sam, content, "roster", "program.csv")
    fields = {"column_member_number": "Card no.", "column_last_name": "Surname", "column_local": "Lodge"}
    preview = said(sam, job, {**fields, "column_status": "Standing"})
    assert count_of(sam.get(preview).text, "left out: faulty") == "2"
    assert job_after(sam, sam.send(f"{preview}/again", {"ask": "1"}, page=preview)) == job
    page = sam.get(job).text
    assert "“RET” in Standing means" in page
    assert chosen(page)["column_local"] == "Lodge"
    words = {"word_status_0": "active", "word_status_1": "retired"}
    preview = said(sam, job, {**fields, "column_status": "Standing", **words, "save_profile": "Program"})
    outcome = sam.get(recorded(sam, preview)).text
    assert count_of(outcome, "cards recorded or corrected") == "2"
    with app.app_context():
        statuses = db.session.scalars(select(Membership.status).order_by(Membership.id.desc()).limit(2)).all()
        assert sorted(statuses) == ["active", "retired"]
    later = tried(sam, content + "0103,Poe,80,A\n", "roster", "program.csv")
    assert "1 new member." in sam.get(later).text


def test_headings_and_cells_are_shown_as_text(sam: Browser) -> None:
    content = "\"=cmd|'/c calc'!A1\",<b>who</b>,<script>alert(1)</script>\n<i>x</i>,<u>y</u>,<s>z</s>\n"
    job = tried(sam, content, name="<img src=x>.csv")
    page = sam.get(job).text.partition("<main")[2]
    assert "alert(1)" in page
    assert not re.search(r"<(script>|i>|b>|u>|s>|img)", page)


def test_a_table_of_a_thousand_columns_is_shown_at_its_beginning(sam: Browser) -> None:
    heads = ",".join(f"Column {place}" for place in range(1_000))
    job = tried(sam, f"{heads}\n{','.join('x' * 5 for _ in range(1_000))}\n")
    assert len(sam.get(job).text) < 3_000_000
