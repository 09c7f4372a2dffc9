"""Abuse of fields: what no form asks for, and another's ids where one's own are asked for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.access.asking import SAFE, Asker, canaries_in, rules_of, where
from tracker.coverage.finding import find_member
from tracker.curriculum.words import Assurance
from tracker.intake.progress import Telling
from tracker.models import Completion, Eligibility, ExportJob, JobState, RoleGrant, User, db, writing
from tracker.operations.actor import Actor
from tracker.operations.exporting import ask_for_export

DAY = "2026-01-12"

# A form that is taken, for acts whose fields somebody would add to; what is not here is sent with nothing else.
TAKEN: dict[str, tuple[str, dict[str, Any]]] = {
    "members.log": ("member", {"course": "copilot", "completed_on": DAY}),
    "members.join": ("member", {}),
    "members.make": ("member", {"what": "transcript", "label": "For a hall", "days": "30"}),
    "account.language": ("member", {"language": "es"}),
    "account.password": (
        "member",
        {"current": "backstage-demo", "password": "three plain words", "again": "three plain words"},
    ),
    "locals.class_new": (
        "lead",
        {"course": "copilot", "held_on": DAY, "note": "Hall B", "lines": "0002", "step": "record"},
    ),
    "staff.new_completion": ("staff", {"course": "copilot", "completed_on": DAY, "note": "Seen"}),
    "admin.new_user": ("admin", {"email": "new@example.org", "role": "auditor"}),
}


@pytest.mark.parametrize("role", ["member", "lead", "viewer", "staff", "admin"])
def test_abuse_17_a_field_that_no_form_asks_for_changes_nothing(union: Asker, role: str) -> None:
    """Abuse 17: `role=`, `local_id=`, `member_id=`, `verified=`, `assurance=`, `user_id=` beside what a form asks for."""
    app, own, other = union.app, union.planted.own, union.planted.other
    extra = {
        "local_id": other.parts["number"],
        "unit_id": other.parts["number"],
        "member_id": other.parts["member_id"],
        "verified": "1",
        "is_active": "1",
        "is_admin": "1",
        "assurance": "provider",
        "user_id": other.parts["user_id"],
        "recorded_by": other.parts["user_id"],
        "password_hash": "x",
        "session_epoch": "0",
    }
    before, taken = _held(union), 0
    for (endpoint, method), rule in rules_of(app).items():
        if method == SAFE or endpoint in ("account.logout", "staff.merge", *ENDS):
            continue
        whose, fields = TAKEN.get(endpoint, (role, {}))
        if whose != role:
            continue
        role_field = {} if "role" in fields else {"role": "admin"}
        answer = union.ask(role, method, where(app, rule, own), {**extra, **role_field, **fields})
        taken += endpoint in TAKEN and answer.status in (200, 303)
        assert answer.status < 500, endpoint
    assert taken == len([each for each in TAKEN.values() if each[0] == role]), "a form was not taken at all"
    after = _held(union)
    if role == "admin":
        after["roles"] = {each for each in after["roles"] if each[0] != "new@example.org"}
    assert after == before


# What ends somebody's role or sign-in by its button alone, as it should.
ENDS = frozenset({"admin.suspend_user", "admin.new_password", "admin.end_user_role"})


def _held(union: Asker) -> dict[str, Any]:
    """What those fields name: everyone's roles, who is active, whose a sign-in is, what is surer than a claim."""
    theirs = union.planted.other.parts["member_id"]
    with union.app.app_context():
        grants = select(User.email, RoleGrant.role, RoleGrant.unit_id, RoleGrant.until_on).join(RoleGrant)
        users = select(User.email, User.member_id, User.is_active)
        surer = select(func.count()).select_from(Completion).where(Completion.assurance == Assurance.PROVIDER)
        others = select(func.count()).select_from(Completion).where(Completion.member_id == theirs)
        return {
            "roles": {tuple(row) for row in db.session.execute(grants)},
            "users": {tuple(row) for row in db.session.execute(users) if row.email != "new@example.org"},
            "provider": db.session.scalar(surer),
            "theirs": db.session.scalar(others),
        }


