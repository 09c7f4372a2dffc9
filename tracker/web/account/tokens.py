"""`/account/tokens`: tokens for programs of one's own. Each is shown once."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import abort, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response
from wtforms import IntegerField, SelectMultipleField, StringField, SubmitField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired, NumberRange
from wtforms.widgets import CheckboxInput, ListWidget

from tracker.coverage.tokens import token_of, tokens_of
from tracker.language import _, lazy, word
from tracker.models import ApiToken, db, writing
from tracker.operations.actor import Actor
from tracker.operations.refused import Refused
from tracker.operations.tokens import (
    LONGEST_DAYS,
    OF_PERSONS,
    SCOPE_WORDS,
    USUAL_DAYS,
    Scope,
    make_token,
    revoke_token,
    scopes_of,
)
from tracker.web import gate
from tracker.web.account.door import account
from tracker.web.forms import Form
from tracker.web.gate import signed_in


class TokenForm(Form):
    name = StringField(
        lazy("Name"),
        [InputRequired(lazy("Give it a name: what the program is for."))],
        description=lazy("What the program is for, such as: figures for the monthly meeting."),
        render_kw={"autocomplete": "off", "maxlength": 80},
    )
    scopes = SelectMultipleField(
        lazy("What it may do"),
        [InputRequired(lazy("Choose what the program may do."))],
        coerce=Scope,
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
    )
    days = IntegerField(
        lazy("For how many days"),
        [InputRequired(lazy("Say for how many days.")), NumberRange(1, LONGEST_DAYS, lazy("Choose 1 to 365 days."))],
        description=lazy("At most 365. Then it ends by itself."),
        render_kw={"inputmode": "numeric", "min": 1, "max": LONGEST_DAYS},
    )
    submit = SubmitField(lazy("Make this token"))


def scope_words(scopes: str) -> list[str]:
    """What a token may do, in words."""
    return [word(SCOPE_WORDS[scope]) for scope in Scope if scope in scopes_of(scopes)]


@account.get("/account/tokens")
@signed_in
def tokens() -> str:
    """One's own tokens."""
    lines = tokens_of(db.session(), gate.signed_in_user().id, datetime.now(UTC))
    return render_template("account/tokens.html", lines=lines, scope_words=scope_words)


@account.route("/account/tokens/new", methods=["GET", "POST"])
@signed_in
def new_token() -> tuple[str, int]:
    """Make one. It is shown once."""
    form = TokenForm(days=USUAL_DAYS, scopes=[Scope.READ])
    form.scopes.choices = [SelectChoice(scope, word(SCOPE_WORDS[scope])) for scope in OF_PERSONS]
    if form.validate_on_submit():
        user = gate.signed_in_user()
        try:
            with writing() as transaction:
                made = make_token(
                    transaction,
                    user,
                    form.name.data or "",
                    form.scopes.data or [],
                    form.days.data or 0,
                    now=datetime.now(UTC),
                )
        except Refused as refusal:
            form.refuse(refusal)
        else:
            # Answered without a redirect: the token must not pass through a cookie or an address.
            base = gate.settings().url
            return render_template("account/tokens_made.html", token=made.token, shown=made.shown, base=base), 200
    return render_template("account/tokens_new.html", form=form), 422 if form.is_submitted() else 200


@account.route("/account/tokens/<int:token_id>/revoke", methods=["GET", "POST"])
@signed_in
def revoke_own_token(token_id: int) -> Response | str:
    """Let one open nothing more."""
    user, form = gate.signed_in_user(), Form()
    token = _own(user.id, token_id)
    if form.validate_on_submit():
        with writing() as transaction:
            revoke_token(transaction, token, Actor(user.id, "self", user.email), now=datetime.now(UTC))
        flash(_("The token %(name)s opens nothing more.", name=token.name), "success")
        return redirect(url_for(".tokens"), 303)
    back = url_for(".tokens")
    return render_template("account/tokens_revoke.html", form=form, token=token, back_url=back, back_name=_("Your tokens"))


def _own(user_id: int, token_id: int) -> ApiToken:
    token = token_of(db.session(), user_id, token_id)
    if token is None:
        abort(404)
    return token
