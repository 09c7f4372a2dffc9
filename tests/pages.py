"""Every page there is, as the application itself lists them, with something to stand in each address.

What is here is shared by the tests that read every page: in a language that nobody speaks (tests/web), and in a real browser
(tests/browser). A new page is read by itself; a new kind of address gets its sample in `samples_of`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from tracker.coverage.classes import KIND as CLASS
from tracker.curriculum.words import Assurance, Outcome
from tracker.models import (
    ApiClient,
    Assignment,
    AssignmentRule,
    Batch,
    Completion,
    Correction,
    Evidence,
    ExportJob,
    FrozenReport,
    HeldChange,
    ImportJob,
    JobState,
    Proof,
    Proposal,
    RoleGrant,
    WaitingCompletion,
    db,
)
from tracker.operations.merging import KIND as MERGE

# No pages: files, pictures, and what the server says to whoever watches it.
_FILES = ("_file", "_qr", "_script", "_fetched", "health.")
_API = "api_v1."  # JSON, but for its one page


@dataclass(frozen=True)
class Those:
    """Who and what of a union the addresses name."""

    member_id: int
    user_id: int  # whose roles an administrator looks at
    number: str  # of a local
    district: str
    path: str
    course: str
    more: dict[str, dict[str, Any]] = field(default_factory=dict)  # by page: what no table holds, a token or a trial
    queries: dict[str, list[str]] = field(default_factory=dict)  # by page: what it is asked, where it is asked anything


Samples = Callable[[Rule], dict[str, Any]]


def pages_of(app: Flask) -> list[Rule]:
    """Every address that may answer with a page."""
    return [
        rule
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and "static" not in rule.endpoint and "form" not in rule.arguments
        if not any(each in rule.endpoint for each in _FILES)
        if not rule.endpoint.startswith(_API) or rule.endpoint == "api_v1.page"
    ]


def address_of(app: Flask, rule: Rule, values: dict[str, Any]) -> str:
    """Where a page is, with these in its address."""
    with app.test_request_context():
        address: str = app.url_map.bind("localhost").build(rule.endpoint, values)
        return address


def samples_of(app: Flask, those: Those) -> Samples:
    """What stands in an address for each of its parts, by the page's name or else by the part's own.

    Where the union holds nothing of a kind, 1 stands for it, which is not there.
    """
    with app.app_context():
        session = db.session()
        by_part = _by_part(session, those)
        by_page = {**_by_page(session, those), **those.more}

    def values(rule: Rule) -> dict[str, Any]:
        mine = by_page.get(rule.endpoint, {})
        return {part: mine.get(part, by_part.get(part, 1)) for part in rule.arguments}

    return values


def _first(session: Session, column: Any, *where: ColumnElement[bool]) -> Any:
    return session.scalar(select(column).where(*where).order_by(column).limit(1)) or 1


def _by_part(session: Session, those: Those) -> dict[str, Any]:
    mine = Completion.member_id == those.member_id
    return {
        "number": those.number,
        "code": those.path,
        "path_code": those.path,
        "name": "trend",
        "member_id": those.member_id,
        "user_id": those.user_id,
        "grant_id": _first(session, RoleGrant.id, RoleGrant.user_id == those.user_id),
        "rule_id": _first(session, AssignmentRule.id, AssignmentRule.undone_at.is_(None)),
        "assignment_id": _asked_by_name(session, those.member_id),
        "completion_id": _first(session, Completion.id, mine, Completion.voided_at.is_(None)),
        "batch_id": _first(session, Batch.id, Batch.kind.not_in([CLASS, MERGE])),
        "decision": "accept",
        "topic": "figures",
        "token": "x",
    }


def _by_page(session: Session, those: Those) -> dict[str, dict[str, Any]]:
    district, course = {"number": those.district}, {"code": those.course}
    frozen, client = {"code": _first(session, FrozenReport.code)}, {"its_id": _first(session, ApiClient.id)}
    a_class = {"batch_id": _first(session, Batch.id, Batch.kind == CLASS)}
    correction = {"correction_id": _first(session, Correction.id, Correction.member_id == those.member_id)}
    trial = {"job_id": _first(session, ImportJob.id, ImportJob.state == JobState.PREVIEWED)}
    unknown = (Outcome.UNKNOWN_COURSE, WaitingCompletion.reason)
    return {
        "reports.district": district,
        "reports.district_access": district,
        "reports.district_push": district,
        "reports.frozen_one": frozen,
        "checking.frozen_public": frozen,
        "reports.export": {"its_id": _first(session, ExportJob.id)},
        "clients.client": client,
        "clients.revoke": client,
        "staff.course": course,
        "staff.unfinished_people": course,
        "members.one_proof": {"its_id": _first(session, Proof.id, Proof.member_id == those.member_id)},
        "proofs.proof": {"code": _first(session, Proof.code)},
        "locals.class_one": a_class,
        "locals.class_undo": a_class,
        "staff.class_one": a_class,
        "staff.class_undo": a_class,
        "locals.correction": correction,
        "staff.correction": correction,
        "staff.merged": {"batch_id": _first(session, Batch.id, Batch.kind == MERGE)},
        "staff.review": {"completion_id": _claim_of(session, those.member_id)},
        "members.proof": {"completion_id": _claim_of(session, those.member_id)},
        "staff.desk_course": {"waiting_id": _first(session, WaitingCompletion.id, unknown[1] == unknown[0])},
        "staff.desk_learner": {"waiting_id": _first(session, WaitingCompletion.id, unknown[1] == Outcome.UNMATCHED)},
        "staff.decide": {"held_id": _first(session, HeldChange.id, HeldChange.decided_at.is_(None))},
        "staff.import_columns": {"job_id": _first(session, ImportJob.id, ImportJob.state == JobState.ASKING)},
        "staff.import_job": trial,
        "staff.import_rows": trial,
        "staff.proposed_void": {"proposal_id": _first(session, Proposal.id)},
        "evidence.read": {
            "evidence_id": _first(session, Evidence.id, Evidence.member_id == those.member_id, Evidence.sha256.is_not(None))
        },
    }


def _claim_of(session: Session, member_id: int) -> int:
    """The newest claim of a member that still waits."""
    claim: int | None = session.scalar(
        select(Completion.id)
        .where(
            Completion.member_id == member_id,
            Completion.assurance == Assurance.CLAIMED,
            Completion.voided_at.is_(None),
        )
        .order_by(Completion.completed_on.desc())
        .limit(1)
    )
    return claim or 1


def _asked_by_name(session: Session, member_id: int) -> int:
    """An assignment of a member: one that no rule made, if there is one."""
    mine = select(Assignment.id).where(Assignment.member_id == member_id, Assignment.voided_at.is_(None))
    return session.scalar(mine.where(Assignment.rule_id.is_(None))) or session.scalar(mine.limit(1)) or 1
