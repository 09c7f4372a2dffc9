"""The account page: who one is here, and one's own password."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

from flask import flash, redirect, render_template, url_for
from werkzeug.wrappers import Response
from wtforms import PasswordField, SubmitField
from wtforms.validators import EqualTo, InputRequired

from tracker.access.listing import units_of
from tracker.language import _, lazy, word
from tracker.models import Member, User, db, writing
from tracker.operations.accounts import change_password, check_password, has_factor, set_first_password
from tracker.operations.notices.keeping import DIGEST, ROLL_UP
from tracker.operations.notices.stopping import STOPPABLE, stopped_kinds
from tracker.operations.passwords import SHORTEST, hashed
from tracker.operations.refused import Refused
from tracker.web import gate
from tracker.web.account.door import account, begin_session, network_address
from tracker.web.account.roles import role_lines
from tracker.web.forms import Form
from tracker.web.gate import signed_in


def _new_password() -> PasswordField:
    return PasswordField(
        lazy("New password"),
        [InputRequired(lazy("Enter a new password."))],
        description=lazy("At least %(shortest)s characters. A few unrelated words make a good one.", shortest=SHORTEST),
        render_kw={"autocomplete": "new-password"},
    )


def _new_again() -> PasswordField:
    return PasswordField(
        lazy("New password again"),
        [EqualTo("password", lazy("The two new passwords differ."))],
        render_kw={"autocomplete": "new-password"},
    )


class FirstPasswordForm(Form):
    password = _new_password()
    again = _new_again()
    submit = SubmitField(lazy("Set this password"))


class PasswordForm(Form):
    current = PasswordField(
        lazy("Present password"),
        [InputRequired(lazy("Enter the password you have now."))],
        render_kw={"autocomplete": "current-password"},
    )
    password = _new_password()
    again = _new_again()
    submit = SubmitField(lazy("Change password"))


class MailKind(NamedTuple):
    """A kind of mail that one may stop, and whether one has."""

    code: str
    name: str
    is_stopped: bool


@account.get("/account/")
@signed_in
def page() -> str:
    """Everything about one's own sign-in, on one page."""
    session, user, reach = db.session(), gate.signed_in_user(), gate.reach()
    stopped = stopped_kinds(session, user.email)
    comes = {DIGEST: reach.member_id is not None, ROLL_UP: reach.is_officer}
    return render_template(
        "account/account.html",
        user=user,
        member=_member_of(user),
        roles=role_lines(user, units_of(session, [user]), gate.today()),
        kinds=[MailKind(kind, word(name), kind in stopped) for kind, name in STOPPABLE.items() if comes[kind]],
        offers_links=gate.settings().offers_links,
        has_factor=has_factor(session, user.id),
    )


@account.route("/account/password", methods=["GET", "POST"])
@signed_in
def password() -> Response | tuple[str, int]:
    """Change one's password, or set the first: who has come by links alone has none to state."""
    user = gate.signed_in_user()
    is_first = user.password_hash is None
    form = FirstPasswordForm() if is_first else PasswordForm()
    if form.validate_on_submit():
        try:
            _set_first(user, form) if is_first else _change(user, form)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            begin_session(user)  # every session ended with the old password; this person goes on in a new one
            flash(
                _("You have a password now. You are signed out everywhere else.")
                if is_first
                else _("Your password is changed. You are signed out everywhere else."),
                "success",
            )
            return redirect(url_for("account.page"), 303)
    return render_template("account/password.html", form=form, is_first=is_first), 422 if form.is_submitted() else 200


def _change(user: User, form: PasswordForm) -> None:
    """Change it. A wrong guess at the present one is counted, so it is kept whatever comes of it."""
    now = datetime.now(UTC)
    new = hashed(form.password.data or "", user.email)
    attempt = check_password(db.session(), user.email, form.current.data or "", network_address(), now)
    with writing() as transaction:
        refusal = change_password(transaction, user, attempt, new, now)
    if refusal is not None:
        raise refusal


def _set_first(user: User, form: FirstPasswordForm) -> None:
    new = hashed(form.password.data or "", user.email)
    with writing() as transaction:
        set_first_password(transaction, user, new, datetime.now(UTC))


def _member_of(user: User) -> Member | None:
    return db.session.get(Member, user.member_id) if user.member_id is not None else None
