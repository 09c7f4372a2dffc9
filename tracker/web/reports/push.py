"""`/reports/locals/<number>/push`: whom to call so that a local reaches its target; of a district, the calls by local."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, abort, render_template, request
from sqlalchemy import select

from tracker.access.finding import local_for
from tracker.access.former import officer
from tracker.access.reporting import district_for, printable
from tracker.coverage.push_list import (
    AN_HOUR,
    LocalCalls,
    PushLine,
    PushList,
    calls_by_local,
    calls_document,
    push_document,
    push_line_page,
    push_list,
)
from tracker.language import _, ngettext
from tracker.language import number as written
from tracker.models import LearningPath, Unit, db
from tracker.web import gate
from tracker.web.asked import Asked, asked, one_of, refuse
from tracker.web.gate import report_readers, staff_and_auditors
from tracker.web.ids import row_id
from tracker.web.opened import opened
from tracker.web.reports.door import FORMS, document_file, file_url, here, reports

_WHO = ("call", "waiting")


@dataclass(frozen=True)
class Aim:
    """Which path, and which share of those in scope is aimed at; None where neither the path nor the address names one."""

    path: LearningPath
    percent: int | None

    @property
    def target(self) -> float:
        return (self.percent or 100) / 100


@reports.get("/locals/<number>/push")
@report_readers
def push(number: str) -> str:
    unit, question = _local(number), asked()
    paths = _paths()
    aim = _aim(paths)
    found = _found(unit, aim, question) if aim and aim.percent else None
    after = request.args.get("after", type=row_id)
    waits = bool(found and (one_of("who", _WHO) == "waiting" or not found.push.calls))
    lines: list[PushLine] = []
    next_key = None
    if found:
        lines, next_key = push_line_page(db.session(), found, found.waiters if waits else found.callers, after=after)
    return render_template(
        "reports/push.html",
        asked=question,
        unit=unit,
        paths=paths,
        aim=aim,
        found=found,
        lines=lines,
        waits=waits,
        page_with=here,
        first_url=here(after=None) if after else None,
        next_url=here(after=next_key) if next_key else None,
        files=[(form, file_url(".push_file", form, number=unit.number)) for form in FORMS],
    )


@reports.get("/locals/<number>/push.<any(csv, xlsx, pdf):form>")
@report_readers
def push_file(number: str, form: str) -> Response:
    """Everyone on the list."""
    unit, question = _local(number), asked()
    aim = _aim(_paths())
    if aim is None or aim.percent is None:
        abort(404)
    found = _found(unit, aim, question)
    lines, _ = push_line_page(db.session(), found, [*found.callers, *found.waiters], size=None)
    document = push_document(found, lines)
    answer = document_file(document, form, "push", unit.number, aim.path.code, question.as_of.isoformat())
    opened([each.line.member.member_id for each in lines], "list", unit.id)
    return answer


@reports.get("/locals/<number>/nearest")
@report_readers
def nearest(number: str) -> Response:
    """ ", 41 of them within one hour": what the local's page adds to how many are to go once it is worked out."""
    unit, question = _local(number), asked()
    aim = _aim(_paths())
    words = ""
    if aim and aim.percent and (needed := (found := _found(unit, aim, question)).push.needed):
        words = _within_an_hour(found.within(AN_HOUR), len(found.waiters), needed)
        if not found.push.is_enough:
            words += ngettext(
                "; %(n)s cannot finish with what is offered now",
                "; %(n)s cannot finish with what is offered now",
                needed - len(found.push.chosen),
            )
    return Response(words, content_type="text/plain; charset=utf-8")


def _within_an_hour(near: int, waiting: int, needed: int) -> str:
    """How many of those needed are within one hour, and how many of these only wait."""
    if not near:
        return _(", none within one hour")
    words = (
        _(", all of them within one hour") if near == needed else _(", %(near)s of them within one hour", near=written(near))
    )
    if not waiting:
        return words
    if waiting == near:
        waits = ngettext("all of these only waits for review", "all of these only wait for review", waiting)
    else:
        waits = ngettext("%(n)s of these only waits for review", "%(n)s of these only wait for review", waiting)
    return f"{words} ({waits})"


@reports.get("/districts/<number>/push")
@staff_and_auditors
def district_push(number: str) -> str:
    unit, question = district_for(db.session(), gate.reach(), number), asked()
    paths = _paths()
    aim = _aim(paths)
    lines = _calls(unit, aim, question) if aim and aim.percent else []
    return render_template(
        "reports/push_district.html",
        asked=question,
        unit=unit,
        paths=paths,
        aim=aim,
        lines=lines,
        files=[(form, file_url(".district_push_file", form, number=unit.number)) for form in FORMS],
    )


@reports.get("/districts/<number>/push.<any(csv, xlsx, pdf):form>")
@staff_and_auditors
def district_push_file(number: str, form: str) -> Response:
    unit, question = district_for(db.session(), gate.reach(), number), asked()
    aim = _aim(_paths())
    if aim is None or aim.percent is None:
        abort(404)
    document = calls_document(
        unit,
        aim.path,
        _calls(unit, aim, question),
        as_of=question.as_of,
        known=question.known,
        floor=question.floor,
        target=aim.target,
    )
    return document_file(document, form, "push", unit.number, aim.path.code, question.as_of.isoformat())


def _local(number: str) -> Unit:
    """A local whose members the reader may see by name."""
    unit = local_for(db.session(), gate.reach(), printable(number))
    if not gate.reach().may_see_names(unit.id):
        abort(404)
    return unit


def _paths() -> list[LearningPath]:
    return list(db.session().scalars(select(LearningPath).order_by(LearningPath.id)))


def _aim(paths: list[LearningPath]) -> Aim | None:
    """The path asked for, or else the first; the target asked for, or else the path's own."""
    code = one_of("path", tuple(path.code for path in paths))
    path = next((path for path in paths if path.code == code), paths[0] if paths else None)
    if path is None:
        return None
    written = request.args.get("target", "").strip().removesuffix("%").strip()
    if written:
        if not (written.isascii() and written.isdigit() and len(written) <= 3 and 1 <= int(written) <= 100):
            refuse("target", written, _("Write a whole percent from 1 to 100."))
        return Aim(path, int(written))
    return Aim(path, None if path.target is None else round(100 * path.target))


def _found(unit: Unit, aim: Aim, question: Asked) -> PushList:
    return push_list(
        db.session(),
        unit,
        aim.path,
        as_of=question.as_of,
        known=question.known,
        floor=question.floor,
        target=aim.target,
        officer=officer(gate.reach()),
    )


def _calls(unit: Unit, aim: Aim, question: Asked) -> list[LocalCalls]:
    return calls_by_local(
        db.session(),
        unit,
        aim.path,
        as_of=question.as_of,
        known=question.known,
        floor=question.floor,
        target=aim.target,
    )
