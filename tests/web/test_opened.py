"""Who has opened a member's record: noted without ever failing a page, and told to the member by role and unit."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from little_union import Browser, World
from sqlalchemy import delete, select, update
from test_my_record import text_of
from training_union import member_id, now, today

from tracker.coverage.finding import find_member
from tracker.models import AuditEntry, User, db, writing
from tracker.operations.actor import OPERATOR, Actor
from tracker.operations.merging import merge_members
from tracker.operations.opening import Opened, kept_openings, note_opening, openings_folder
from tracker.web.opened import opened

NOBODY = "Nobody has opened your record"


def entries(app: Flask) -> list[AuditEntry]:
    with app.app_context():
        wanted = select(AuditEntry).where(AuditEntry.action.in_([each.action for each in Opened])).order_by(AuditEntry.id)
        return list(db.session.scalars(wanted))


def told(browser: Browser, path: str = "/my/opened") -> str:
    return text_of(browser.get(path).text)


@pytest.fixture
def ana_id(app: Flask, union: World) -> int:
    with app.app_context():
        return member_id("12")


def test_at_first_nobody_has(union: World, signed_in: Callable[[str], Browser]) -> None:
    assert NOBODY in told(signed_in("ana"))


def test_a_look_of_staff_and_of_an_officer_is_told_by_role_and_unit(
    app: Flask, ana_id: int, union: World, signed_in: Callable[[str], Browser]
) -> None:
    assert signed_in("sam").get(f"/staff/members/{ana_id}").status_code == 200
    assert signed_in("ben").get(f"/reports/members/{ana_id}/ai").status_code == 200
    assert signed_in("otto").get(f"/reports/members/{ana_id}/ai").status_code == 200
    seen = told(signed_in("ana"))
    assert "the union’s training staff your record" in seen

    assert re.search(r"the training lead of Local 80.* your record", seen)
    assert "an auditor of the union your record" in seen
    for private in ("sam@", "ben@", "otto@"):
        assert private not in seen
    assert [(each.action, each.actor_id, each.actor_role) for each in entries(app)] == [
        ("open_record", union.users["sam"], "staff"),
        ("open_record", union.users["ben"], "local-lead"),
        ("open_record", union.users["otto"], "auditor"),
    ], "who it was by name stays in the trail"


def test_the_same_on_one_day_is_one_line(ana_id: int, signed_in: Callable[[str], Browser]) -> None:
    sam = signed_in("sam")
    for _each in range(3):
        sam.get(f"/staff/members/{ana_id}")
    assert "your record, 3 times" in told(signed_in("ana"))


def test_a_list_tells_those_whom_it_names_and_nobody_else(
    app: Flask, ana_id: int, union: World, signed_in: Callable[[str], Browser]
) -> None:
    ben = signed_in("ben")
    assert ben.get("/reports/locals/80/members.csv?path=ai").status_code == 200
    (entry,) = entries(app)
    assert (entry.action, entry.unit_id, entry.detail["names"]) == ("download_list", union.units["80"], 3)
    assert str(ana_id) in entry.detail["members"]
    assert "a list with your name in it, of members of Local 80" in told(signed_in("ana"))
    assert ben.get("/reports/locals/80/members.csv?path=ai&q=Bo").status_code == 200
    seen = told(signed_in("ana"))
    assert "times" not in seen, "she was not in the second"


def test_ones_own_visits_are_not_told(app: Flask, ana_id: int, union: World, signed_in: Callable[[str], Browser]) -> None:
    ana = signed_in("ana")
    ana.get("/my/")
    ana.get("/paths/ai")
    assert entries(app) == []
    with app.app_context(), writing() as session:  # Ben turns out to be Ana, and looks at herself as an officer
        session.execute(update(User).where(User.email == "ana@example.org").values(member_id=None))
        session.execute(update(User).where(User.email == "ben@example.org").values(member_id=ana_id))
        actor = Actor(union.users["ben"], "local-lead", "")
        note_opening(session, actor, [ana_id, member_id("34")], "list", union.units["80"], now())
        session.execute(update(User).where(User.email == "ana@example.org").values(member_id=ana_id))
    assert NOBODY in told(signed_in("ana"))


def test_a_busy_database_fails_no_page_and_it_is_written_later(
    app: Flask, ana_id: int, signed_in: Callable[[str], Browser], tmp_path: Path
) -> None:
    sam, ana = signed_in("sam"), signed_in("ana")
    with app.app_context(), writing(alone=True):  # an import has its turn
        assert sam.get(f"/staff/members/{ana_id}").status_code == 200
        assert sam.get(f"/staff/members/{ana_id}").status_code == 200
    assert entries(app) == []
    waiting = list(openings_folder(tmp_path).iterdir())
    assert len(waiting) == 2
    assert {each.stat().st_mode & 0o777 for each in waiting} == {0o600}
    assert "the union’s training staff your record, 2 times" in told(ana)
    assert len(entries(app)) == 2
    assert list(openings_folder(tmp_path).iterdir()) == []


def test_what_waited_is_written_once_though_its_file_is_found_again(
    app: Flask, ana_id: int, signed_in: Callable[[str], Browser], tmp_path: Path
) -> None:
    sam = signed_in("sam")
    with app.app_context(), writing(alone=True):
        sam.get(f"/staff/members/{ana_id}")
    (file,) = openings_folder(tmp_path).iterdir()
    said = file.read_bytes()
    told(signed_in("ana"))
    file.write_bytes(said)  # as if the process had died before it removed it
    assert "times" not in told(signed_in("ana"))
    assert len(entries(app)) == 1


def test_a_file_that_cannot_be_read_is_set_aside(app: Flask, union: World, tmp_path: Path) -> None:
    folder = openings_folder(tmp_path)
    folder.mkdir()
    (folder / "00000000000000000001.json").write_text('{"at": 1}')
    assert kept_openings(folder) == []
    assert [each.suffix for each in folder.iterdir()] == [".unreadable"]


def test_many_openings_are_paged_the_newest_first(
    app: Flask, ana_id: int, union: World, signed_in: Callable[[str], Browser]
) -> None:
    with app.app_context(), writing() as session:
        for days in range(120, 0, -1):
            actor = Actor(union.users["sam"], "staff", "")
            note_opening(session, actor, ana_id, "record", None, datetime.now(UTC) - timedelta(days=days))
            note_opening(session, actor, [ana_id], "list", union.units["80"], datetime.now(UTC) - timedelta(days=days))
    ana = signed_in("ana")
    path, lines, pages = "/my/opened", 0, 0
    while path:
        page = ana.get(path).text
        lines += page.count('<li class="course">')
        pages += 1
        path = page.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0] if 'rel="next"' in page else ""
    assert (lines, pages) == (240, 5)


def test_of_a_very_long_list_it_is_said_that_it_may_have_held_the_name(
    app: Flask, ana_id: int, union: World, signed_in: Callable[[str], Browser]
) -> None:
    with app.app_context(), writing() as session:
        note_opening(session, Actor(union.users["sam"], "staff", ""), range(1, 30_000), "list", union.units["80"], now())
    assert "which may have held your name" in told(signed_in("ana"))


def test_what_was_seen_before_two_were_found_to_be_one_is_told_too(
    app: Flask, ana_id: int, union: World, signed_in: Callable[[str], Browser]
) -> None:
    with app.app_context():
        bo_id = member_id("34")
    signed_in("sam").get(f"/staff/members/{bo_id}")
    assert NOBODY in told(signed_in("ana")), "another member's"
    with app.app_context(), writing(alone=True) as session:
        bo, me = find_member(session, "0034"), find_member(session, "0012")
        assert bo and me
        merge_members(session, me, bo, OPERATOR, today=today(), now=now())
    assert "the union’s training staff your record" in told(signed_in("ana"))


def test_only_members_have_such_a_page(union: World, signed_in: Callable[[str], Browser]) -> None:
    for who in ("ben", "sam", "otto", "ada"):
        assert signed_in(who).get("/my/opened").status_code == 404


def test_an_opening_whose_list_is_empty_is_none(app: Flask, ana_id: int, union: World) -> None:
    with app.test_request_context("/"):
        opened([], "list", union.units["80"])
    assert entries(app) == []
    with app.app_context(), writing() as session:
        session.execute(delete(AuditEntry))
