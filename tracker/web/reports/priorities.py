"""`/reports/priorities`: where to train next, with what the order follows from and how it moves."""

from __future__ import annotations

from flask import Response, render_template, request
from sqlalchemy import select

from tracker.coverage.catalogue import path_choices
from tracker.coverage.charts import priorities_chart
from tracker.coverage.exports import Chart
from tracker.coverage.priorities import (
    By,
    Priorities,
    chart_points,
    counted,
    exposure_words,
    findings,
    move_words,
    priorities,
    priorities_document,
)
from tracker.curriculum.local_numbers import natural
from tracker.curriculum.words import UnitKind
from tracker.language import _
from tracker.models import Unit, db
from tracker.web import gate
from tracker.web.asked import asked, one_of
from tracker.web.gate import staff_and_auditors
from tracker.web.reports.door import FORMS, document_file, file_url, here, reports

_ROWS_A_PAGE = 50
_BY = tuple(each.value for each in By)


@reports.get("/priorities")
@staff_and_auditors
def where_next() -> str:
    found = found_asked()
    rows = found.ranked
    start = next((place + 1 for place, row in enumerate(rows) if row.key == request.args.get("after")), 0)
    shown = rows[start : start + _ROWS_A_PAGE]
    return render_template(
        "reports/priorities.html",
        asked=asked(),
        found=found,
        answers=findings(found),
        counted=counted(found.by, len(rows)),
        rows=[(found.rank_of(row), row, move_words(row.place, found.craft_names) if row.place else "") for row in shown],
        exposure_words=exposure_words,
        chart=chart_of(found),
        query={name: value for name, value in request.args.items() if value and name != "after"},
        By=By,
        paths=path_choices(db.session(), gate.today()),
        districts=_districts(),
        first_url=here(after=None) if start else None,
        next_url=here(after=shown[-1].key) if start + _ROWS_A_PAGE < len(rows) else None,
        files=[(form, file_url(".where_next_file", form)) for form in FORMS],
    )


@reports.get("/priorities.<any(csv, xlsx, pdf):form>")
@staff_and_auditors
def where_next_file(form: str) -> Response:
    found = found_asked()
    chart = chart_of(found)
    document = priorities_document(found, [chart] if chart else [])
    name = ("priorities", found.by.value, found.path.code if found.path else "", found.as_of.isoformat())
    return document_file(document, form, *name)


def found_asked() -> Priorities:
    """The order that the address asks for."""
    question = asked()
    by = one_of("by", _BY)
    paths = {path.code: path for path in path_choices(db.session(), question.as_of)}
    districts = {unit.number: unit for unit in _districts()}
    return priorities(
        db.session(),
        by=By(by) if by else By.LOCAL,
        as_of=question.as_of,
        known=question.known,
        floor=question.floor,
        path=paths.get(one_of("path", tuple(paths))),
        district=districts.get(one_of("district", tuple(districts))),
    )


def _districts() -> list[Unit]:
    found = db.session().scalars(select(Unit).where(Unit.kind == UnitKind.DISTRICT))
    return sorted(found, key=lambda unit: natural(unit.number))


def chart_of(found: Priorities) -> Chart | None:
    """The picture of the first rows; none where no exposure is stated, for then it has but one side."""
    points = chart_points(found)
    where = found.district.title if found.district else _("The union")
    if not points:
        return None
    return priorities_chart(points, title=where, steps=found.policy.steps, each_path=found.path is None)
