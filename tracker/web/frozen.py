"""`/frozen/<code>`: anyone who holds a frozen report checks here that it is the one, without signing in or seeing people."""

from __future__ import annotations

import time
from datetime import datetime

from flask import Blueprint, Response, abort, make_response, render_template, request
from sqlalchemy import func, select
from werkzeug.exceptions import RequestEntityTooLarge

from tracker.coverage.frozen.checking import Match, is_sha256, match_of, sha256_of_stream
from tracker.coverage.frozen.listing import frozen_report, manifest_of
from tracker.coverage.frozen.pack import MANIFEST
from tracker.coverage.frozen.restating import Restatement, restatement
from tracker.coverage.frozen.touching import touches
from tracker.language import _, number
from tracker.models import AppliedText, AuditEntry, FrozenReport, LearningPath, Unit, db
from tracker.operations.freezing import frozen_folder
from tracker.web import gate
from tracker.web.forms import csrf, takes
from tracker.web.gate import public

checking = Blueprint("checking", __name__)

_LARGEST = 20 * 1024 * 1024  # bytes of a file that is hashed here
_MOST_KNOWN = 256
_became: dict[int, tuple[tuple[object, ...], Restatement]] = {}  # by report: what was found last, and when that was
_restated_at: dict[tuple[object, ...], datetime | None] = {}  # by report and figures: found once for each state of them


@checking.get("/frozen/<code>")
@public
def frozen_public(code: str) -> Response:
    """What was frozen, its hash, and whether it was restated since; with ``?sha256=``, whether that is a part of it."""
    report = _found(code)
    written = request.args.get("sha256", "").strip()
    if not written:
        return _page(report)
    if not is_sha256(written):
        return _page(report, fault=_("A SHA-256 has 64 digits, each 0 to 9 or a to f: copy the whole of it."), status=422)
    return _page(report, match=match_of(report, written, frozen_folder(gate.settings().instance)))


@checking.post("/frozen/<code>")
@csrf.exempt  # type: ignore[untyped-decorator]  # nothing is changed: the file is hashed, and forgotten
@public
@takes(_LARGEST + 64 * 1024)  # the form around it
def check_file(code: str) -> Response:
    """Whether a file is part of it: hashed here, and not kept."""
    report = _found(code)
    too_large = _(
        "The file is larger than %(size)s MB: no file of a frozen report is. Give its SHA-256 instead.",
        size=number(_LARGEST // 1024 // 1024),
    )
    try:
        upload = request.files.get("file")
    except RequestEntityTooLarge:
        return _page(report, fault=too_large, status=413)
    if upload is None or not upload.filename:
        return _page(report, fault=_("Choose a file first, or paste its SHA-256."), status=422)
    sha256 = sha256_of_stream(upload.stream, _LARGEST)  # type: ignore[arg-type]
    if sha256 is None:
        return _page(report, fault=too_large, status=413)
    return _page(report, match=match_of(report, sha256, frozen_folder(gate.settings().instance)))


def _found(code: str) -> FrozenReport:
    report = frozen_report(db.session(), code) if code.isascii() and code.isalnum() else None
    if report is None:
        abort(404)
    return report


def _page(report: FrozenReport, *, match: Match | None = None, fault: str = "", status: int = 200) -> Response:
    became = _restatement(report)
    answer = make_response(
        render_template(
            "frozen/check.html",
            report=report,
            manifest=manifest_of(report),
            unit=db.session.get(Unit, report.unit_id),
            became=became,
            restated_at=_when(report, became) if became.is_restated or became.texts else None,
            match=match,
            manifest_name=MANIFEST,
            fault=fault,
            today=gate.today(),
        ),
        status,
    )
    answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    return answer


def _restatement(report: FrozenReport) -> Restatement:
    """What became of its figures: looked for once a minute and once after every act, for anyone may ask, and often."""
    stamp = (report.sha256, db.session.scalar(select(func.max(AuditEntry.id))), int(time.monotonic() // 60))
    known = _became.get(report.id)
    if known is None or known[0] != stamp:
        if len(_became) >= _MOST_KNOWN:
            _became.clear()
        known = _became[report.id] = (stamp, restatement(db.session(), report, frozen_folder(gate.settings().instance)))
    return known[1]


def _when(report: FrozenReport, became: Restatement) -> datetime | None:
    """When the last of what changed the figures was recorded: looked for once, for it reads every fact of the scope."""
    state = (report.id, tuple(became.whole), tuple(became.parts), tuple(became.texts))
    if state not in _restated_at:
        codes = [each.code for each in manifest_of(report).paths]
        paths = list(db.session.scalars(select(LearningPath.id).where(LearningPath.code.in_(codes))))
        facts = touches(db.session(), report.unit_id, paths, as_of=report.as_of, since=report.frozen_at)
        texts = db.session.scalars(select(AppliedText.applied_at).where(AppliedText.applied_at > report.frozen_at))
        moments = [each.at for each in facts[:1]] + list(texts)
        if len(_restated_at) >= _MOST_KNOWN:
            _restated_at.clear()
        when = _restated_at[state] = max(moments, default=None)
        return when
    return _restated_at.get(state)