def test_abuse_17_a_logged_course_is_a_claim_of_ones_own(union: Asker) -> None:
    """Abuse 17: a member who would be sure of it themselves, or log it for another."""
    other, own = union.planted.other.parts["member_id"], union.planted.own.parts["member_id"]
    sent = {"course": "copilot", "completed_on": DAY, "assurance": "provider", "member_id": other, "source": "staff"}
    assert union.ask("member", "POST", "/my/completions", sent).status == 303
    with union.app.app_context():
        newest = db.session.scalars(select(Completion).order_by(Completion.id.desc()).limit(1)).one()
        assert (newest.member_id, newest.assurance.word) == (own, "claimed")


@pytest.mark.parametrize("name", ["7770002", "zqcanary1@zqcanary.example", "Lastzqcanary1"])
def test_abuse_2_a_class_of_one_s_own_local_takes_nobody_of_another(union: Asker, name: str) -> None:
    """Abuse 2: the right is checked on the local of the class, and not on whom its sheet names."""
    other = union.planted.other.parts["member_id"]
    sent = {"course": "copilot", "held_on": DAY, "note": "Hall B", "lines": f"0002\n{name}", "who": str(other)}
    for step in ("preview", "record"):
        address = "/locals/80/classes/new"
        answer = union.ask("lead", "POST", address, {**sent, "step": step})
        assert answer.status in (200, 303, 422)
        assert not canaries_in(answer, f"{address}?q={name}")
    with union.app.app_context():
        members = select(Completion.member_id).where(Completion.completed_on == DAY)
        assert set(db.session.scalars(members)) <= {_member(union, "0002")}


def test_abuse_2_a_lead_confirms_nobody_of_another_local(union: Asker) -> None:
    """Abuse 2: the local of the page is theirs, the member of the field is not."""
    other = union.planted.other.parts["member_id"]
    for field, act in (("who", "eligible"), ("all", "all-eligible"), ("who", "not-eligible")):
        answer = union.ask("lead", "POST", "/locals/80/eligibility", {field: str(other), "act": act})
        assert not canaries_in(answer, "/locals/80/eligibility")
    with union.app.app_context():
        assert db.session.scalar(select(func.count()).where(Eligibility.member_id == other)) == 0


@pytest.mark.parametrize("address", ["/reports/members.csv", "/staff/eligibility.csv", "//evil.example/x.csv", "/my/"])
def test_abuse_3_a_background_file_is_one_of_the_reports(union: Asker, address: str) -> None:
    """Abuse 3: its address is asked for by a process of its own, which would ask for anything."""
    answer = union.ask("lead", "POST", "/reports/exports", {"address": address})
    assert answer.status in (303, 400)
    if answer.status == 303:
        assert made(union, address).state is JobState.REFUSED


def test_abuse_3_a_background_file_holds_what_its_asker_may_see(union: Asker) -> None:
    """Abuse 3: a report's file is made by a process of its own, which could see more than who asked for it."""
    refused = made(union, "/reports/locals/600/members.csv")
    assert refused.state is JobState.REFUSED
    assert not list((union.app.config["SETTINGS"].instance / "exports").glob(f"{refused.id}*"))
    own = made(union, "/reports/locals/80/members.csv")
    assert own.state is JobState.RECORDED
    text = (union.app.config["SETTINGS"].instance / "exports" / f"{own.id}.csv").read_text()
    assert "Lastownlocal0" in text
    assert "zqcanary" not in text


def made(union: Asker, address: str) -> ExportJob:
    """A file that the lead asked for, as its process leaves it."""
    app, actor = union.app, Actor(union.planted.users["lead"], "local-lead", "lead@example.org")
    with app.app_context():
        with writing() as session:
            its_id = ask_for_export(session, actor, address, "csv", now=datetime.now(UTC)).id
        app.extensions["exports"](its_id, Telling(app.config["SETTINGS"].instance / "jobs", its_id))
        db.session.remove()
        return db.session.get_one(ExportJob, its_id)


def _member(union: Asker, number: str) -> int:
    found = find_member(db.session(), number)
    assert found
    return found.member_id
