"""`/reports/locals/<number>`: one local's figures, why so many, how its members stand, and who they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from flask import Response, abort, render_template, request
from sqlalchemy import select

from tracker.access.finding import local_for
from tracker.access.former import officer
from tracker.access.reporting import printable
from tracker.coverage.call_list import call_document
from tracker.coverage.charts import trend_chart
from tracker.coverage.corrections import corrections_waiting
from tracker.coverage.derivation import current_world
from tracker.coverage.eligibility import eligibility_waiting
from tracker.coverage.exports import Chart
from tracker.coverage.local import (
    Counts,
    LocalCoverage,
    PathLine,
    counts_of,
    denominator_of,
    in_scope_through,
    left_out_for,
    local_document,
    why_words,
)
from tracker.coverage.paging import Page
from tracker.coverage.people import (
    COUNTED_STATES,
    MemberLine,
    MembersByState,
    PersonHere,
    Wanted,
    by_state,
    members_page,
    people_here,
)
from tracker.coverage.people_told import people_told
from tracker.coverage.trends import trend
from tracker.curriculum.policy import Policy
from tracker.curriculum.states import State
from tracker.language import _, word
from tracker.models import Craft, LearningPath, Unit, db
from tracker.web import gate
from tracker.web.asked import Asked, asked, one_of, text_of
from tracker.web.gate import report_readers
from tracker.web.ids import row_id
from tracker.web.opened import opened
from tracker.web.reports.door import FORMS, document_file, file_url, here, reports, stop_if_long
from tracker.web.reports.filters import craft_asked
from tracker.web.reports.seen import coverage_seen, path_asked


@dataclass(frozen=True)
class OnPath:
    """The local on one path: whom the figure counts, where they stand, and which of them are asked for."""

    line: PathLine
    counts: Counts
    members: MembersByState  # of the craft asked for, or of all: counted as the figures count, listed as this reader is told
    wanted: Wanted
    craft: str
    left_out: str  # which group of those left out is asked for, "" for those in scope
    adds_up: bool = True  # whether the reader is told of everyone what the figures count

    @property
    def listed(self) -> Sequence[PersonHere]:
        return self.members.people


@reports.get("/locals/<number>")
@report_readers
def local(number: str) -> str:
    unit, question = local_for(db.session(), gate.reach(), printable(number)), asked()
    coverage = coverage_seen(unit, question)
    path = path_asked(coverage)
    on_path = _on_path(coverage, path, question) if path else None
    page = None
    if on_path and path and gate.reach().may_see_names(unit.id):
        page = _listed(on_path, unit, path, question, after=on_path.wanted.after)
    reach = gate.reach()
    may_lead = reach.may_lead(unit.id)
    return render_template(
        "reports/local.html",
        asked=question,
        unit=unit,
        may_lead=may_lead,
        sees_classes=may_lead or reach.is_auditor,
        waits=_waits(unit) if unit.id in reach.locals_led else None,
        coverage=coverage,
        path=path,
        on_path=on_path,
        page=page,
        policy=_policy(),
        states=COUNTED_STATES,
        State=State,
        why_words=why_words,
        page_with=here,
        first_url=here(after=None) if on_path and on_path.wanted.after else None,
        next_url=here(after=page.next_key) if page and page.next_key else None,
        files=[(form, file_url(".local_file", form, number=unit.number)) for form in FORMS],
        call_files=[(form, file_url(".members_file", form, number=unit.number)) for form in FORMS] if page else [],
    )


class Waits(NamedTuple):
    """What waits for who leads a local."""

    corrections: int
    eligibility: int


def _waits(unit: Unit) -> Waits:
    session = db.session()
    return Waits(corrections_waiting(session, [unit.id])[0], eligibility_waiting(session, unit, gate.today()))


@reports.get("/locals/<number>.<any(csv, xlsx, pdf):form>")
@report_readers
def local_file(number: str, form: str) -> Response:
    """Every path of the local, and what the page tells of the one that is looked at."""
    unit, question = local_for(db.session(), gate.reach(), printable(number)), asked()
    coverage = coverage_seen(unit, question)
    path = path_asked(coverage)
    on_path = _on_path(coverage, path, question) if path else None
    line, counts = (on_path.line, on_path.counts) if on_path else (None, None)
    chart = _chart(unit, path, question) if path else None
    document = local_document(coverage, line, counts, _policy(), [chart] if chart else [])
    return document_file(document, form, "local", unit.number, question.as_of.isoformat())


@reports.get("/locals/<number>/members.<any(csv, xlsx, pdf):form>")
@report_readers
def members_file(number: str, form: str) -> Response:
    """The members that the page lists, all of them: whom to call."""
    unit, question = local_for(db.session(), gate.reach(), printable(number)), asked()
    coverage = coverage_seen(unit, question)
    path = path_asked(coverage)
    if path is None or not gate.reach().may_see_names(unit.id):
        abort(404)
    on_path = _on_path(coverage, path, question)
    stop_if_long(len(on_path.listed), form)
    lines = _listed(on_path, unit, path, question, size=None).rows
    document = call_document(
        unit,
        path,
        lines,
        as_of=question.as_of,
        known=question.known,
        floor=question.floor,
        which=_which(on_path),
        why=on_path.left_out,
    )
    answer = document_file(document, form, "members", unit.number, path.code, question.as_of.isoformat())
    opened([line.member.member_id for line in lines], "list", unit.id)
    return answer


def _listed(
    on_path: OnPath, unit: Unit, path: LearningPath, question: Asked, after: int | None = None, size: int | None = 50
) -> Page[MemberLine]:
    return members_page(
        db.session(),
        on_path.listed,
        unit,
        path,
        day=question.as_of,
        known=question.known,
        floor=question.floor,
        after=after,
        size=size,
    )


def _chart(unit: Unit, path: LearningPath, question: Asked) -> Chart | None:
    """The months until the day; None where no one was ever in scope."""
    months = trend(db.session(), unit.id, path.id, as_of=question.as_of, known=question.known)
    return (
        trend_chart(months, title=_("Local %(number)s", number=unit.number), floor=question.floor, target=path.target)
        if months.asked
        else None
    )


def _which(on_path: OnPath) -> str:
    """Which of the members are asked for, in words."""
    wanted = on_path.wanted
    parts = [
        why_words(on_path.left_out) if on_path.left_out else _("in scope"),
        on_path.craft and _("through a card of the craft %(craft)s", craft=on_path.craft),
        word(wanted.state) if wanted.state else "",
        wanted.words and _("whose name or number matches “%(words)s”", words=wanted.words),
    ]
    return ", ".join(part for part in parts if part)


def _policy() -> Policy:
    return current_world(db.session()).policy


def _on_path(coverage: LocalCoverage, path: LearningPath, question: Asked) -> OnPath:
    line = coverage.line_of(path)
    if line is None:
        abort(404)
    session, unit, policy = db.session(), coverage.unit, _policy()
    shows_names = gate.reach().may_see_names(unit.id)
    state = one_of("state", tuple(each.value for each in COUNTED_STATES))
    wanted = Wanted(State(state) if state else None, text_of("q"), request.args.get("after", type=row_id))
    people = people_here(session, unit, path.id, question.as_of, question.known)
    why = denominator_of(people, policy)
    whole = by_state(people, wanted, day=question.as_of, floor=question.floor, policy=policy)
    counts = counts_of(
        people,
        whole.counts,
        why,
        day=question.as_of,
        floor=question.floor,
        policy=policy,
        hides_small=not shows_names,
        is_part=not shows_names,
    )
    if not shows_names:
        return OnPath(line, counts, whole, wanted, "", "")
    told = people_told(session, people, unit, path.id, question.as_of, question.known, officer(gate.reach()))
    left_out = one_of("left_out", (*policy.statuses, "exempt", "not asked"))
    if left_out:
        group, gone = (left_out_for(each, left_out, policy) for each in (people, told))
        listed = MembersByState(whole.counts, [person for person in gone if wanted.takes(person)])
        return OnPath(line, counts, listed, wanted, "", left_out, len(gone) == len(group))
    craft = craft_asked(list(session.scalars(select(Craft)))) if request.args.get("craft") else None
    if craft:
        through = _through([*people, *told], unit, path, craft, question)
        people, told = ([each for each in some if (each.member_id, each.known) in through] for some in (people, told))
        whole = by_state(people, wanted, day=question.as_of, floor=question.floor, policy=policy)
    some = whole
    if told != people:
        some = by_state(told, wanted, day=question.as_of, floor=question.floor, policy=policy)
    listed = MembersByState(whole.counts, some.people)
    return OnPath(line, counts, listed, wanted, craft.name if craft else "", "", some.counts == whole.counts)


def _through(
    people: Sequence[PersonHere], unit: Unit, path: LearningPath, craft: Craft, question: Asked
) -> set[tuple[int, date | None]]:
    """Who of these people is in scope through a card of that craft, as known by when: each is judged as they are told of."""
    by_known: dict[date | None, set[int]] = {}
    for person in people:
        by_known.setdefault(person.known, set()).add(person.member_id)
    found = set()
    for known, ids in by_known.items():
        among, by = (None, question.known) if known is None else (ids, known)
        through = in_scope_through(db.session(), unit, path, craft.name, question.as_of, by, among=among)
        found |= {(member_id, known) for member_id in through & ids}
    return found
