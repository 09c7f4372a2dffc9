"""`/reports/second-cards`: by name, why the locals add up to more than the people of the unit above them."""

from __future__ import annotations

from flask import Response, abort, render_template, request
from sqlalchemy import select

from tracker.access.finding import unit_for
from tracker.access.reporting import path_for, printable
from tracker.coverage.second_cards import SecondCards, second_cards, second_cards_document, second_cards_page
from tracker.curriculum.words import UnitKind
from tracker.models import Craft, Unit, db
from tracker.web import gate
from tracker.web.asked import Asked, asked
from tracker.web.gate import staff_and_auditors
from tracker.web.ids import row_id
from tracker.web.opened import opened
from tracker.web.reports.door import FORMS, document_file, file_url, here, reports
from tracker.web.reports.filters import craft_asked


@reports.get("/second-cards", endpoint="second_cards")
@staff_and_auditors
def several_locals() -> str:
    question = asked()
    found = _found(question)
    after = request.args.get("after", type=row_id)
    page = second_cards_page(db.session(), found, after)
    return render_template(
        "reports/second_cards.html",
        asked=question,
        found=found,
        page=page,
        first_url=here(after=None) if after else None,
        next_url=here(after=page.next_key) if page.next_key else None,
        files=[(form, file_url(".second_cards_file", form)) for form in FORMS],
    )


@reports.get("/second-cards.<any(csv, xlsx, pdf):form>")
@staff_and_auditors
def second_cards_file(form: str) -> Response:
    question = asked()
    found = _found(question)
    rows = second_cards_page(db.session(), found, size=None).rows
    name = ("second-cards", found.unit.number, found.path.code, found.as_of.isoformat())
    answer = document_file(second_cards_document(found, rows, question.floor), form, *name)
    opened([row.member.member_id for row in rows], "list", found.unit.id)
    return answer


def _found(question: Asked) -> SecondCards:
    session = db.session()
    crafts = list(session.scalars(select(Craft).order_by(Craft.key)))
    path = path_for(session, request.args.get("path", ""))
    return second_cards(session, _unit(), path, as_of=question.as_of, known=question.known, craft=craft_asked(crafts))


def _unit() -> Unit:
    """The unit asked for; by default the whole union. A local has no locals under it to add up."""
    session = db.session()
    number = request.args.get("unit", "")
    unit = (
        unit_for(session, gate.reach(), printable(number))
        if number
        else session.scalar(select(Unit).where(Unit.parent_id.is_(None)).limit(1))
    )
    if unit is None or unit.kind is UnitKind.LOCAL:
        abort(404)
    return unit
