"""One's own second factor: set up, with recovery codes; new codes; taken away.

A secret that is being set up lies sealed in the session of the browser that asked for it, and is kept once a code of it was
shown: so a second factor that is there goes on being asked for until another has taken its place.
"""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime, timedelta

from flask import flash, redirect, render_template, session, url_for
from werkzeug.wrappers import Response
from wtforms import PasswordField, SubmitField
from wtforms.validators import InputRequired

from tracker.coverage.qr import qr_svg
from tracker.language import _, lazy
from tracker.models import User, db, writing
from tracker.operations.accounts import Attempt, check_password, confirm_password
from tracker.operations.refused import Refused
from tracker.operations.second_factor import (
    codes_left,
    factor_of,
    new_secret,
    remove_factor,
    renew_codes,
    set_factor,
    setup_address,
    use_code,
)
from tracker.web import gate
from tracker.web.account.codes import code_field
from tracker.web.account.door import account, begin_session, factor_key, network_address
from tracker.web.forms import Form
from tracker.web.gate import signed_in

_PENDING = "factor"  # in the session: a secret that no code was shown of yet, sealed
_LASTS = timedelta(hours=1)


def _password_field() -> PasswordField:
    return PasswordField(
        lazy("Present password"),
        [InputRequired(lazy("Enter the password you have now."))],
        render_kw={"autocomplete": "current-password"},
    )


class SetForm(Form):
    code = code_field(lazy("The six digits that your authenticator shows now."))
    submit = SubmitField(lazy("Turn it on"))


class ReplaceForm(Form):
    old = code_field(lazy("From the authenticator you have used so far, or a recovery code."))
    code = code_field(lazy("The six digits that the new authenticator shows now."))
    submit = SubmitField(lazy("Use this one from now on"))


class CodesForm(Form):
    code = code_field()
    submit = SubmitField(lazy("Make new recovery codes"))


class RemoveByCodeForm(Form):
    """For whoever signs in by links alone."""

    code = code_field()
    submit = SubmitField(lazy("Take it away"))


class RemoveForm(RemoveByCodeForm):
    current = _password_field()


@account.get("/account/second-factor")
@signed_in
def second_factor() -> str:
    """Whether one has it, and what one may do about it."""
    user = gate.signed_in_user()
    factor = factor_of(db.session(), user.id)
    return render_template(
        "account/second_factor.html",
        factor=factor,
        is_readable=factor is not None and factor_key().opened(factor.secret, user.id) is not None,
        left=codes_left(db.session(), user),
        is_required=gate.needs_factor(),
    )


@account.route("/account/second-factor/new", methods=["GET", "POST"])
@signed_in
def new_factor() -> tuple[str, int]:
    """Show the secret, and ask for a code of it."""
    user, now = gate.signed_in_user(), datetime.now(UTC)
    has_one = factor_of(db.session(), user.id) is not None
    secret = _pending(user, now)
    form = ReplaceForm() if has_one else SetForm()
    form.code.label.text = _("Code of the new authenticator") if has_one else form.code.label.text
    if has_one:
        form.old.label.text = _("Code of the present authenticator")
    if form.validate_on_submit():
        try:
            codes = _set(user, secret, form, now, has_one=has_one)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            begin_session(user)  # every session ended with it; this person goes on in a new one
            # Answered without a redirect: the codes must not pass through a cookie or an address.
            return _codes_page(codes, is_first=True), 200
    address = setup_address(secret, user.email, _("Training tracker"))
    picture = "data:image/svg+xml;base64," + b64encode(qr_svg(address)).decode()
    groups = [secret[each : each + 4] for each in range(0, len(secret), 4)]
    page = render_template(
        "account/new_factor.html",
        form=form,
        picture=picture,
        groups=groups,
        address=address,
        has_one=has_one,
        owes_it=gate.owes_factor(),
    )
    return page, 422 if form.is_submitted() else 200


@account.route("/account/second-factor/codes", methods=["GET", "POST"])
@signed_in
def recovery_codes() -> Response | tuple[str, int]:
    """New recovery codes, in place of the old."""
    user, now = gate.signed_in_user(), datetime.now(UTC)
    if factor_of(db.session(), user.id) is None:
        return redirect(url_for("account.second_factor"), 303)
    form = CodesForm()
    if form.validate_on_submit():
        codes: list[str] = []
        with writing() as transaction:
            refusal = use_code(transaction, user, form.code.data or "", factor_key(), network_address(), now)
            if refusal is None:
                codes = renew_codes(transaction, user, now)
        if refusal is None:
            return _codes_page(codes, is_first=False), 200
        form.refuse(refusal)
    return render_template("account/new_codes.html", form=form), 422 if form.is_submitted() else 200


@account.route("/account/second-factor/remove", methods=["GET", "POST"])
@signed_in
def remove_second_factor() -> Response | tuple[str, int]:
    """Ask for no code any more: not where the installation requires one."""
    user, now = gate.signed_in_user(), datetime.now(UTC)
    if factor_of(db.session(), user.id) is None or gate.needs_factor():
        return redirect(url_for("account.second_factor"), 303)
    form = RemoveForm() if user.password_hash else RemoveByCodeForm()
    if form.validate_on_submit():
        try:
            _remove(user, form, now)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            begin_session(user)
            flash(_("No code is asked for any more. You are signed out everywhere else."), "success")
            return redirect(url_for("account.second_factor"), 303)
    return render_template("account/remove_factor.html", form=form), 422 if form.is_submitted() else 200


def _pending(user: User, now: datetime) -> str:
    """The secret that this browser is setting up; a new one where it has none, or none of the last hour."""
    sealed, key = session.get(_PENDING), factor_key()
    secret = key.opened_within(sealed, user.id, _LASTS, now) if isinstance(sealed, str) else None
    if secret is None:
        secret = new_secret()
        session[_PENDING] = key.seal(user.id, secret, now)
    return secret


def _set(user: User, secret: str, form: Form, now: datetime, *, has_one: bool) -> list[str]:
    """Keep the secret. A wrong code of the present authenticator is counted, so that is kept; a wrong one of the new takes
    nothing back but the use of the other."""
    refusal: Refused | None = None
    codes: list[str] = []
    with writing() as transaction:
        if has_one:
            refusal = use_code(transaction, user, form.old.data or "", factor_key(), network_address(), now)
        if refusal is None:
            codes = set_factor(transaction, user, secret, form.code.data or "", factor_key(), now, replaces=has_one)
    if refusal is not None:
        raise Refused(refusal.code, refusal.message, field="old")
    return codes


def _remove(user: User, form: Form, now: datetime) -> None:
    """Take it away. What is wrong is counted, so that is kept whatever comes of it."""
    attempt: Attempt | None = None
    if user.password_hash:
        attempt = check_password(db.session(), user.email, form.current.data or "", network_address(), now)
    with writing() as transaction:
        refusal = confirm_password(transaction, attempt, now) if attempt else None
        refusal = refusal or use_code(transaction, user, form.code.data or "", factor_key(), network_address(), now)
        if refusal is None:
            remove_factor(transaction, user, now)
    if refusal is not None:
        raise refusal


def _codes_page(codes: list[str], *, is_first: bool) -> str:
    return render_template("account/recovery_codes.html", codes=codes, is_first=is_first)
