"""`/admin/audit`: who did what, and when; asked by person, actor, action, batch, unit and days; and as a file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

from flask import Blueprint, Response, current_app, g, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.access.acts import ACTS, act_in_words
from tracker.access.trail import Asked, AuditLine, plain_json, trail_count, trail_document, trail_page
from tracker.coverage.chain import chain_head, waiting_count
from tracker.coverage.classes import KIND as CLASS
from tracker.coverage.directory import MemberLine, members_page
from tracker.coverage.finding import find_member, find_unit
from tracker.curriculum.words import Role, UnitKind
from tracker.language import _, mark
from tracker.models import Batch, Member, Unit, db, writing
from tracker.operations.actor import Actor
from tracker.operations.audit import audit as write_down
from tracker.operations.merging import KIND as MERGE
from tracker.operations.refused import Refused
from tracker.web import gate
from tracker.web.asked import day_of, text_of
from tracker.web.gate import audit_readers
from tracker.web.ids import row_id
from tracker.web.reports.door import MOST_ROWS, document_file, here, stop_if_long

trail = Blueprint("trail", __name__, url_prefix="/admin")

FORMS = ("csv", "xlsx")
_NAMES = ("person", "actor", "action", "batch", "unit", "from", "to")
_READERS = (Role.ADMIN, Role.AUDITOR)
_MOST_NAMES = 8

# Where an object is shown: by its kind, the page and what the page calls its id.
_PAGES = {
    "user": ("admin.user", "user_id"),
    "client": ("clients.client", "its_id"),
    "batch": ("staff.import_outcome", "batch_id"),
    "assignment_rule": ("staff.rule", "rule_id"),
    "proposal": ("staff.proposed_void", "proposal_id"),
    "import_job": ("staff.import_job", "job_id"),
}
_BATCHES = {CLASS: "staff.class_one", MERGE: "staff.merged"}


@dataclass
class Question:
    """What the address asks, as it was written and as it is understood."""

    asked: Asked = field(default_factory=Asked)
    faults: list[str] = field(default_factory=list)  # in words; with any, nothing is shown
    names: list[MemberLine] = field(default_factory=list)  # members to choose from, where a name was written
    facts: list[tuple[str, str]] = field(default_factory=list)

    @property
    def is_narrowed(self) -> bool:
        return self.asked != Asked() or bool(self.faults)


class Shown(NamedTuple):
    """An entry as the page shows it, with links to where its reader may go."""

    line: AuditLine
    act: str
    details: list[tuple[str, str]]
    object_url: str | None
    member: Member | None  # only for those who read of learning
    unit_url: str | None


@trail.get("/audit")
@audit_readers
def audit() -> str:
    session, question = db.session(), _question()
    before = request.args.get("before", type=row_id)
    with_learning = gate.reach().sees_all_units
    page = None if question.faults else trail_page(session, question.asked, before, with_learning=with_learning)
    return render_template(
        "admin/audit.html",
        question=question,
        page=page,
        lines=list(_shown(session, page.rows)) if page else [],
        acts=sorted(((code, act_in_words(code)) for code in ACTS), key=lambda each: each[1]),
        written={name: request.args.get(name, "").strip() for name in _NAMES},
        first_url=here(before=None) if before else None,
        next_url=here(before=page.next_key) if page and page.next_key else None,
        files=[(form, url_for(".audit_file", form=form, **_kept())) for form in FORMS],
        head=chain_head(session),
        waiting=waiting_count(session),
    )


@trail.get("/audit.<any(csv, xlsx):form>")
@audit_readers
def audit_file(form: str) -> Response:
    """What is filtered, as a file. Who took it, with which filter and how many rows, is written down first."""
    session, question, reach = db.session(), _question(), gate.reach()
    if question.faults:
        raise Refused("wrong_question", " ".join(question.faults))
    rows = trail_count(session, question.asked)
    if rows > MOST_ROWS and "making" not in g and not reach.sees_reports:
        raise Refused(
            "too_many_entries",
            _("These are too many entries for one file. Ask for fewer days, or have `tracker audit export` write them."),
        )
    stop_if_long(rows, form)
    document = trail_document(session, question.asked, question.facts, with_learning=reach.sees_all_units)
    user, role = gate.signed_in_user(), min((each.value for each in reach.roles if each in _READERS), default="")
    with writing() as transaction:
        write_down(
            transaction,
            Actor(user.id, role, user.email),
            "export_audit",
            object_kind="audit_entry",
            detail={"asked": question.asked.as_json(), "form": form, "rows": document.rows},
            at=datetime.now(UTC),
        )
    return document_file(document, form, "audit", gate.today().isoformat())


def _kept() -> dict[str, Any]:
    return {name: value for name in _NAMES if (value := request.args.get(name, "").strip())}


def _question() -> Question:
    session, found = db.session(), Question()
    _ask_person(session, found, text_of("person"))
    _ask_unit(session, found, text_of("unit"))
    batch = text_of("batch")
    if batch:
        try:
            found.asked = replace(found.asked, batch_id=row_id(batch))
            found.facts.append((mark("Batch"), batch))
        except ValueError:
            found.faults.append(_("A batch is asked for by its number: %(written)s is none.", written=batch))
    actor, action = text_of("actor"), text_of("action")
    since, until = day_of("from"), day_of("to")
    found.asked = replace(
        found.asked,
        actor=actor,
        action=action,
        since=_beginning(since) if since else None,
        until=_beginning(until + timedelta(days=1)) if until else None,
    )
    days = (since.isoformat() if since else "", until.isoformat() if until else "")
    facts = [(mark("Actor"), actor), (mark("Action"), action), (mark("From"), days[0]), (mark("Until"), days[1])]
    found.facts += [(name, value) for name, value in facts if value]
    return found


def _ask_person(session: Session, found: Question, written: str) -> None:
    if not written:
        return
    member = find_member(session, written)
    if member is not None:
        found.asked = replace(found.asked, member_id=member.member_id)
        found.facts.append((mark("Person"), member.number))
        return
    found.faults.append(_("No one member has the number or e-mail address %(written)s.", written=written))
    if gate.reach().sees_all_units:  # names are not for administrators
        found.names = members_page(session, written, None, gate.today()).rows[:_MOST_NAMES]


def _ask_unit(session: Session, found: Question, written: str) -> None:
    if not written:
        return
    unit = find_unit(session, written)
    if unit is None:
        found.faults.append(_("No unit is known as %(number)s.", number=written))
        return
    found.asked = replace(found.asked, unit_id=unit.id)
    found.facts.append((mark("Unit"), unit.title))


def _beginning(on: date) -> datetime:
    return datetime.combine(on, time.min, gate.settings().time_zone).astimezone(UTC)


def _shown(session: Session, lines: Iterable[AuditLine]) -> Iterable[Shown]:
    lines = list(lines)
    batches = {each.entry.object_id for each in lines if each.entry.object_kind == "batch"}
    kinds = {each.id: each.kind for each in session.execute(select(Batch.id, Batch.kind).where(Batch.id.in_(batches)))}
    members: dict[int, Member] = {}
    if _may_go("staff.member"):
        ids = {each.entry.member_id for each in lines if each.entry.member_id is not None}
        members = {each.member_id: each for each in session.scalars(select(Member).where(Member.member_id.in_(ids)))}
    for line in lines:
        yield Shown(
            line,
            act_in_words(line.entry.action),
            [(name.replace("_", " "), plain_json(value)) for name, value in line.detail.items() if value is not None],
            _object_url(line, kinds),
            members.get(line.entry.member_id or 0),
            _unit_url(line.unit),
        )


def _object_url(line: AuditLine, batch_kinds: dict[int, str]) -> str | None:
    kind, its_id = line.entry.object_kind, line.entry.object_id
    page = _PAGES.get(kind)
    if page is None or its_id is None:
        return None
    endpoint, name = page
    if kind == "batch":
        endpoint = _BATCHES.get(batch_kinds.get(its_id, ""), endpoint)
    values: dict[str, Any] = {name: its_id}
    return url_for(endpoint, **values) if _may_go(endpoint) else None


def _unit_url(unit: Unit | None) -> str | None:
    endpoint = {UnitKind.LOCAL: "reports.local", UnitKind.DISTRICT: "reports.district"}.get(unit.kind) if unit else None
    return url_for(endpoint, number=unit.number) if unit and endpoint and _may_go(endpoint) else None


def _may_go(endpoint: str) -> bool:
    """Whether the gate would let this reader in."""
    openings = getattr(current_app.view_functions[endpoint], "openings", None)
    return openings is not None and bool(openings[0](gate.reach()))
