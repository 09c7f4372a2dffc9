"""`/staff/corrections`: what members say is wrong, everywhere: with the locals, and with the training staff."""

from __future__ import annotations

from flask import render_template, request, url_for
from werkzeug.wrappers import Response

from tracker.access.leading import correction_for
from tracker.coverage.corrections import corrections_page, corrections_waiting
from tracker.coverage.finding import find_unit
from tracker.models import db
from tracker.web import gate
from tracker.web.asked import one_of, text_of
from tracker.web.gate import staff_and_auditors
from tracker.web.ids import row_id
from tracker.web.locals.corrections import answering, list_words, state_asked
from tracker.web.reports.door import here
from tracker.web.staff.door import staff


@staff.get("/corrections")
@staff_and_auditors
def corrections() -> str:
    session, state = db.session(), state_asked()
    whose, local = one_of("whose", ("staff",)), text_of("local")
    asked_of = find_unit(session, local) if local else None
    page = None
    if asked_of is not None or not local:
        page = corrections_page(
            session,
            [asked_of.id] if asked_of else None,
            state,
            with_staff=whose == "staff",
            after=request.args.get("after", type=row_id),
        )
    waiting, oldest = corrections_waiting(session, None)
    return render_template(
        "locals/corrections.html",
        unit=None,
        waiting=waiting,
        oldest=oldest,
        page=page,
        whose=whose,
        local=local,
        **list_words(state),
        address_of=lambda line: url_for(
            "staff.correction", member_id=line.correction.member_id, correction_id=line.correction.id
        ),
        first_url=here(after=None) if request.args.get("after") else None,
        next_url=here(after=page.next_key) if page and page.next_key else None,
    )


@staff.route("/corrections/<int:member_id>/<int:correction_id>", methods=["GET", "POST"])
@staff_and_auditors
def correction(member_id: int, correction_id: int) -> Response | str | tuple[str, int]:
    line = correction_for(db.session(), gate.reach(), None, member_id, correction_id)
    return answering(None, line, url_for(".corrections"))
