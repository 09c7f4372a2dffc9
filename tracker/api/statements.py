"""`/xapi/…`: statements of learning, as a provider sends them.

The answer comes fast, whatever else goes on: a statement is recorded in the call's own write where its turn comes within a
moment, else it is kept so that a power cut cannot take it, and recorded as soon as the writers are let in.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from flask import Blueprint, Response, current_app, jsonify, request

from tracker.api.door import for_programs, refused, settings
from tracker.api.settling import Settling, met_another, reader
from tracker.api.tokens import client_of_request
from tracker.intake.xapi import read_statements
from tracker.models import Busy, db, writing
from tracker.models.trouble import DATABASE_ERRORS, is_passing
from tracker.operations.refused import Refused
from tracker.operations.statements import Sender, Statement
from tracker.operations.statements.keeping import unknown_among
from tracker.operations.statements.receiving import keep_for_later, receive_statements
from tracker.operations.statements.spool import spool, spool_folder

xapi = Blueprint("xapi", __name__, url_prefix="/xapi")
xapi.register_error_handler(Refused, refused)

VERSIONS = ("1.0.3", "1.0.2", "1.0.1", "1.0.0")
LARGEST_BODY = 2_000_000  # bytes: a thousand statements, twice over
_VERSION = re.compile(r"1\.0(?:\.[0-3])?")

# Seconds a call waits for its turn to write: hardly any while it is known that an import goes on.
_PATIENCE, _NO_PATIENCE = 0.02, 0.001


@xapi.get("/about", strict_slashes=False)
@for_programs
def about() -> Response:
    return jsonify(version=VERSIONS, extensions={})


@xapi.route("/statements", methods=["POST", "PUT"], strict_slashes=False)
@for_programs
def statements() -> Response:
    """Take one statement or many: all of them, or none and a reason that names the statement and the field."""
    request.max_content_length = LARGEST_BODY
    client = client_of_request(db.session())
    sender = Sender(client.id, client.name)
    _check_version()
    put_under = request.args.get("statementId") if request.method == "PUT" else None
    if request.method == "PUT" and put_under is None:
        raise Refused("malformed_statement", "PUT needs ?statementId=…; without one, send with POST.", field="statementId")
    found = read_statements(request.get_data(cache=False), put_under)
    if found:
        _receive(sender, found)
    if put_under is not None:
        return Response(status=204)
    return jsonify([each.sent_id for each in found])


@xapi.after_app_request
def _say_version(answer: Response) -> Response:
    if request.path.split("/", 2)[1] == "xapi":
        answer.headers["X-Experience-API-Version"] = VERSIONS[0]
    return answer


def _check_version() -> None:
    version = request.headers.get("X-Experience-API-Version", "").strip()
    if not version:
        raise Refused("version_missing", "The header X-Experience-API-Version is missing: send 1.0.0 to 1.0.3.")
    if not _VERSION.fullmatch(version):
        raise Refused("version_unknown", "This version of xAPI is not spoken here: send 1.0.0 to 1.0.3.")


def _receive(sender: Sender, statements: Sequence[Statement]) -> None:
    """Record what is new. Where the writers are held off, keep it for later."""
    now, today, read = datetime.now(UTC), settings().today(), reader(settings())
    settling: Settling = current_app.extensions["settling"]
    try:
        with writing(patience=_NO_PATIENCE if settling.is_at_it else _PATIENCE) as session:
            client_of_request(session)  # once more: what was sent may have come long after the token was shown
            receive_statements(session, statements, sender, read, today=today, now=now)
    except (Busy, *DATABASE_ERRORS) as error:
        if not (met_another(error) or is_passing(error)):
            raise
        new = unknown_among(db.session(), statements)
        if new:
            _keep(new, sender.id, now)
            settling.soon()
    else:
        settling.look(now)


def _keep(new: Sequence[Statement], client_id: int, now: datetime) -> None:
    """Into the table, which an import leaves free on PostgreSQL; on SQLite, where only one may write, into a file."""
    session = db.session()
    session.rollback()
    client_of_request(session)
    if session.get_bind().dialect.name == "sqlite":
        try:
            spool(spool_folder(settings().instance), new, client_id, now)
        except OSError as error:
            raise Refused("no_room", f"The statement cannot be kept now: {error.strerror}. Send it again later.") from error
        return
    keep_for_later(session, new, client_id, reader(settings()), received_at=now)
    session.commit()
