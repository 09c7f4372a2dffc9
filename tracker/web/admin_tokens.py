"""Anybody's tokens, for administrators: what programs act as this person, and the way to stop one."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from tracker.access.finding import user_for
from tracker.coverage.tokens import token_of, tokens_of
from tracker.curriculum.words import Role
from tracker.language import _
from tracker.models import db, writing
from tracker.operations.tokens import revoke_token
from tracker.web import gate
from tracker.web.account.tokens import scope_words
from tracker.web.forms import Form
from tracker.web.gate import admin_only

tokens = Blueprint("tokens", __name__, url_prefix="/admin/users/<int:user_id>/tokens")


@tokens.get("", strict_slashes=False)
@admin_only
def listed(user_id: int) -> str:
    """The tokens of one person."""
    session = db.session()
    user = user_for(session, gate.reach(), user_id)
    lines = tokens_of(session, user.id, datetime.now(UTC))
    return render_template("admin/tokens.html", user=user, lines=lines, scope_words=scope_words)


@tokens.route("/<int:token_id>/revoke", methods=["GET", "POST"])
@admin_only
def revoke(user_id: int, token_id: int) -> Response | str:
    """Let a token of theirs open nothing more."""
    user, form = user_for(db.session(), gate.reach(), user_id), Form()
    token = token_of(db.session(), user.id, token_id)
    if token is None:
        abort(404)
    back = url_for(".listed", user_id=user_id)
    if form.validate_on_submit():
        with writing() as transaction:
            revoke_token(transaction, token, gate.actor(Role.ADMIN), now=datetime.now(UTC))
        flash(_("The token %(name)s opens nothing more.", name=token.name), "success")
        return redirect(back, 303)
    return render_template(
        "account/tokens_revoke.html",
        form=form,
        token=token,
        back_url=back,
        back_name=_("Tokens of %(person)s", person=user.email),
    )
