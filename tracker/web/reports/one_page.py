"""`/reports/locals/<number>/one-page.pdf`: a local's figure on one page, for its meeting."""

from __future__ import annotations

from flask import Response, abort

from tracker.access.finding import local_for
from tracker.access.reporting import printable
from tracker.coverage.charts import trend_chart
from tracker.coverage.derivation import current_world
from tracker.coverage.local import counts_of, denominator_of
from tracker.coverage.local.one_page import one_page
from tracker.coverage.people import Wanted, by_state, people_here
from tracker.coverage.saying import local_called
from tracker.coverage.trends import trend
from tracker.models import db
from tracker.web import gate
from tracker.web.asked import asked
from tracker.web.gate import report_readers
from tracker.web.reports.door import pdf_file, reports
from tracker.web.reports.seen import coverage_seen, path_asked


@reports.get("/locals/<number>/one-page.pdf")
@report_readers
def local_one_page(number: str) -> Response:
    """Nothing on it names anyone, or tells of a handful: whoever made it, it is handed round."""
    session, unit, question = db.session(), local_for(db.session(), gate.reach(), printable(number)), asked()
    coverage = coverage_seen(unit, question)
    path = path_asked(coverage) or next((each.path for each in coverage.lines), None)
    line = coverage.line_of(path) if path else None
    if line is None:
        abort(404)
    policy = current_world(session).policy
    people = people_here(session, unit, line.path.id, question.as_of, question.known)
    states = by_state(people, Wanted(), day=question.as_of, floor=question.floor, policy=policy)
    counts = counts_of(
        people,
        states.counts,
        denominator_of(people, policy),
        day=question.as_of,
        floor=question.floor,
        policy=policy,
        hides_small=True,
    )
    months = trend(session, unit.id, line.path.id, as_of=question.as_of, known=question.known)
    title, target = local_called(unit.number), line.path.target
    chart = trend_chart(months, title=title, floor=question.floor, target=target) if months.asked else None
    return pdf_file(
        lambda: one_page(coverage, line, counts, small_group=policy.small_group, chart=chart, made_on=gate.today()),
        *("one-page", unit.number, line.path.code, question.as_of.isoformat()),
    )
