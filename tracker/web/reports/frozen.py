"""`/reports/frozen`: reports as they stood at one moment: those there are, freezing one, and what became of its figures."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from flask import Response, abort, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse
from wtforms import SelectField, StringField, SubmitField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs

from tracker.access.finding import unit_for
from tracker.access.former import officer
from tracker.access.reporting import path_for, printable, units_seen
from tracker.access.roles import Reach
from tracker.coverage.derivation import current_policy
from tracker.coverage.frozen.checking import Damaged, damages, frozen_file
from tracker.coverage.frozen.hiding import hidden_of
from tracker.coverage.frozen.listing import frozen_page, frozen_report, manifest_of
from tracker.coverage.frozen.pack import ARCHIVE, MANIFEST, pack_of
from tracker.coverage.frozen.reading import pack_figures
from tracker.coverage.frozen.restating import headline_changed, restatement
from tracker.coverage.frozen.touching import count_words, counts_of, touch_page, touches, touches_told
from tracker.coverage.rendering import NotRendered
from tracker.curriculum.words import Assurance, Role, UnitKind
from tracker.language import _, lazy
from tracker.models import FrozenReport, LearningPath, Unit, User, db, new_id, writing
from tracker.operations.freezing import (
    figures_to_freeze,
    frozen_folder,
    kept_pack,
    new_code,
    record_frozen,
    sweep_orphans,
)
from tracker.operations.refused import Refused
from tracker.web import gate
from tracker.web.asked import asked, text_of
from tracker.web.fields import DayField, no_longer_than
from tracker.web.forms import Form
from tracker.web.gate import opened_to, report_readers
from tracker.web.ids import row_id
from tracker.web.reports.door import here, reports

_LONGEST_TITLE = 150
_UNFINISHED = timedelta(hours=1)  # after which what a dead process left is swept

may_freeze = opened_to(lambda reach: reach.is_staff or bool(reach.locals_led))


class FreezeForm(Form):
    title = StringField(
        lazy("Title"),
        [no_longer_than(_LONGEST_TITLE)],
        description=lazy("It heads the report and its public page. No names of people."),
    )
    path = SelectField(lazy("Path"), validate_choice=False)
    as_of = DayField(lazy("As of"))
    floor = SelectField(
        lazy("Floor"),
        choices=[
            SelectChoice("claimed", lazy("claimed or surer")),
            SelectChoice("reviewed", lazy("reviewed or surer")),
            SelectChoice("provider", lazy("by provider only")),
        ],
    )
    freeze = SubmitField(lazy("Freeze this report"))


@reports.get("/frozen")
@report_readers
def frozen() -> str:
    """Those of the units the reader may see."""
    page = frozen_page(db.session(), units_seen(gate.reach()).whole, request.args.get("before", type=row_id))
    return render_template(
        "reports/frozen.html",
        page=page,
        restated=headline_changed(db.session(), [row.report for row in page.rows]),
        may_freeze=_units_to_freeze(gate.reach()),
        next_url=here(before=page.next_key) if page.next_key else None,
        first_url=here(before=None) if request.args.get("before") else None,
    )


@reports.get("/frozen/new")
@may_freeze
def freeze() -> str:
    """What would be frozen, before it is."""
    unit = _unit_to_freeze()
    question = asked()
    code = text_of("path")
    path = path_for(db.session(), code) if code else None
    about = path.title if path else _("upskilling coverage")
    called = _("%(unit)s: %(about)s", unit=unit.title, about=about)[:_LONGEST_TITLE]
    data = {"title": text_of("title") or called, "path": path.code if path else "", "as_of": question.as_of}
    form = _form(unit, data={**data, "floor": question.floor.word}, formdata=None)
    return _new_page(form, unit, path, min(question.as_of, gate.today()), question.floor)


@reports.post("/frozen/new")
@may_freeze
def freeze_it() -> tuple[str, int] | AnyResponse:
    """Freeze it, as it is at this moment."""
    unit = _unit_to_freeze()
    form = _form(unit)
    path = path_for(db.session(), form.path.data) if form.path.data else None
    if form.validate_on_submit():
        try:
            code = _freeze(form, unit, path)
        except Refused as refusal:
            form.refuse(refusal)
        except NotRendered:
            form.refuse(
                Refused("not_rendered", _("The PDF could not be made at this moment: nothing was frozen. Try again."))
            )
        else:
            flash(_("Frozen. Its files never change; what is recorded later is told beside them."), "success")
            return redirect(url_for(".frozen_one", code=code), 303)
    day = form.as_of.data if isinstance(form.as_of.data, date) else gate.today()
    floor = Assurance.from_word(form.floor.data) if form.floor.data in _FLOORS else Assurance.REVIEWED
    return _new_page(form, unit, path, min(day, gate.today()), floor), 422


@reports.get("/frozen/<code>")
@report_readers
def frozen_one(code: str) -> str:
    """One frozen report: what it holds, and what became of its figures."""
    report, unit = _found(code)
    folder = frozen_folder(gate.settings().instance)
    manifest = manifest_of(report)
    became = restatement(db.session(), report, folder)
    paths = db.session.scalars(select(LearningPath).where(LearningPath.code.in_([each.code for each in manifest.paths])))
    since = touches(db.session(), unit.id, [path.id for path in paths], as_of=report.as_of, since=report.frozen_at)
    after = request.args.get("after", default=0, type=row_id)
    page = None
    adds_up = True
    if gate.reach().may_see_names(unit.id):
        told = touches_told(db.session(), since, officer(gate.reach()))
        page, adds_up = touch_page(db.session(), told, after), len(told) == len(since)
    frozen_by = db.session.get(User, report.frozen_by) if report.frozen_by else None
    return render_template(
        "reports/frozen_one.html",
        report=report,
        unit=unit,
        manifest=manifest,
        became=became,
        counts=[count_words(*each) for each in counts_of(since)],
        page=page,
        adds_up=adds_up,
        damages=damages(folder, report),
        frozen_by=frozen_by.email if frozen_by else None,
        files=[each.name for each in manifest.files] + [MANIFEST, ARCHIVE],
        sizes={each.name: each.size for each in manifest.files},
        today=gate.today(),
        next_url=here(after=page.next_key) + "#since" if page and page.next_key else None,
        first_url=here(after=None) + "#since" if after else None,
    )


_MEDIA_TYPES = {
    "pdf": "application/pdf",
    "csv": "text/csv; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
    "json": "application/json",
    "zip": "application/zip",
}


@reports.get("/frozen/<code>/<name>")
@report_readers
def frozen_report_file(code: str, name: str) -> Response:
    """A file of it, as it was frozen, or none."""
    report = _found(code)[0]
    try:
        content = frozen_file(frozen_folder(gate.settings().instance), report, name)
    except KeyError:
        abort(404)
    except Damaged as damage:
        abort(
            410,
            _(
                "This file cannot be given out: %(damage)s. Whoever runs the tracker can bring it back from a backup.",
                damage=damage,
            ),
        )
    answer = Response(content, content_type=_MEDIA_TYPES[name.rsplit(".", 1)[-1]])
    answer.headers["Content-Disposition"] = f'attachment; filename="{report.as_of.isoformat()}-{name}"'
    return answer


_FLOORS = tuple(each.word for each in Assurance)


def _freeze(form: FreezeForm, unit: Unit, path: LearningPath | None) -> str:
    """Read under the lock, make the files outside it, record while they are kept."""
    title = (form.title.data or "").strip()
    reach = gate.reach()
    actor = gate.actor(Role.STAFF if reach.is_staff else Role.LOCAL_LEAD)
    with writing(alone=True) as session:
        figures = figures_to_freeze(
            session,
            title=title,
            unit=unit,
            path=path,
            as_of=form.as_of.day,
            floor=Assurance.from_word(form.floor.data),
            today=gate.today(),
            now=datetime.now(UTC),
        )
    code, report_id = new_code(), new_id()
    pack = pack_of(figures, title=title, code=code, body=_body(unit, reach))
    folder = frozen_folder(gate.settings().instance)
    with kept_pack(folder, report_id, pack.files), writing() as session:
        record_frozen(session, report_id, figures, pack, actor, title=title, code=code)
    sweep_orphans(folder, list(db.session.scalars(select(FrozenReport.id))), datetime.now(UTC) - _UNFINISHED)
    return code


def _body(unit: Unit, reach: Reach) -> str:
    """Which body freezes: never a person."""
    if not reach.is_staff:
        return unit.title
    whole = db.session.scalar(select(Unit).where(Unit.kind == UnitKind.INTERNATIONAL).order_by(Unit.id).limit(1))
    return _("%(union)s, training staff", union=whole.name) if whole else _("the training staff")


def _units_to_freeze(reach: Reach) -> list[Unit]:
    """The locals someone leads: where they may freeze. Staff freeze from any unit's page, and the whole union here."""
    if reach.is_staff:
        return list(db.session.scalars(select(Unit).where(Unit.kind == UnitKind.INTERNATIONAL)))
    return list(db.session.scalars(select(Unit).where(Unit.id.in_(reach.locals_led)).order_by(Unit.number)))


