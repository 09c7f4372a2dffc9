"""Two locals in two districts, each with one of everything: the readers' own, and another whose every word is unmistakable.

Of the members of Local 600 each name, number, address and note holds one of :data:`CANARIES`: wherever one shows in an
answer to a reader of Local 80, something leaks.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from tests.operations.conftest import Desk
from tracker.coverage.catalogue import find_course
from tracker.coverage.corrections import subject_of
from tracker.coverage.finding import find_member, find_unit
from tracker.coverage.frozen.pack import pack_of
from tracker.coverage.voiding import VoidQuestion
from tracker.curriculum.words import Assurance, Outcome, Role
from tracker.models import (
    About,
    Assignment,
    AssignmentRule,
    Batch,
    Completion,
    Correction,
    Evidence,
    HeldChange,
    ImportJob,
    JobState,
    Membership,
    RoleGrant,
    WaitingCompletion,
    new_id,
)
from tracker.operations.accounts import add_user
from tracker.operations.actor import OPERATOR, Actor
from tracker.operations.classes import HeldClass, record_class
from tracker.operations.clients import add_client
from tracker.operations.corrections import ask_correction
from tracker.operations.evidence import evidence_folder, keep_file
from tracker.operations.exporting import ask_for_export, finish_export
from tracker.operations.freezing import figures_to_freeze, frozen_folder, kept_pack, new_code, record_frozen
from tracker.operations.held import Hold, hold_changes
from tracker.operations.passwords import password_hash
from tracker.operations.proofs import make_proof
from tracker.operations.voiding import propose_void

PASSWORD = "backstage-demo"
PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
# As patterns: a number is one only where it stands by itself, for the digits of an id or a token may hold it by chance.
CANARIES = (rb"zqcanary", rb"(?<![0-9A-Za-z_-])77700\d\d(?![0-9A-Za-z_-])")
UNITS = """number,name,kind,parent,city,region,country,sector,time_zone
IA,International,international,,,,,,America/New_York
D2,District 2,district,IA,,,US,,America/Los_Angeles
D9,District 9,district,IA,,,US,,America/Chicago
80,Studio Grips,local,D2,Burbank,CA,US,Motion Picture & TV production,America/Los_Angeles
600,Photographers,local,D9,Chicago,IL,US,Motion Picture & TV production,America/Chicago
"""
PATH, COURSE = "set-safety", "osha-10"
_HASH = password_hash(PASSWORD, "")

# Who reads, by the name they sign in with; all but the staff, the auditor and the administrator belong to Local 80.
READERS = {
    "noor": None,
    "member": (Role.MEMBER, "80"),
    "viewer": (Role.LOCAL_VIEWER, "80"),
    "lead": (Role.LOCAL_LEAD, "80"),
    "district": (Role.DISTRICT_VIEWER, "D2"),
    "staff": (Role.STAFF, None),
    "auditor": (Role.AUDITOR, None),
    "admin": (Role.ADMIN, None),
}


@dataclass(frozen=True)
class Side:
    """One local with its people, and what there is of each kind, as addresses name it."""

    parts: dict[str, Any]  # by part of an address
    pages: dict[str, dict[str, Any]] = field(default_factory=dict)  # by page: where a part means another thing
    query: dict[str, Any] = field(default_factory=dict)  # what stands in queries

    def values(self, rule: Rule) -> dict[str, Any]:
        """What stands in each part of this address; 1 where there is nothing of the kind."""
        mine = self.pages.get(rule.endpoint, {})
        return {part: mine.get(part, self.parts.get(part, 1)) for part in rule.arguments}


@dataclass(frozen=True)
class _Plan:
    number: str
    district: str
    key: str  # stands in every text of this side
    first_number: int
    zeros: int  # as the roster writes numbers

    @property
    def members(self) -> list[str]:
        """The numbers of its members: as many as a figure needs to be shown."""
        return [f"{self.first_number + place:0{self.zeros}d}" for place in range(6)]


_OWN = _Plan("80", "D2", "ownlocal", 1, 4)
_OTHER = _Plan("600", "D9", "zqcanary", 7770001, 7)


@dataclass(frozen=True)
class Planted:
    """The whole union, and who is who in it."""

    desk: Desk
    own: Side
    other: Side
    users: dict[str, int]


def plant(app: Flask, today: date) -> Planted:
    """Make both sides alike, through the operations themselves."""
    desk = Desk(app, today)
    desk.units(UNITS)
    desk.catalogue()
    for plan in (_OWN, _OTHER):
        desk.roster("".join(_row(plan, place) for place in range(6)))
    desk.assign(PATH, everyone=True, on=today - timedelta(days=200), due_on=today - timedelta(days=20))
    users = _readers(desk)
    staff = Actor(users["staff"], Role.STAFF.value, "staff@example.org")
    with desk.write() as session:
        add_client(session, "Learning platform", staff, now=desk.now)
    own = _side(desk, _OWN, staff, users["lead"])
    other = _side(desk, _OTHER, staff, _second_lead(desk))
    return Planted(desk, own, other, users)


def _row(plan: _Plan, place: int) -> str:
    number, key = plan.members[place], f"{plan.key}{place}"
    return f"{number},First{key},Last{key},{key}@{plan.key}.example,{plan.number},grip,active,member,2019-03-01,,yes\n"


def _readers(desk: Desk) -> dict[str, int]:
    found = {}
    with desk.write() as session:
        for name, held in READERS.items():
            role, unit = held or (Role.STAFF, None)
            member = find_member(session, "0001") if role is Role.MEMBER else None
            where = find_unit(session, unit) if unit and member is None else None
            its_id = member.member_id if member else None
            user = add_user(session, f"{name}@example.org", role, where, its_id, OPERATOR, date(2020, 1, 1))
            user.password_hash = _HASH
            if held is None:
                user.grants[0].until_on = date(2020, 6, 1)
            found[name] = user.id
    return found


def _second_lead(desk: Desk) -> int:
    """Who looks after the other local, and one of its members who signs in."""
    with desk.write() as session:
        member = find_member(session, _OTHER.members[0])
        assert member
        address = "zqcanary0@zqcanary.example"
        add_user(session, address, Role.MEMBER, None, member.member_id, OPERATOR, date(2020, 1, 1))
        where = find_unit(session, _OTHER.number)
        lead = add_user(session, "lead@zqcanary.example", Role.LOCAL_LEAD, where, None, OPERATOR, date(2020, 1, 1))
        lead.password_hash = _HASH
        return lead.id


def _side(desk: Desk, plan: _Plan, staff: Actor, lead_id: int) -> Side:
    first, second, third, *_rest = plan.members
    lead = Actor(lead_id, Role.LOCAL_LEAD.value, f"lead of {plan.key}")
    day = desk.today - timedelta(days=10)
    folder = evidence_folder(desk.app.config["SETTINGS"].instance)
    desk.log(first, COURSE, day, Assurance.REVIEWED, actor=staff)
    desk.log(first, "fall-protection", day, file=keep_file(folder, io.BytesIO(PDF + plan.key.encode()), f"{plan.key}.pdf"))
    desk.log(second, COURSE, day, Assurance.PROVIDER, actor=staff)
    desk.assign("ai-hours", members=[first], kind="recommended")
    desk.assign("ai-fundamentals", units=[plan.number])
    desk.exempt(third, PATH, day)
    desk.completions(
        f"{first},,no-such-{plan.key},2026-01-05,provider,,x{plan.key}\n"
        f",nobody@{plan.key}.example,{COURSE},2026-01-05,provider,,y{plan.key}\n"
    )
    with desk.write() as session:
        unit, course, member = find_unit(session, plan.number), find_course(session, COURSE), find_member(session, first)
        assert unit
        assert course
        assert member
        held = HeldClass(unit, course, day, f"Hall of {plan.key}", (), [third, f"Illegible {plan.key}"], None)
        a_class = record_class(session, held, lead, today=desk.today, now=desk.now).batch_id
        card = _newest(session, Membership.id, Membership.member_id == member.member_id)
        subject = subject_of(session, member, About.CARD, card, desk.today)
        assert subject
        ask_correction(session, member, subject, f"My craft is {plan.key}.", lead, now=desk.now)
        proof = make_proof(
            session,
            member,
            path=None,
            label=f"For {plan.key}",
            days=30,
            with_locals=True,
            language="en",
            actor=Actor(None, Role.MEMBER.value, plan.key),
            today=desk.today,
            now=desk.now,
        )
        roster = _newest(session, Batch.id, Batch.kind == "roster")
        change = Hold(member.member_id, 2, "email", f"{plan.key}0@{plan.key}.example", f"new@{plan.key}.example", ())
        hold_changes(session, [change], roster, desk.now)
        address = f"/reports/locals/{plan.number}/members.csv"
        export = ask_for_export(session, lead, address, "csv", now=desk.now)
        kept = {"reach": {"roles": ["local-lead"]}, "bytes": 10, "language": "en"}
        _keep_export(desk, export.id, plan.key)
        assert finish_export(session, export.id, f"{plan.key}.csv", 3, kept, lead, now=desk.now)
        question = VoidQuestion(course_id=course.id, unit_id=unit.id)
        proposal = propose_void(session, question, f"Wrong in {plan.key}", staff, desk.now)
        job = _import_job(session, plan.key, desk)
        client = add_client(session, f"Program of {plan.key}", staff, now=desk.now).client
        session.flush()
        mine = Completion.member_id == member.member_id
        claim = _newest(session, Completion.id, mine, Completion.assurance == Assurance.CLAIMED)
        batch = _newest(session, Batch.id, Batch.kind == "completions")
        waiting = {
            reason: _newest(
                session, WaitingCompletion.id, WaitingCompletion.batch_id == batch, WaitingCompletion.reason == reason
            )
            for reason in (Outcome.UNMATCHED, Outcome.UNKNOWN_COURSE)
        }
        parts = {
            "number": plan.number,
            "code": PATH,
            "path_code": PATH,
            "name": "trend",
            "form": "csv",
            "member_id": member.member_id,
            "user_id": lead_id,
            "grant_id": _newest(session, RoleGrant.id, RoleGrant.user_id == lead_id),
            "rule_id": _newest(session, AssignmentRule.id, AssignmentRule.unit_id == unit.id),
            "assignment_id": _newest(
                session, Assignment.id, Assignment.member_id == member.member_id, Assignment.kind == "recommended"
            ),
            "completion_id": claim,
            "batch_id": batch,
            "waiting_id": waiting[Outcome.UNMATCHED],
            "held_id": _newest(session, HeldChange.id, HeldChange.member_id == member.member_id),
            "proposal_id": proposal.id,
            "job_id": job,
            "evidence_id": _newest(session, Evidence.id, Evidence.member_id == member.member_id),
            "correction_id": _newest(session, Correction.id, Correction.member_id == member.member_id),
            "its_id": proof.id,
            "topic": "figures",
            "token": "x",
            "act": "confirm",
            "decision": "accept",
            "content_hash": "x",
            "filename": "tracker.css",
            "client_id": client.id,
        }
        pages: dict[str, dict[str, Any]] = {name: {"batch_id": a_class} for name in CLASS_PAGES}
        pages |= {name: {"waiting_id": waiting[Outcome.UNKNOWN_COURSE]} for name in UNKNOWN_COURSE_PAGES}
        pages |= {name: {"its_id": export.id} for name in EXPORT_PAGES}
        pages |= {name: {"its_id": client.id} for name in CLIENT_PAGES}
        pages |= {name: {"number": plan.district} for name in DISTRICT_PAGES}
        pages |= {name: {"code": COURSE} for name in COURSE_PAGES}
        everyone = _newest(session, AssignmentRule.id, AssignmentRule.due_on.is_not(None))
        pages |= {name: {"rule_id": everyone} for name in ("staff.due_of_rule", "staff.decide_due")}
        pages["proofs.proof"] = {"code": proof.code}
        pages["bootstrap.static"] = {"filename": "css/bootstrap.min.css"}
        query = {
            "unit": plan.number,
            "district": plan.district,
            "card": card,
            "member": member.member_id,
            "name": plan.key,
            "batch": batch,
        }
    code = _frozen(desk, plan, staff)
    pages |= {name: {"code": code, "name": "manifest.json"} for name in FROZEN_PAGES}
    return Side(parts, pages, query)


CLASS_PAGES = ("locals.class_one", "locals.class_undo", "staff.class_one", "staff.class_undo")
UNKNOWN_COURSE_PAGES = ("staff.desk_course", "staff.ignore_reported", "staff.map_reported")
EXPORT_PAGES = ("reports.export", "reports.export_again", "reports.drop_one_export", "reports.export_fetched")
CLIENT_PAGES = ("clients.client", "clients.revoke")
DISTRICT_PAGES = tuple(f"reports.district{each}" for each in ("", "_access", "_push", "_file", "_access_file", "_push_file"))
COURSE_PAGES = ("staff.course", "staff.unfinished_people")
FROZEN_PAGES = ("reports.frozen_one", "reports.frozen_report_file", "checking.frozen_public", "checking.check_file")


def _newest(session: Session, column: Any, *where: ColumnElement[bool]) -> Any:
    found = session.scalar(select(column).where(*where).order_by(column.desc()).limit(1))
    assert found is not None, f"nothing of {column}"
    return found


def _keep_export(desk: Desk, its_id: int, key: str) -> None:
    """The file of an export, as its process leaves it."""
    folder = desk.app.config["SETTINGS"].instance / "exports"
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / f"{its_id}.csv").write_text(f"name\n{key}\n")


def _import_job(session: Session, key: str, desk: Desk) -> int:
    """A file that was refused."""
    job = ImportJob(
        id=new_id(),
        kind="completions",
        file_name=f"{key}.csv",
        sha256="0" * 64,
        options={},
        state=JobState.REFUSED,
        result=None,
        message="It has no rows.",
        batch_id=None,
        requested_at=desk.now,
        requested_by=None,
        changed_at=desk.now,
    )
    session.add(job)
    return job.id


def _frozen(desk: Desk, plan: _Plan, staff: Actor) -> str:
    code, report_id, title = new_code(), new_id(), f"Quarter of {plan.key}"
    with desk.write() as session:
        unit = find_unit(session, plan.number)
        assert unit
        figures = figures_to_freeze(
            session,
            title=title,
            unit=unit,
            path=None,
            as_of=desk.today,
            floor=Assurance.REVIEWED,
            today=desk.today,
            now=desk.now,
        )
        pack = pack_of(figures, title=title, code=code, body="the training staff")
        folder = frozen_folder(desk.app.config["SETTINGS"].instance)
        with kept_pack(folder, report_id, pack.files):
            record_frozen(session, report_id, figures, pack, staff, title=title, code=code)
    return code
