"""The second page of signing in: a code of one's authenticator, or a recovery code.

Until it is given nobody is signed in: the session only notes who has begun, for five minutes.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from flask import redirect, render_template, session, url_for
from werkzeug.wrappers import Response
from wtforms import StringField, SubmitField
from wtforms.validators import InputRequired

from tracker.language import lazy
from tracker.models import writing
from tracker.operations.second_factor import sign_in_by_code
from tracker.web import gate
from tracker.web.account.door import HALF, account, begin_session, factor_key, network_address
from tracker.web.forms import Form
from tracker.web.gate import public

_LASTS = timedelta(minutes=5)
_SKEW = timedelta(minutes=1)  # between two servers' clocks


def code_field(description: str = "") -> StringField:
    """Where a code is typed, on this page and on those of one's own second factor."""
    return StringField(
        lazy("Code"),
        [InputRequired(lazy("Enter a code."))],
        description=description or lazy("The six digits that your authenticator shows now, or a recovery code."),
        render_kw={"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false", "maxlength": "60"},
    )


class CodeForm(Form):
    code = code_field()
    submit = SubmitField(lazy("Sign in"))


class _Half(NamedTuple):
    user_id: int
    epoch: int
    next_path: str


@account.route("/login/code", methods=["GET", "POST"])
@public
def code() -> Response | tuple[str, int]:
    """Ask whoever has begun to sign in for a code."""
    now = datetime.now(UTC)
    half = _begun(now)
    if half is None:
        session.pop(HALF, None)
        return redirect(url_for("account.login", over=1), 303)
    form, status = CodeForm(), 200
    if form.validate_on_submit():
        with writing() as transaction:
            text, address = form.code.data or "", network_address()
            outcome = sign_in_by_code(transaction, half.user_id, half.epoch, text, factor_key(), address, now)
        if outcome.user is not None:
            begin_session(outcome.user)
            return redirect(gate.safe_path(half.next_path) or url_for("account.home"), 303)
        assert outcome.refusal is not None
        if outcome.refusal.code == "sign_in_over":
            session.pop(HALF, None)
            return redirect(url_for("account.login", over=1), 303)
        form.refuse(outcome.refusal)
        status = 429 if outcome.refusal.code == "too_many_attempts" else 401
    elif form.is_submitted():
        status = 422
    return render_template("account/code.html", form=form), status


def _begun(now: datetime) -> _Half | None:
    """Who has begun in this browser, at most five minutes ago."""
    noted = session.get(HALF)
    if not isinstance(noted, dict):
        return None
    passed = now.timestamp() - noted["at"]
    if not -_SKEW.total_seconds() <= passed < _LASTS.total_seconds():
        return None
    return _Half(noted["user"], noted["epoch"], noted["next"])
