"""`/staff/policy` and `/staff/catalogue`: the rules in force as people can read them, and what changed when."""

from __future__ import annotations

from flask import render_template, request
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from tracker.coverage.applied_texts import applied_page, text_in_force
from tracker.coverage.derivation import current_policy
from tracker.coverage.priorities import crafts_on_no_card
from tracker.curriculum.keys import craft_key
from tracker.models import LearningPath, db
from tracker.web.gate import staff_and_auditors
from tracker.web.ids import row_id
from tracker.web.staff.door import staff
from tracker.web.staff.trying import TryForm


@staff.get("/policy")
@staff_and_auditors
def policy() -> str:
    """How the union counts, and what it states about exposure."""
    found = current_policy(db.session())
    known = found.exposure.exposures()
    return render_template(
        "staff/policy.html",
        policy=found,
        exposures=[(name, known[key]) for name in found.exposure.named_crafts if (key := craft_key(name)) in known],
        on_no_card=crafts_on_no_card(db.session(), found.exposure),
        text=text_in_force(db.session(), "policy"),
        page=applied_page(db.session(), "policy", request.args.get("before", type=row_id)),
    )


@staff.get("/catalogue")
@staff_and_auditors
def catalogue() -> str:
    """The paths and their versions, and where a change is tried out."""
    return catalogue_page(TryForm(formdata=None))


def catalogue_page(form: TryForm) -> str:
    """The page, with a form as it was filled."""
    session = db.session()
    paths = select(LearningPath).options(selectinload(LearningPath.versions)).order_by(LearningPath.title)
    return render_template(
        "staff/catalogue.html",
        form=form,
        paths=session.scalars(paths).all(),
        text=text_in_force(session, "catalogue"),
        page=applied_page(session, "catalogue", request.args.get("before", type=row_id)),
    )
