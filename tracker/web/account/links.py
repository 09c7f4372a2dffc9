"""Signing in by a link: asking for one, and following it.

Following it changes nothing: programs that look at mails follow links too. The button on its page does.
"""

from __future__ import annotations

from datetime import UTC, datetime

from flask import abort, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from tracker.models import db, writing
from tracker.operations.refused import Refused
from tracker.operations.sign_in_links import (
    MadeLink,
    address_of_link,
    ask_for_link,
    make_link,
    mark_link_sent,
    use_link,
)
from tracker.web import gate, speaking
from tracker.web.account.door import account, go_in, network_address
from tracker.web.account.signing_in import LinkForm, SignInForm, sign_in_page
from tracker.web.forms import Form
from tracker.web.gate import public


@account.get("/login/link")
@public
def link_form() -> Response:
    """Whoever reloads the page after asking finds the form again."""
    return redirect(url_for("account.login"))


@account.post("/login/link")
@public
def ask_link() -> tuple[str, int]:
    """Ask for a link. Whatever is known about the address, the answer is the same."""
    settings = gate.settings()
    if not settings.offers_links:
        abort(404)
    form = LinkForm()
    status = 422
    if form.validate_on_submit():
        try:
            made = _ask(form.address.data or "", is_shown=not settings.sends_mail)
        except Refused as refusal:
            form.refuse(refusal)
            status = 429 if refusal.code == "too_many_links" else 422
        else:
            return render_template("account/link_asked.html", is_shown=not settings.sends_mail, made=made), 200
    return sign_in_page(SignInForm(formdata=None), form, form), status


@account.route("/login/link/<token>", methods=["GET", "POST"])
@public
def link(token: str) -> Response | tuple[str, int]:
    form = Form()
    now = datetime.now(UTC)
    if form.validate_on_submit():
        with writing() as transaction:
            outcome = use_link(transaction, token, network_address(), today=gate.today(), now=now)
        if outcome.user is not None:
            return go_in(outcome, outcome.next_path)
        if outcome.refusal is not None and outcome.refusal.code == "too_many_attempts":
            return render_template("errors/refused.html", refusal=outcome.refusal), 429
        return _over()
    address = address_of_link(db.session(), token, now)
    return (render_template("account/link.html", form=form, address=address), 200) if address else _over()


def _ask(email: str, *, is_shown: bool) -> MadeLink | None:
    """Write the wish down. A demonstration without a mail server shows the link at once: it is not sent anywhere."""
    now = datetime.now(UTC)
    next_path = gate.safe_path(request.args.get("next")) or ""
    with writing() as transaction:
        asked = ask_for_link(transaction, email, network_address(), speaking.spoken(), next_path, now)
        made = make_link(transaction, asked, now) if is_shown else None
        if made is not None:
            mark_link_sent(transaction, asked.id)
    return made


def _over() -> tuple[str, int]:
    """Used, too old or never made: one page, with the way to ask anew, or on for who is signed in and opened it again."""
    session_of = current_user.email if current_user.is_authenticated else None
    page = render_template("account/link_over.html", is_offered=gate.settings().offers_links, session_of=session_of)
    return page, 410
