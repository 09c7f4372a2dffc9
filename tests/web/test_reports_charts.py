"""The pictures of the reports: who sees which, that they tell what their pages tell, and their files."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from urllib.parse import quote

import pytest
from flask import Flask
from little_union import LONG_AGO, PASSWORD, Browser, settings
from sqlalchemy import select
from test_reports import PEOPLE, load_example, text_of

from tracker import create_app
from tracker.coverage import rendering
from tracker.coverage.figures import NOBODY, figures_on
from tracker.coverage.finding import find_member, find_unit
from tracker.curriculum.coverage import Figure
from tracker.curriculum.words import Assurance, Role
from tracker.models import LearningPath, db, writing
from tracker.operations.accounts import add_user
from tracker.operations.actor import OPERATOR
from tracker.operations.passwords import password_hash

DAY = "as_of=2026-02-28"
AI = "path=ai-fundamentals"
SEE_REPORTS = {"ben", "viv", "fay", "ned", "dora", "sam", "otto"}
FORMS = ("", ".json", ".svg", ".csv")


@pytest.fixture(scope="module")
def app(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The union of test_reports, loaded once: pictures only read."""
    folder = tmp_path_factory.mktemp("charts")
    shutil.copy(sqlite_template, folder / "tracker.db")
    environment = {"DATABASE_URL": f"sqlite:///{folder}/tracker.db", "TRACKER_INSTANCE": str(folder)}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**environment, "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz"}.items():
            patch.setenv(name, value)
        load_example(folder)
    app = create_app(settings(folder, DATABASE_URL=environment["DATABASE_URL"]))
    hashed = password_hash(PASSWORD, "")
    with app.app_context(), writing() as session:
        for name, (role, number) in PEOPLE.items():
            unit = find_unit(session, number) if number else None
            member = find_member(session, "0001") if role is Role.MEMBER else None
            member_id = member.member_id if member else None
            add_user(session, f"{name}@example.org", role, unit, member_id, OPERATOR, LONG_AGO).password_hash = hashed
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(scope="module")
def browsers(app: Flask) -> dict[str, Browser]:
    return {}


@pytest.fixture
def as_reader(app: Flask, browsers: dict[str, Browser]) -> Callable[[str], Browser]:
    def open_browser(name: str) -> Browser:
        if name not in browsers:
            browsers[name] = Browser(app.test_client())
            assert browsers[name].sign_in(name).status_code == 303
        return browsers[name]

    return open_browser


Reader = Callable[[str], Browser]


def rows_of(text: str) -> list[dict[str, str]]:
    """The rows of a chart's CSV file: what heads it ends with an empty line."""
    return list(csv.DictReader(io.StringIO(text.split("\n\n", 1)[-1])))


def figure(app: Flask, unit: str, day: date, path: str = "ai-fundamentals") -> Figure:
    with app.app_context():
        session = db.session()
        found = find_unit(session, unit)
        its_id = session.scalars(select(LearningPath.id).where(LearningPath.code == path)).one()
        assert found is not None
        return figures_on(session, day).get((found.id, 0, its_id), NOBODY)


# --- Who may see what ----------------------------------------------------------------------------------------------

WHO = [
    # picture, then who sees it; everyone else is told that there is no such page
    (f"trend?unit=80&{AI}", {"ben", "dora", "sam", "otto"}),
    (f"trend?unit=700&{AI}", {"viv", "dora", "sam", "otto"}),
    (f"trend?unit=15&{AI}", {"sam", "otto"}),
    (f"trend?unit=D2&{AI}", {"ben", "viv", "dora", "sam", "otto"}),
    (f"trend?unit=IA&{AI}", SEE_REPORTS),  # of the union, everyone sees totals at least
    (f"trend?unit=nowhere&{AI}", set()),
    ("trend?unit=80&path=nothing", set()),
    ("trend?unit=80", set()),
    (f"trend?unit=%00&{AI}", set()),
    (f"sections?unit=80&{AI}&{DAY}", {"ben", "sam", "otto"}),  # too few for a reader from outside the local
    (f"sections?unit=D2&{AI}&{DAY}", {"dora", "sam", "otto"}),  # of totals no sections are told
    (f"sections?unit=IA&{AI}&{DAY}", {"sam", "otto"}),
    (f"assurance?unit=80&{DAY}", {"ben", "dora", "sam", "otto"}),
    (f"assurance?unit=D2&{DAY}", {"ben", "viv", "dora", "sam", "otto"}),
    (f"assurance?unit=15&{DAY}", {"sam", "otto"}),
    (f"heat?{DAY}", SEE_REPORTS),
    ("nothing", set()),
]


