"""Signing in by a password, signing out, and where each person starts."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import redirect, render_template, request, session, url_for
from flask_login import current_user, logout_user
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response
from wtforms import PasswordField, StringField, SubmitField
from wtforms.validators import InputRequired

from tracker.access.listing import units_of
from tracker.coverage.first_steps import first_steps, has_sign_ins
from tracker.language import lazy
from tracker.models import db, writing
from tracker.operations.accounts import SignIn, check_password, sign_in, sign_out
from tracker.operations.refused import Refused
from tracker.web import gate, nav
from tracker.web.account.door import account, go_in, network_address
from tracker.web.account.roles import role_lines
from tracker.web.forms import Form
from tracker.web.gate import opened_to, public, signed_in

_DEMO_SIGN_INS = (
    ("member@example.org", lazy("a member: their own record")),
    ("officer@example.org", lazy("an officer: one local’s figures and names")),
    ("staff@example.org", lazy("training staff: everything about learning")),
    ("admin@example.org", lazy("an administrator: users, roles, audit")),
)


class SignInForm(Form):
    email = StringField(
        lazy("E-mail address"),
        [InputRequired(lazy("Enter your e-mail address."))],
        render_kw={"autocomplete": "username", "inputmode": "email", "autocapitalize": "none", "spellcheck": "false"},
    )
    password = PasswordField(
        lazy("Password"), [InputRequired(lazy("Enter your password."))], render_kw={"autocomplete": "current-password"}
    )
    submit = SubmitField(lazy("Sign in"))


class LinkForm(Form):
    """Beside the form above on one page: so its field is called otherwise."""

    address = StringField(
        lazy("E-mail address"),
        [InputRequired(lazy("Enter your e-mail address."))],
        description=lazy("The one your local’s roster has, or the one you sign in with."),
        render_kw={"autocomplete": "email", "inputmode": "email", "autocapitalize": "none", "spellcheck": "false"},
    )
    submit = SubmitField(lazy("Send me a sign-in link"), id="send-link")


@account.get("/")
@signed_in
def home() -> Response | str:
    """Send each person to where their work is."""
    reach, today = gate.reach(), gate.today()
    if reach.is_staff and not first_steps(db.session(), today).are_done:
        return redirect(url_for(".start"))
    path = nav.home_path(db.session(), reach)
    if path:
        return redirect(path)
    user = gate.signed_in_user()
    coming = role_lines(user, units_of(db.session(), [user]), today)
    return render_template("account/no_role.html", coming=coming)


@account.get("/start")
@opened_to(lambda reach: reach.is_staff or reach.is_admin)
def start() -> str:
    """What is still missing for the first report."""
    steps = first_steps(db.session(), gate.today())
    return render_template("account/start.html", steps=steps, home=nav.home_path(db.session(), gate.reach()))


@account.route("/login", methods=["GET", "POST"])
@public
def login() -> Response | tuple[str, int]:
    if current_user.is_authenticated:
        return redirect(gate.safe_path(request.args.get("next")) or url_for("account.home"))
    form = SignInForm()
    status = 200
    if form.validate_on_submit():
        email, password = form.email.data or "", form.password.data or ""
        outcome = _sign_in(email, password)
        if outcome.user is not None:
            return go_in(outcome, request.args.get("next"))
        if outcome.refusal is not None:
            form.refuse(outcome.refusal)
            status = 429 if outcome.refusal.code == "too_many_attempts" else 401
    elif form.is_submitted():
        status = 422
    return sign_in_page(form, LinkForm(formdata=None), form), status


def _sign_in(email: str, password: str) -> SignIn:
    """Check the password first, while nobody waits for it; then write down what came of it."""
    now = datetime.now(UTC)
    try:
        attempt = check_password(db.session(), email, password, network_address(), now)
    except Refused as refusal:
        return SignIn(None, refusal)
    with writing() as transaction:
        return sign_in(transaction, attempt, now)


def sign_in_page(password_form: SignInForm, link_form: LinkForm, form: Form) -> str:
    """The page with both ways in; ``form`` is the one that was sent."""
    settings = gate.settings()
    demo = {"demo_sign_ins": _DEMO_SIGN_INS, "demo_password": settings.demo_password} if settings.is_demo else {}
    return render_template(
        "account/login.html",
        form=form,
        password_form=password_form,
        link_form=link_form if settings.offers_links else None,
        provider=settings.sign_in_provider if settings.url else None,  # else it could not send anyone back
        next_path=gate.safe_path(request.args.get("next")),
        is_new=_is_new(),
        **demo,
    )


@account.post("/logout")
@signed_in
def logout() -> Response:
    """End the session here and everywhere, and leave nothing behind on a shared computer."""
    user = gate.signed_in_user()
    with writing() as transaction:
        sign_out(transaction, user)
    logout_user()
    session.clear()
    answer = redirect(url_for("account.login", out=1), 303)
    answer.headers["Clear-Site-Data"] = '"cache", "cookies", "storage"'
    return answer


def _is_new() -> bool:
    """Whether nobody can sign in yet. Without its database the page still stands: sending it then says what is wrong."""
    try:
        return not has_sign_ins(db.session())
    except SQLAlchemyError:
        db.session.rollback()
        return False
