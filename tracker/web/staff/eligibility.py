"""`/staff/eligibility`: whom locals have confirmed and nobody has invited yet, and the file that invites them."""

from __future__ import annotations

from flask import Response, render_template, request
from sqlalchemy import select

from tracker.coverage.derivation import current_policy
from tracker.coverage.eligibility import uninvited_ids, uninvited_page
from tracker.coverage.users_file import HEADINGS, UsersFile, users_csv, users_file
from tracker.models import Unit, db
from tracker.web import gate
from tracker.web.gate import staff_and_auditors
from tracker.web.ids import row_id
from tracker.web.opened import opened
from tracker.web.reports.door import download, here
from tracker.web.staff.door import staff


@staff.get("/eligibility")
@staff_and_auditors
def eligibility() -> str:
    after = request.args.get("after", type=row_id)
    page = uninvited_page(db.session(), gate.today(), after)
    found = _file(uninvited_ids(db.session(), gate.today()))
    return render_template(
        "locals/uninvited.html",
        page=page,
        found=found,
        first_url=here(after=None) if after else None,
        next_url=here(after=page.next_key) if page.next_key else None,
    )


@staff.get("/eligibility.csv")
@staff_and_auditors
def eligibility_file() -> Response:
    """The file for the provider: only those whom a local has confirmed, and who have no account yet."""
    ids = uninvited_ids(db.session(), gate.today())
    content = users_csv(_file(ids), HEADINGS)
    opened(sorted(ids), "list")
    return download(content, "csv", "users-to-invite", gate.today().isoformat())


def _file(ids: set[int]) -> UsersFile:
    session = db.session()
    units = [session.scalars(select(Unit).where(Unit.parent_id.is_(None)).limit(1)).one()] if ids else []
    return users_file(session, units, gate.today(), current_policy(session), only=ids)
