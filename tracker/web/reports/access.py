"""`/reports/locals/<number>/access` and `/reports/access`: who cannot get in at the provider, and who has not done it."""

from __future__ import annotations

from flask import Response, abort, render_template, request

from tracker.access.finding import local_for
from tracker.access.hiding import access_for
from tracker.access.reporting import district_for, printable
from tracker.coverage.access_funnel import (
    AccessReport,
    PathChoice,
    PersonsAccess,
    UnitAccess,
    Who,
    locals_access,
    paths_in,
)
from tracker.coverage.access_funnel.files import access_document, people_document, step_words
from tracker.coverage.derivation import current_policy
from tracker.coverage.eligibility import Confirmed, confirmed_among, said_of
from tracker.coverage.people import MemberLine, Wanted, members_page
from tracker.curriculum.words import UnitKind
from tracker.language import _
from tracker.models import LearningPath, Unit, db
from tracker.web import gate
from tracker.web.asked import Asked, asked, one_of, text_of
from tracker.web.gate import report_readers, staff_and_auditors
from tracker.web.ids import row_id
from tracker.web.opened import opened
from tracker.web.reports.door import FORMS, document_file, file_url, here, reports, stop_if_long

_LOCALS_A_PAGE = 100
_PEOPLE_A_PAGE = 50


@reports.get("/locals/<number>/access")
@report_readers
def local_access(number: str) -> str:
    return _page(local_for(db.session(), gate.reach(), printable(number)))


@reports.get("/districts/<number>/access")
@report_readers
def district_access(number: str) -> str:
    return _page(_district(number))


@reports.get("/locals/<number>/access.<any(csv, xlsx, pdf):form>")
@report_readers
def local_access_file(number: str, form: str) -> Response:
    return _unit_file(local_for(db.session(), gate.reach(), printable(number)), form)


@reports.get("/districts/<number>/access.<any(csv, xlsx, pdf):form>")
@report_readers
def district_access_file(number: str, form: str) -> Response:
    return _unit_file(_district(number), form)


@reports.get("/locals/<number>/access/members.<any(csv, xlsx, pdf):form>")
@report_readers
def access_members_file(number: str, form: str) -> Response:
    """The people whom the page lists, all of them."""
    unit, question = local_for(db.session(), gate.reach(), printable(number)), asked()
    path = _path(paths_in(db.session(), unit, question.as_of))
    if path is None or not gate.reach().may_see_names(unit.id):
        abort(404)
    found = _access(unit, path, question)
    who = _who(found)
    stop_if_long(len(_chosen(found, who)), form)
    lines, _next = _people(found, who, unit, path, question, size=None)
    name = ("access", unit.number, path.code, who.value, question.as_of.isoformat())
    answer = document_file(people_document(lines, found.report, path, unit, who), form, *name)
    opened([line.member.member_id for line, _theirs in lines], "list", unit.id)
    return answer


@reports.get("/access")
@staff_and_auditors
def all_access() -> str:
    """Local by local, those first where most cannot get in."""
    question = asked()
    choices = paths_in(db.session(), None, question.as_of)
    path = _path(choices)
    report = _locals(path, question) if path else None
    rows = report.rows if report else ()
    start = next((place + 1 for place, row in enumerate(rows) if row.unit.number == request.args.get("after")), 0)
    shown = rows[start : start + _LOCALS_A_PAGE]
    return render_template(
        "reports/access_locals.html",
        asked=question,
        choices=choices,
        path=path,
        report=report,
        rows=shown,
        Who=Who,
        first_url=here(after=None) if start else None,
        next_url=here(after=shown[-1].unit.number) if start + _LOCALS_A_PAGE < len(rows) else None,
        files=[(form, file_url(".all_access_file", form)) for form in FORMS],
    )


@reports.get("/access.<any(csv, xlsx, pdf):form>")
@staff_and_auditors
def all_access_file(form: str) -> Response:
    question = asked()
    path = _path(paths_in(db.session(), None, question.as_of))
    if path is None:
        abort(404)
    document = access_document(_locals(path, question), path, _("Every local"))
    return document_file(document, form, "access", path.code, question.as_of.isoformat())