@pytest.mark.parametrize(("picture", "readers"), WHO)
def test_who_may_see_which_picture(as_reader: Reader, picture: str, readers: set[str]) -> None:
    kind, _, query = picture.partition("?")
    for form in (".json", ".csv"):
        address = f"/reports/charts/{kind}{form}?{query}"
        answers = {name: as_reader(name).get(address).status_code for name in PEOPLE}
        assert {name for name, status in answers.items() if status == 200} == readers, form
        assert set(answers.values()) <= {200, 404}


def test_where_to_train_next_is_for_staff_and_auditors(as_reader: Reader) -> None:
    for name in SEE_REPORTS - {"sam", "otto"}:
        assert as_reader(name).get("/reports/charts/priorities.json").status_code == 404
        assert as_reader(name).get("/reports/charts/priorities").status_code == 404


def test_a_stranger_is_shown_the_way_to_sign_in(app: Flask) -> None:
    for form in FORMS:
        answer = app.test_client().get(f"/reports/charts/trend{form}?unit=80&{AI}")
        assert answer.status_code == 303
        assert "/login" in answer.headers["Location"]


def test_a_total_is_told_on_the_days_on_which_its_page_tells_it(app: Flask, as_reader: Reader) -> None:
    """In January five locals of District 3 and three others are asked: the union is told, a district of two is not."""
    whole = {row["day"]: row for row in rows_of(as_reader("sam").get(f"/reports/charts/trend.csv?unit=IA&{AI}&{DAY}").text)}
    seen = {row["day"]: row for row in rows_of(as_reader("ben").get(f"/reports/charts/trend.csv?unit=IA&{AI}&{DAY}").text)}
    told = [day for day, row in seen.items() if row["in_scope"]]
    assert told == ["2026-01-31", "2026-02-28"]
    for day in told:
        assert seen[day] == whole[day]
        page = text_of(as_reader("ben").get(f"/reports/?as_of={day}").text)
        assert f"{int(whole[day]['covered'])} of {int(whole[day]['in_scope'])}" in page
    district = rows_of(as_reader("ben").get(f"/reports/charts/trend.csv?unit=D2&{AI}&{DAY}").text)
    assert {row["in_scope"] for row in district} == {""}
    spec = json.loads(as_reader("ben").get(f"/reports/charts/trend.json?unit=D2&{AI}&{DAY}").text)
    assert {each["share"] for each in spec["data"]["values"]} == {None}
    own = rows_of(as_reader("ben").get(f"/reports/charts/assurance.csv?unit=D2&{DAY}").text)
    assert own == []


# --- That they tell what the figures are ----------------------------------------------------------------------------


def test_the_table_and_the_picture_hold_the_figures(app: Flask, as_reader: Reader) -> None:
    address = f"/reports/charts/trend.%s?unit=80&{AI}&as_of=2026-08-14&floor=claimed"
    rows = rows_of(as_reader("ben").get(address % "csv").text)
    spec = json.loads(as_reader("ben").get(address % "json").text)
    drawn = {each["day"]: each["share"] for each in spec["data"]["values"]}
    assert len(rows) == 25
    for row in rows:
        found = figure(app, "80", date.fromisoformat(row["day"]))
        assert (int(row["in_scope"]), int(row["covered"])) == (found.in_scope, found.covered(Assurance.CLAIMED))
        share = found.share(Assurance.CLAIMED)
        assert row["share"] == ("" if share is None else repr(share))
        assert drawn[row["day"]] == (None if share is None else pytest.approx(100 * share, abs=0.01))


def test_sections_are_counted_like_the_figure(app: Flask, as_reader: Reader) -> None:
    rows = rows_of(as_reader("sam").get(f"/reports/charts/sections.csv?unit=IA&{AI}&{DAY}").text)
    found = figure(app, "IA", date(2026, 2, 28))
    assert {int(row["in_scope"]) for row in rows} == {found.in_scope}
    assert int(rows[-1]["hold"]) == found.covered(Assurance.REVIEWED)
    assert rows[-1]["title"] == "All sections"


def test_a_csv_says_what_was_asked(as_reader: Reader) -> None:
    text = as_reader("ben").get(f"/reports/charts/assurance.csv?unit=80&{DAY}&floor=provider&known=2026-11-01").text
    for said in ("2026-02-28", "2026-11-01", "confirmed by the provider", "Local 80", "In scope:"):
        assert said in text.split("\n\n")[0]


