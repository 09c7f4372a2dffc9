"""`/locals/<number>/eligibility`: a local says which of its members may have an account at the provider."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response
from wtforms import StringField

from tracker.coverage.access_funnel import accounts_known
from tracker.coverage.eligibility import EligibleLine, LocalEligibility, local_eligibility
from tracker.coverage.people_of_local import some_of
from tracker.language import _, lazy, ngettext
from tracker.models import Unit, db, writing
from tracker.operations.eligibility import LONGEST_NOTE, say_eligible
from tracker.operations.own_record import own_members
from tracker.operations.refused import Refused
from tracker.web import gate
from tracker.web.asked import one_of, text_of
from tracker.web.forms import Form
from tracker.web.ids import row_id
from tracker.web.locals.door import acting, led, local_leads, locals_
from tracker.web.reports.door import here

_SHOWN = ("waiting", "eligible", "not-eligible")


class EligibilityForm(Form):
    """What is said of those who are ticked, or of everyone on the page. They come beside it, as ``who`` and ``all``."""

    note = StringField(
        lazy("Why not (only where somebody may not have one)"),
        description=lazy("A few words for the training staff. No health details."),
        render_kw={"autocomplete": "off", "maxlength": LONGEST_NOTE, "dir": "auto"},
    )


@locals_.route("/<number>/eligibility", methods=["GET", "POST"])
@local_leads
def eligibility(number: str) -> Response | str | tuple[str, int]:
    unit = led(number)
    form = EligibilityForm()
    if form.validate_on_submit():
        try:
            said = _say(unit, form)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash(said, "success")
            return redirect(url_for(".eligibility", number=unit.number, **_kept()), 303)
    page = _page(unit, form)
    return (page, 422) if form.is_submitted() else page


def _say(unit: Unit, form: EligibilityForm) -> str:
    """Say it; what to say of that."""
    act = request.form.get("act", "")
    members = _members("all" if act == "all-eligible" else "who")
    is_eligible = act != "not-eligible"
    with writing() as session:
        done = say_eligible(
            session,
            unit,
            members,
            is_eligible=is_eligible,
            note="" if is_eligible else form.note.data or "",
            actor=acting(unit),
            today=gate.today(),
            now=datetime.now(UTC),
        )
    if not done.said:
        return _("That was said already: nothing changed.")
    if is_eligible:
        return ngettext(
            "%(n)s member may have an account. The training staff invite them.",
            "%(n)s members may have an account. The training staff invite them.",
            done.said,
        )
    return ngettext("%(n)s member may not have an account.", "%(n)s members may not have an account.", done.said)


def _members(name: str) -> set[int]:
    found = set()
    for each in request.form.getlist(name):
        try:
            found.add(row_id(each))
        except ValueError:
            continue
    return found


def _kept() -> dict[str, Any]:
    """Where on the list one was."""
    return {name: request.args[name] for name in ("show", "q") if request.args.get(name)}


def _page(unit: Unit, form: EligibilityForm) -> str:
    session = db.session()
    found = local_eligibility(session, unit, gate.today())
    show = one_of("show", _SHOWN) or _SHOWN[0]
    lines = {line.person.member_id: line for line in _shown(found, show)}
    after = request.args.get("after", type=row_id)
    page = some_of((line.person for line in lines.values()), text_of("q"), after)
    may_say = gate.reach().may_lead(unit.id)
    own = own_members(session, acting(unit)) if may_say else frozenset()
    return render_template(
        "locals/eligibility.html",
        form=form,
        unit=unit,
        found=found,
        show=show,
        words=text_of("q"),
        lines=[lines[each.member_id] for each in page.rows],
        ticked=_members("who") if form.is_submitted() else set(),
        may_say=may_say,
        own=own,
        others=sum(each.member_id not in own for each in page.rows),
        listed_at=accounts_known(session).listed_at,
        page_with=here,
        first_url=here(after=None) if after else None,
        next_url=here(after=page.next_key) if page.next_key else None,
    )


def _shown(found: LocalEligibility, show: str) -> list[EligibleLine]:
    return {"waiting": found.waiting, "eligible": found.eligible, "not-eligible": found.not_eligible}[show]
