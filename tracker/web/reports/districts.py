"""`/reports/districts/<n>`: one district's figures, its locals ranked, why so many, how its members stand. Never a name."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, abort, render_template

from tracker.access.reporting import district_for
from tracker.coverage.charts import trend_chart
from tracker.coverage.derivation import current_policy
from tracker.coverage.district import (
    RankedLocals,
    district_document,
    path_summary,
    ranked_locals,
)
from tracker.coverage.exports import Chart
from tracker.coverage.heatmap import PathSummary, Summary
from tracker.coverage.local import Counts, LocalCoverage, PathLine, counts_of, denominator_of, why_words
from tracker.coverage.people import COUNTED_STATES, Wanted, by_state, people_here
from tracker.coverage.trends import trend
from tracker.curriculum.policy import Policy
from tracker.models import LearningPath, db
from tracker.web import gate
from tracker.web.asked import Asked, asked
from tracker.web.gate import report_readers
from tracker.web.reports.door import FORMS, document_file, file_url, here, reports
from tracker.web.reports.seen import coverage_seen, path_asked


@dataclass(frozen=True)
class OnPath:
    """The district on one path: whom the figure counts, where they stand, and how its locals do."""

    line: PathLine
    summary: PathSummary
    ranked: RankedLocals
    counts: Counts
    chart: Chart | None  # of the months until the day; None where no one was ever in scope


@reports.get("/districts/<number>")
@report_readers
def district(number: str) -> str:
    unit, question = district_for(db.session(), gate.reach(), number), asked()
    is_total = gate.reach().totals_of(unit.id)
    coverage = coverage_seen(unit, question)
    path = None if is_total else path_asked(coverage)
    summaries = [] if is_total else [path_summary(coverage, line) for line in coverage.asking]
    return render_template(
        "reports/district.html",
        asked=question,
        unit=unit,
        coverage=coverage,
        summaries={each.path.id: each for each in summaries},
        summary=Summary(unit, len({each.unit.id for locals_ in coverage.locals.values() for each in locals_}), summaries),
        path=path,
        on_path=_on_path(coverage, path, question) if path else None,
        policy=_policy(),
        states=COUNTED_STATES,
        why_words=why_words,
        is_total=is_total,
        page_with=here,
        files=[(form, file_url(".district_file", form, number=unit.number)) for form in FORMS],
    )


@reports.get("/districts/<number>.<any(csv, xlsx, pdf):form>")
@report_readers
def district_file(number: str, form: str) -> Response:
    """Every path of the district and its locals, and what the page tells of the one that is looked at."""
    unit, question = district_for(db.session(), gate.reach(), number), asked()
    coverage = coverage_seen(unit, question)
    path = None if gate.reach().totals_of(unit.id) else path_asked(coverage)
    found = _on_path(coverage, path, question) if path else None
    line, counts, charts = (found.line, found.counts, [found.chart] if found.chart else []) if found else (None, None, [])
    document = district_document(coverage, line, counts, _policy(), charts)
    return document_file(document, form, "district", unit.number, question.as_of.isoformat())


def _policy() -> Policy:
    return current_policy(db.session())


def _on_path(coverage: LocalCoverage, path: LearningPath, question: Asked) -> OnPath:
    session, policy, unit = db.session(), _policy(), coverage.unit
    line = coverage.line_of(path)
    if line is None:
        abort(404)
    day, known, floor = question.as_of, question.known, question.floor
    people = people_here(session, unit, path.id, day, known)
    counts = counts_of(
        people,
        by_state(people, Wanted(), day=day, floor=floor, policy=policy).counts,
        denominator_of(people, policy),
        day=day,
        floor=floor,
        policy=policy,
        hides_small=not gate.reach().sees_all_units,
    )
    months = trend(session, unit.id, path.id, as_of=day, known=known)
    chart = trend_chart(months, title=unit.title, floor=floor, target=path.target) if months.asked else None
    return OnPath(line, path_summary(coverage, line), ranked_locals(coverage, path), counts, chart)
