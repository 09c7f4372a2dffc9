"""Files, pictures and packs speak their reader's language; what programs read of them is the same in every one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import training_union
from another_tongue import TONGUE, Page, page_of, read_in, said_otherwise, teach
from flask import Flask
from little_union import Browser, World

from tracker.coverage.frozen.listing import frozen_report, manifest_of
from tracker.intake.progress import Telling
from tracker.language import speaking
from tracker.models import User, db, writing
from tracker.operations.actor import Actor
from tracker.operations.exporting import ask_for_export
from tracker.web.reports.exporting.making import export_file, make_export

Sign = Callable[[str], Browser]
PATH = "path=ai"


@pytest.fixture
def tongue(monkeypatch: pytest.MonkeyPatch) -> None:
    teach(monkeypatch)


def foreign(*texts: str) -> list[str]:
    """What is not in the tongue, the union's own words aside: they are English here."""
    own = r"AI Fundamentals|AI Basics|AI Ethics|Prompting|Pictures|Foundations|Pick one|Set Safety|Safety|IATSE|grip|sound"
    return Page("", tuple(re.sub(own, "", text) for text in texts)).foreign


def strings(value: Any) -> Iterator[str]:
    """Every text in a specification that its reader sees."""
    if isinstance(value, dict):
        for name, each in value.items():
            if name in ("title", "description", "finding", "summary", "note", "label", "said", "words", "when", "part"):
                yield from [each] if isinstance(each, str) else strings(each)
            elif isinstance(each, (dict, list)) and name != "config":
                yield from strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from [each] if isinstance(each, str) and " " in each else strings(each)


@pytest.mark.parametrize(
    "address",
    [
        "/reports/coverage.csv",
        "/reports/locals/80.csv?path=ai",
        "/reports/locals/80/members.csv?path=ai",
        "/reports/locals/80/push.csv?path=ai&target=100",
        "/reports/districts/2.csv",
        "/reports/paths/ai.csv",
        "/reports/paths/ai/sections.csv",
        "/reports/compare.csv?path=ai&then=2019-01-01",
        "/reports/priorities.csv",
        "/reports/second-cards.csv?path=ai",
        "/reports/access.csv",
        "/reports/charts/trend.csv?unit=80&path=ai",
    ],
)
def test_what_stands_above_a_file_is_translated_and_its_columns_are_not(
    app: Flask, union: World, signed_in: Sign, tongue: None, address: str
) -> None:
    sam = signed_in("sam")
    english = sam.get(address).get_data(as_text=True).removeprefix("\ufeff")
    read_in(sam.client)
    other = sam.get(address).get_data(as_text=True).removeprefix("\ufeff")
    (above, rows), (_, english_rows) = (text.split("\n\n", 1) for text in (other, english))
    assert rows.partition("\n")[0] == english_rows.partition("\n")[0]  # the columns, as programs know them
    assert foreign(*above.split("\n")) == []


@pytest.mark.parametrize("kind", ["trend", "assurance", "heat", "sections", "slope"])
def test_a_picture_is_written_in_its_readers_language(
    app: Flask, union: World, signed_in: Sign, tongue: None, kind: str
) -> None:
    sam = signed_in("sam")
    read_in(sam.client)
    spec = json.loads(sam.get(f"/reports/charts/{kind}.json?unit=80&{PATH}&then=2026-01-31&units=local").text)
    assert foreign(*strings(spec)) == []
    assert spec["config"]["locale"]["time"]["shortMonths"][0] == "Ιαν"


def test_the_same_picture_is_drawn_anew_for_another_language(
    app: Flask, union: World, signed_in: Sign, tongue: None
) -> None:
    """What is drawn is remembered: by everything that stands in it."""
    sam, address = signed_in("sam"), f"/reports/charts/trend.svg?unit=80&{PATH}"
    english = sam.get(address).text
    read_in(sam.client)
    assert "Ιαν" in sam.get(address).text or said_otherwise("Covered") in sam.get(address).text
    assert said_otherwise("Covered") not in english


def test_the_map_is_not_remembered_in_another_language(app: Flask, union: World, signed_in: Sign, tongue: None) -> None:
    sam = signed_in("sam")
    assert "0 of 3" in sam.get("/reports/").text
    read_in(sam.client)
    assert f"0 {said_otherwise('of')} 3" in sam.get("/reports/").text


def test_a_pdf_says_in_which_language_it_is(app: Flask, union: World, signed_in: Sign) -> None:
    sam = signed_in("sam")
    sam.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "fr"
    for address in ("/reports/coverage.pdf", f"/reports/locals/80/one-page.pdf?{PATH}"):
        assert re.search(rb"/Lang\s*\(fr-CA\)", sam.get(address).data), address


def test_a_long_file_is_in_the_language_of_who_asked_for_it(app: Flask, union: World, tongue: None) -> None:
    """Its process has no browser to ask: the language goes along with what begins it."""
    address, now = "/reports/coverage.csv", datetime.now(UTC)
    with app.app_context():
        sam = db.session.get_one(User, union.users["sam"])
        with writing() as session:
            actor = Actor(sam.id, "staff", sam.email)
            job = ask_for_export(session, actor, address, "csv", now=now)
        job_id = job.id
        settings = app.config["SETTINGS"]
        (settings.instance / "jobs").mkdir(exist_ok=True)
        with speaking(TONGUE.code):  # as `with_app` does in that process
            make_export(job_id, Telling(settings.instance / "jobs", job_id))
    written = export_file(settings, job_id, "csv").read_text(encoding="utf-8-sig")
    assert foreign(*written.partition("\n\n")[0].split("\n")) == []


def test_a_frozen_report_is_in_the_language_of_who_freezes_it_and_remembers_it(
    app: Flask, world: World, signed_in: Sign, monkeypatch: pytest.MonkeyPatch, tongue: None
) -> None:
    monkeypatch.setattr(training_union, "POLICY", training_union.POLICY.replace("small_group: 5", "small_group: 2"))
    with app.app_context():
        training_union.train()
    sam, day = signed_in("sam"), datetime.now(UTC).date().isoformat()
    read_in(sam.client)
    page = "/reports/frozen/new?unit=80"
    answer = sam.send(page, {"title": "80", "path": "", "as_of": day, "floor": "reviewed"}, page=page)
    assert answer.status_code == 303
    code = answer.location.rsplit("/", 1)[1]
    with app.app_context():
        report = frozen_report(db.session(), code)
        assert report
        assert manifest_of(report).language == TONGUE.code
    files = {name: sam.get(f"/reports/frozen/{code}/{name}").data for name in ("method.txt", "coverage.csv", "report.pdf")}
    assert said_otherwise("Small groups") in files["method.txt"].decode()
    assert files["coverage.csv"].startswith(b"path,path_title,unit,unit_title,unit_kind,in_scope,")
    assert re.search(rb"/Lang\s*\(el\)", files["report.pdf"])
    assert foreign(*page_of(sam.get(f"/reports/frozen/{code}").text).texts) == []


def test_what_a_local_lacks_to_its_target_comes_in_the_pages_language(
    app: Flask, union: World, signed_in: Sign, tongue: None
) -> None:
    ben = signed_in("ben")
    address = "/reports/locals/80/nearest?path=ai&target=100"
    english = ben.get(address).text
    read_in(ben.client)
    assert english
    assert foreign(english)
    assert foreign(ben.get(address).text) == []