def test_a_wrong_question_is_answered_in_words(as_reader: Reader) -> None:
    for query in (f"unit=80&{AI}&theme=pink", f"unit=80&{AI}&as_of=yesterday", f"unit=80&{AI}&floor=sure"):
        answer = as_reader("ben").get(f"/reports/charts/trend.svg?{query}")
        assert answer.status_code == 400
        assert "makes no sense" in text_of(answer.text)


# --- Their forms --------------------------------------------------------------------------------------------------


def test_a_picture_has_a_page_with_its_finding_its_text_its_table_and_its_files(as_reader: Reader) -> None:
    page = as_reader("ben").get(f"/reports/charts/sections?unit=80&{AI}&{DAY}")
    assert page.status_code == 200
    text = page.text
    assert '<h2 class="chart-finding">' in text
    assert re.search(r'class="chart-picture" role="img" aria-label="A bar for each section', text)
    assert "<noscript>" in text
    assert "What Is Generative AI?" in text_of(text)
    assert "Show as table" in text_of(text)
    for form in ("csv", "svg", "png", "pdf"):
        (link,) = re.findall(rf'<a class="row-action" href="([^"]*sections\.{form}[^"]*)"', text)
        answer = as_reader("ben").get(link.replace("&amp;", "&"))
        assert answer.status_code == 200, link


def test_a_file_is_what_it_says_and_draws_as_asked(as_reader: Reader) -> None:
    ben = as_reader("ben")
    address = f"/reports/charts/trend.%s?unit=80&{AI}&{DAY}"
    svg = ben.get(address % "svg")
    assert svg.content_type.startswith("image/svg+xml")
    assert 'role="img"' in svg.text
    assert "<title" in svg.text
    assert "style=" not in svg.text  # which the pages' policy would not let a picture have
    assert svg.headers["Cache-Control"] == "no-store"
    assert "Local 80" in svg.text
    assert 'width="640"' in svg.text
    assert 'width="400"' in ben.get(address % "svg" + "&width=400").text
    assert "#14181a" in ben.get(address % "svg" + "&theme=dark").text
    plain = ben.get(address % "svg" + "&heading=no").text
    assert len(plain) < len(svg.text)
    assert ben.get(address % "png").data.startswith(b"\x89PNG")
    assert ben.get(address % "pdf").data.startswith(b"%PDF")
    spec = json.loads(ben.get(address % "json").text)
    assert spec["width"] == "container"
    assert spec["usermeta"]["rows"][-1][0] == "28\u00a0February\u00a02026"
    assert len(spec["usermeta"]["headings"]) == len(spec["usermeta"]["rows"][0])


def test_a_picture_that_cannot_be_drawn_now_says_so_and_where_its_numbers_are(
    as_reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    renderer = rendering.Renderer(longest=0.001)
    monkeypatch.setattr(rendering, "_renderer", renderer)
    answer = as_reader("ben").get(f"/reports/charts/trend.svg?unit=80&{AI}&{DAY}&width=512")
    assert answer.status_code == 503
    assert "The CSV file holds the same numbers" in text_of(answer.text)
    assert as_reader("ben").get(f"/reports/charts/trend.csv?unit=80&{AI}&{DAY}").status_code == 200
    renderer.close()


def test_what_a_person_typed_stays_text_in_a_picture(as_reader: Reader) -> None:
    heat = as_reader("sam").get(f"/reports/charts/heat.svg?q={quote('<script>alert(1)</script>')}&{DAY}")
    assert heat.status_code == 200
    assert "<script>" not in heat.text


def test_the_script_is_kept_and_named_by_its_content(app: Flask, as_reader: Reader) -> None:
    made = app.extensions["page_script"].now()
    page = as_reader("ben").get(f"/reports/charts/trend?unit=80&{AI}&{DAY}").text
    (address,) = re.findall(r'data-script="([^"]+)"', page)
    assert made.content_hash in address
    stranger = app.test_client()
    plain = stranger.get(address, headers={"Accept-Encoding": "identity"})
    packed = stranger.get(address, headers={"Accept-Encoding": "gzip"})
    assert plain.status_code == 200
    assert plain.data == gzip.decompress(packed.data)
    assert b"vegaEmbed" in plain.data or b"export{" in plain.data
    assert packed.headers["Content-Encoding"] == "gzip"
    for answer in (plain, packed):
        assert answer.content_type.startswith("text/javascript")
        assert "immutable" in answer.headers["Cache-Control"]
        assert "Set-Cookie" not in answer.headers
        assert "Accept-Encoding" in answer.headers["Vary"]
    assert stranger.get("/reports/charts/vega-000000000000.js").status_code == 404
