"""`/proof/<code>`: anyone who was given a member's statement reads here what it says today, without signing in.

Whatever is not to be read any more, and what never was, is answered alike.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flask import Blueprint, Response, make_response, render_template, request

from tracker.coverage.derivation import NothingApplied
from tracker.coverage.proofs import (
    about,
    day_line,
    finding,
    heading,
    live_proof,
    notes,
    right_in_words,
    statement_of,
    tells_locals,
)
from tracker.coverage.qr import qr_svg
from tracker.models import Proof, db
from tracker.models.aside import NOT_NOW, writing_aside
from tracker.operations.proofs import needs_noting, note_proof_opened
from tracker.web import gate
from tracker.web.gate import public

proofs = Blueprint("proofs", __name__)

WORDS = {"about": about, "day_line": day_line, "finding": finding, "heading": heading, "notes": notes}


@proofs.get("/proof/<code>")
@public
def proof(code: str) -> Response:
    """What is so today: a completion that was taken back since is there no more."""
    found = live_proof(db.session(), code, gate.today())
    if found is None:
        return _unlisted(render_template("proofs/none.html"), 404)
    asked, member = found
    try:
        said = statement_of(db.session(), member, asked.kind, asked.path_id, tells_locals(asked.code), gate.today())
    except NothingApplied:
        return _unlisted(render_template("proofs/none.html"), 404)
    page = render_template(
        "proofs/proof.html",
        statement=said,
        label=asked.label,
        last_on=asked.until_on - timedelta(days=1),
        made_at=asked.made_at,
        right=right_in_words(),
        address=address_of(asked),
        **WORDS,
    )
    if request.method == "GET" and not gate.reach().is_own_record(member.member_id):
        _note(asked)
    return _unlisted(page, 200)


def address_of(asked: Proof) -> str:
    """Where a statement is read, as a link from anywhere; "" where the settings do not say where this tracker is."""
    base = gate.settings().url
    return f"{base}/proof/{asked.code}" if base else ""


def qr_answer(asked: Proof) -> Response:
    """The address as a picture."""
    return Response(qr_svg(address_of(asked)), content_type="image/svg+xml")


def _note(asked: Proof) -> None:
    now = datetime.now(UTC)
    if needs_noting(asked, now):
        try:
            with writing_aside() as session:
                note_proof_opened(session, asked.id, now)
        except NOT_NOW:
            pass  # others write: the next reader is noted


def _unlisted(page: str, status: int) -> Response:
    """An answer that no search engine keeps, and whose address no other site is told."""
    answer = make_response(page, status)
    answer.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer
