"""What a person chooses: light or dark, the language, and which mails come."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Response, flash, make_response, redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from tracker.language import _, language_named, speaking
from tracker.models import writing
from tracker.operations.accounts import choose_language
from tracker.operations.actor import Actor
from tracker.operations.notices.stopping import resume_notices, stop_notices
from tracker.web import gate, nav
from tracker.web.account.door import account
from tracker.web.cookies import keep_choice
from tracker.web.gate import public, signed_in
from tracker.web.speaking import COOKIE


@account.post("/theme")
@public
def theme() -> BaseResponse:
    """Light, dark, or as the system says: kept in a cookie, so that the page arrives in it."""
    chosen = request.form.get("theme", "")
    answer: Response = make_response(redirect(gate.safe_path(request.form.get("next")) or url_for("account.home"), 303))
    if chosen in nav.THEMES:
        keep_choice(answer, nav.THEME, chosen)
    return answer


@account.post("/language")
@public
def language() -> BaseResponse:
    """The language of pages, files and mails: kept in a cookie, and with the sign-in of whoever is signed in."""
    chosen = language_named(request.form.get("language"))
    answer: Response = make_response(redirect(gate.safe_path(request.form.get("next")) or url_for("account.home"), 303))
    if chosen is not None:
        keep_choice(answer, COOKIE, chosen)
        if current_user.is_authenticated:
            user = gate.signed_in_user()
            with writing() as transaction:
                choose_language(transaction, user, chosen)
            if "told" in request.form:  # the account page, which is about what was chosen
                with speaking(chosen):
                    flash(_("Pages, files and mails come in this language from now on."), "success")
    return answer


@account.post("/account/notices")
@signed_in
def notices() -> BaseResponse:
    """Stop the mails of a kind, or let them come again."""
    user, kind, now = gate.signed_in_user(), request.form.get("kind", ""), datetime.now(UTC)
    themselves = Actor(user.id, "self", user.email)
    with writing() as transaction:
        if "stop" in request.form:
            is_new = stop_notices(transaction, user.email, kind, themselves, now)
            said = _("These mails stop.") if is_new else _("These mails had stopped already.")
        else:
            is_new = resume_notices(transaction, user.email, kind, themselves, now)
            said = _("These mails come again.") if is_new else _("These mails come already.")
    flash(said, "success")
    return redirect(url_for("account.page"), 303)
