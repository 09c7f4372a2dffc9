"""`/reports/locals/<number>` and `/reports/districts/<n>`: one unit's figures, why so many, and its members' states."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, abort, render_template, request

from tracker.access.finding import local_for
from tracker.access.reporting import district_for, printable, units_seen
from tracker.coverage.call_list import call_list_csv, call_list_workbook
from tracker.coverage.derivation import current_policy
from tracker.coverage.local import Denominator, LocalCoverage, PathLine, denominator_of, local_coverage
from tracker.coverage.people import COUNTED_STATES, MembersByState, Wanted, by_state, members_page, people_here
from tracker.curriculum.states import State
from tracker.curriculum.words import UnitKind
from tracker.models import LearningPath, Unit, db
from tracker.web import gate
from tracker.web.asked import Asked, asked, one_of, text_of
from tracker.web.gate import report_readers
from tracker.web.ids import row_id
from tracker.web.reports.door import FORMS, download, file_url, here, report_file, reports


@dataclass(frozen=True)
class OnPath:
    """The unit on one path: whom the figure counts, and where they stand."""

    line: PathLine
    denominator: Denominator
    members: MembersByState
    wanted: Wanted


@reports.get("/locals/<number>")
@report_readers
def local(number: str) -> str:
    return _page(local_for(db.session(), gate.reach(), printable(number)))


@reports.get("/districts/<number>")
@report_readers
def district(number: str) -> str:
    return _page(district_for(db.session(), gate.reach(), number))


@reports.get("/locals/<number>.csv", defaults={"form": "csv"})
@reports.get("/locals/<number>.xlsx", defaults={"form": "xlsx"})
@report_readers
def local_file(number: str, form: str) -> Response:
    return _file(local_for(db.session(), gate.reach(), printable(number)), form)


@reports.get("/districts/<number>.csv", defaults={"form": "csv"})
@reports.get("/districts/<number>.xlsx", defaults={"form": "xlsx"})
@report_readers
def district_file(number: str, form: str) -> Response:
    return _file(district_for(db.session(), gate.reach(), number), form)


@reports.get("/locals/<number>/members.csv", defaults={"form": "csv"})
@reports.get("/locals/<number>/members.xlsx", defaults={"form": "xlsx"})
@report_readers
def members_file(number: str, form: str) -> Response:
    """The members that the page shows, all of them: whom to call."""
    unit = local_for(db.session(), gate.reach(), printable(number))
    question = asked()
    coverage = _coverage(unit, question)
    path = _path(coverage)
    if path is None or not gate.reach().may_see_names(unit.id):
        abort(404)
    on_path = _on_path(coverage, path, question)
    listed = members_page(
        db.session(),
        on_path.members.people,
        unit,
        path,
        day=question.as_of,
        known=question.known,
        floor=question.floor,
        size=None,
    )
    write = call_list_csv if form == "csv" else call_list_workbook
    return download(write(listed.rows), form, "members", unit.number, path.code, question.as_of.isoformat())


def _page(unit: Unit) -> str:
    question = asked()
    coverage = _coverage(unit, question)
    path = None if gate.reach().totals_of(unit.id) else _path(coverage)
    on_path = _on_path(coverage, path, question) if path else None
    shows_names = unit.kind is UnitKind.LOCAL and gate.reach().may_see_names(unit.id)
    page = None
    if on_path and path and shows_names:
        page = members_page(
            db.session(),
            on_path.members.people,
            unit,
            path,
            day=question.as_of,
            known=question.known,
            floor=question.floor,
            after=on_path.wanted.after,
        )
    kind = unit.kind.value
    return render_template(
        "reports/unit.html",
        asked=question,
        unit=unit,
        coverage=coverage,
        path=path,
        on_path=on_path,
        page=page,
        states=COUNTED_STATES,
        is_total=gate.reach().totals_of(unit.id),
        page_with=here,
        first_url=here(after=None) if on_path and on_path.wanted.after else None,
        next_url=here(after=page.next_key) if page and page.next_key else None,
        files=[(form, file_url(f".{kind}_file", form, number=unit.number)) for form in FORMS],
        call_files=[(form, file_url(".members_file", form, number=unit.number)) for form in FORMS] if page else [],
    )


def _file(unit: Unit, form: str) -> Response:
    """Every path of the unit, as the page tells them."""
    coverage = _coverage(unit, asked())
    return report_file(coverage.report(), form, unit.kind.value, unit.number)


def _coverage(unit: Unit, question: Asked) -> LocalCoverage:
    seen = units_seen(gate.reach())
    return local_coverage(
        db.session(),
        unit,
        as_of=question.as_of,
        known=question.known,
        floor=question.floor,
        whole=seen.whole,
        totals=seen.totals,
    )


def _path(coverage: LocalCoverage) -> LearningPath | None:
    """The path asked for, or else the first that asks anyone here."""
    code = one_of("path", tuple(line.path.code for line in coverage.lines))
    if code:
        return next(line.path for line in coverage.lines if line.path.code == code)
    return coverage.asking[0].path if coverage.asking else None


def _on_path(coverage: LocalCoverage, path: LearningPath, question: Asked) -> OnPath:
    state = one_of("state", tuple(each.value for each in COUNTED_STATES))
    wanted = Wanted(State(state) if state else None, text_of("q"), request.args.get("after", type=row_id))
    policy = current_policy(db.session())
    people = people_here(db.session(), coverage.unit, path.id, question.as_of, question.known)
    line = coverage.line_of(path)
    if line is None:
        abort(404)
    return OnPath(
        line,
        denominator_of(people, policy),
        by_state(people, wanted, day=question.as_of, floor=question.floor, policy=policy),
        wanted,
    )
