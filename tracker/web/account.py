"""Signing in and out, one's own password, light or dark."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, session, url_for
from flask_login import current_user, login_user, logout_user
from werkzeug.wrappers import Response as BaseResponse
from wtforms import PasswordField, StringField, SubmitField
from wtforms.validators import EqualTo, InputRequired

from tracker.language import language_named
from tracker.models import User, db, writing
from tracker.operations.accounts import change_password, choose_language, sign_in, sign_out
from tracker.operations.passwords import SHORTEST
from tracker.web import gate, nav
from tracker.web.forms import Form
from tracker.web.gate import public, signed_in
from tracker.web.speaking import COOKIE

account = Blueprint("account", __name__)

_DEMO_SIGN_INS = (
    ("member@example.org", "a member: their own record"),
    ("officer@example.org", "an officer: one local's figures and names"),
    ("staff@example.org", "training staff: everything about learning"),
    ("admin@example.org", "an administrator: users, roles, audit"),
)
_YEAR = 365 * 24 * 3600


class SignInForm(Form):
    email = StringField(
        "E-mail address",
        [InputRequired("Enter your e-mail address.")],
        render_kw={"autocomplete": "username", "inputmode": "email", "autocapitalize": "none", "spellcheck": "false"},
    )
    password = PasswordField(
        "Password", [InputRequired("Enter your password.")], render_kw={"autocomplete": "current-password"}
    )
    submit = SubmitField("Sign in")


class PasswordForm(Form):
    current = PasswordField(
        "Present password",
        [InputRequired("Enter the password you have now.")],
        render_kw={"autocomplete": "current-password"},
    )
    password = PasswordField(
        "New password",
        [InputRequired("Enter a new password.")],
        description=f"At least {SHORTEST} characters. A few unrelated words make a good one.",
        render_kw={"autocomplete": "new-password"},
    )
    again = PasswordField(
        "New password again",
        [EqualTo("password", "The two new passwords differ.")],
        render_kw={"autocomplete": "new-password"},
    )
    submit = SubmitField("Change password")


@account.get("/")
@signed_in
def home() -> BaseResponse | str:
    """Send each person to where their work is."""
    path = nav.home_path(db.session(), gate.reach())
    return redirect(path) if path else render_template("account/no_role.html")


@account.route("/login", methods=["GET", "POST"])
@public
def login() -> BaseResponse | tuple[str, int]:
    if current_user.is_authenticated:
        return redirect(gate.safe_path(request.args.get("next")) or url_for("account.home"))
    form = SignInForm()
    status = 200
    if form.validate_on_submit():
        with writing() as transaction:
            outcome = sign_in(transaction, form.email.data or "", form.password.data or "", _address(), datetime.now(UTC))
        if outcome.user is not None:
            _begin_session(outcome.user)
            return redirect(gate.safe_path(request.args.get("next")) or url_for("account.home"), 303)
        if outcome.refusal is not None:
            form.refuse(outcome.refusal)
            status = 429 if outcome.refusal.code == "too_many_attempts" else 401
    elif form.is_submitted():
        status = 422
    demo = {"demo_sign_ins": _DEMO_SIGN_INS, "demo_password": gate.settings().demo_password}
    return render_template("account/login.html", form=form, **(demo if gate.settings().is_demo else {})), status


@account.post("/logout")
@signed_in
def logout() -> BaseResponse:
    """End the session here and everywhere, and leave nothing behind on a shared computer."""
    user = gate.signed_in_user()
    with writing() as transaction:
        sign_out(transaction, user)
    logout_user()
    session.clear()
    answer = redirect(url_for("account.login", out=1), 303)
    answer.headers["Clear-Site-Data"] = '"cache", "cookies", "storage"'
    return answer


@account.route("/account/password", methods=["GET", "POST"])
@signed_in
def password() -> BaseResponse | tuple[str, int]:
    form = PasswordForm()
    if form.validate_on_submit():
        user = gate.signed_in_user()
        with writing() as transaction:
            outcome = change_password(
                transaction, user, form.current.data or "", form.password.data or "", _address(), datetime.now(UTC)
            )
        if outcome.refusal is None:
            _begin_session(user)  # every session ended with the old password; this person goes on in a new one
            flash("Your password is changed. You are signed out everywhere else.", "success")
            return redirect(url_for("account.home"), 303)
        form.refuse(outcome.refusal)
    return render_template("account/password.html", form=form), 422 if form.is_submitted() else 200


@account.post("/theme")
@public
def theme() -> BaseResponse:
    """Light, dark, or as the system says: kept in a cookie, so that the page arrives in it."""
    chosen = request.form.get("theme", "")
    answer: Response = make_response(redirect(gate.safe_path(request.form.get("next")) or url_for("account.home"), 303))
    if chosen in nav.THEMES:
        answer.set_cookie("theme", chosen, max_age=_YEAR, httponly=True, samesite="Lax", secure=request.is_secure)
    return answer


@account.post("/language")
@public
def language() -> BaseResponse:
    """The language of pages, files and mails: kept in a cookie, and with the sign-in of whoever is signed in."""
    chosen = language_named(request.form.get("language"))
    answer: Response = make_response(redirect(gate.safe_path(request.form.get("next")) or url_for("account.home"), 303))
    if chosen is not None:
        answer.set_cookie(COOKIE, chosen, max_age=_YEAR, httponly=True, samesite="Lax", secure=request.is_secure)
        if current_user.is_authenticated:
            user = gate.signed_in_user()
            with writing() as transaction:
                choose_language(transaction, user, chosen)
    return answer


def _begin_session(user: User) -> None:
    """A new session with nothing of the old one in it, so that no one can have prepared it."""
    session.clear()
    login_user(user)


def _address() -> str:
    return request.remote_addr or "unknown"