def _unit_to_freeze() -> Unit:
    """The unit of the address, if this person may freeze its report."""
    reach = gate.reach()
    number = request.args.get("unit", "")
    if not number:
        units = _units_to_freeze(reach)
        if not units:
            abort(404)
        return units[0]
    unit = unit_for(db.session(), reach, printable(number))
    if not reach.may_lead(unit.id):
        abort(404)
    return unit


def _found(code: str) -> tuple[FrozenReport, Unit]:
    """A frozen report of a unit whose figures the reader may see."""
    report = frozen_report(db.session(), printable(code))
    if report is None or not gate.reach().may_see_figures(report.unit_id):
        abort(404)
    unit = db.session.get(Unit, report.unit_id)
    if unit is None:
        abort(404)
    return report, unit


def _form(unit: Unit, **given: Any) -> FreezeForm:
    form = FreezeForm(**given)
    paths = db.session.scalars(select(LearningPath).order_by(LearningPath.title))
    every = SelectChoice("", _("Every path that asks anyone in %(unit)s", unit=unit.title))
    form.path.choices = [every, *(SelectChoice(each.code, each.title) for each in paths)]
    return form


def _new_page(form: FreezeForm, unit: Unit, path: LearningPath | None, day: date, floor: Assurance) -> str:
    figures = pack_figures(
        db.session(), unit, None if path is None else [path], as_of=day, floor=floor, frozen_at=datetime.now(UTC)
    )
    return render_template(
        "reports/freeze.html",
        form=form,
        unit=unit,
        figures=figures,
        hidden=hidden_of(figures),
        others=_units_to_freeze(gate.reach()),
        smallest=current_policy(db.session()).small_group,
        day=day,
        floor=floor,
    )