def _page(unit: Unit) -> str:
    question = asked()
    choices = paths_in(db.session(), unit, question.as_of)
    path = _path(choices)
    found = _access(unit, path, question) if path else None
    shows_names = unit.kind is UnitKind.LOCAL and gate.reach().may_see_names(unit.id)
    who: Who | None = None
    lines: list[tuple[MemberLine, PersonsAccess]] | None = None
    next_key = None
    if found and path and shows_names:
        who = _who(found)
        lines, next_key = _people(found, who, unit, path, question, size=_PEOPLE_A_PAGE)
    kind = unit.kind.value
    chosen = {line.member.member_id for line, _theirs in lines or ()}
    return render_template(
        "reports/access.html",
        asked=question,
        unit=unit,
        choices=choices,
        path=path,
        found=found,
        Who=Who,
        who=who,
        words=text_of("q"),
        lines=lines,
        step_words=step_words,
        said=said_of(db.session(), unit, chosen) if lines is not None else {},
        confirmed=_confirmed(found, unit) if found else None,
        two_accounts=len(found.chosen(Who.TWO_ACCOUNTS)) if found else 0,
        smallest=current_policy(db.session()).small_group,
        page_with=here,
        first_url=here(after=None) if request.args.get("after") else None,
        next_url=here(after=next_key) if next_key else None,
        files=[(form, file_url(f".{kind}_access_file", form, number=unit.number)) for form in FORMS],
        people_files=[(form, file_url(".access_members_file", form, number=unit.number)) for form in FORMS],
    )


def _confirmed(found: UnitAccess, unit: Unit) -> Confirmed:
    """Of those without an account, how many the local has confirmed; in a district, any of its locals. Of people who are
    hidden from the reader, none."""
    without = {each.person.member_id for each in found.chosen(Who.NO_ACCOUNT)}
    return confirmed_among(db.session(), without, [unit.id] if unit.kind is UnitKind.LOCAL else None)


def _unit_file(unit: Unit, form: str) -> Response:
    question = asked()
    path = _path(paths_in(db.session(), unit, question.as_of))
    if path is None:
        abort(404)
    document = access_document(_access(unit, path, question).report, path, unit.title)
    return document_file(document, form, "access", unit.number, path.code, question.as_of.isoformat())


def _district(number: str) -> Unit:
    """A district all of whose figures the reader may see: of its totals this tells too much."""
    unit = district_for(db.session(), gate.reach(), number)
    if gate.reach().totals_of(unit.id):
        abort(404)
    return unit


def _path(choices: list[PathChoice]) -> LearningPath | None:
    """The path asked for, or else the first that asks anyone here."""
    code = one_of("path", tuple(choice.path.code for choice in choices))
    if code:
        return next(choice.path for choice in choices if choice.path.code == code)
    return choices[0].path if choices else None


def _access(unit: Unit, path: LearningPath, question: Asked) -> UnitAccess:
    return access_for(
        db.session(), gate.reach(), unit, path, as_of=question.as_of, known=question.known, floor=question.floor
    )


def _locals(path: LearningPath, question: Asked) -> AccessReport:
    return locals_access(db.session(), path, as_of=question.as_of, known=question.known, floor=question.floor)


def _who(found: UnitAccess) -> Who:
    """Whom the address asks for; failing that, those who cannot get in, or who have not done it."""
    code = one_of("who", tuple(each.value for each in Who))
    if code:
        return Who(code)
    return next((each for each in (Who.CANNOT_GET_IN, Who.NOT_DONE) if found.funnel.count(each)), Who.IN_SCOPE)


def _chosen(found: UnitAccess, who: Who) -> list[PersonsAccess]:
    """Those of these people whom the address looks for."""
    wanted = Wanted(words=text_of("q"))
    return [each for each in found.chosen(who) if wanted.takes(each.person)]


def _people(
    found: UnitAccess, who: Who, unit: Unit, path: LearningPath, question: Asked, *, size: int | None
) -> tuple[list[tuple[MemberLine, PersonsAccess]], str | None]:
    """Some of these people with all there is to tell of each, and where the next page begins."""
    chosen = {each.person.member_id: each for each in _chosen(found, who)}
    page = members_page(
        db.session(),
        [each.person for each in chosen.values()],
        unit,
        path,
        day=question.as_of,
        known=question.known,
        floor=question.floor,
        after=request.args.get("after", type=row_id) if size else None,
        size=size,
    )
    return [(line, chosen[line.member.member_id]) for line in page.rows], page.next_key
