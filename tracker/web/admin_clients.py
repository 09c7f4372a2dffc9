"""Clients: programs that send statements. Administrators make and revoke them; staff and auditors see what they sent."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response
from wtforms import StringField, SubmitField
from wtforms.validators import InputRequired

from tracker.access.finding import client_for
from tracker.coverage.directory import user_names
from tracker.coverage.statements import client_lines, line_of, statements_page
from tracker.curriculum.words import Role
from tracker.language import _, lazy, mark
from tracker.models import db, writing
from tracker.operations.clients import add_client, revoke_client
from tracker.operations.refused import Refused
from tracker.web import gate
from tracker.web.forms import Form
from tracker.web.gate import admin_only, opened_to
from tracker.web.ids import row_id

clients = Blueprint("clients", __name__, url_prefix="/admin/clients")

_readers = opened_to(lambda reach: reach.is_admin or reach.sees_all_units, lambda reach: reach.is_admin)

# What became of a statement, as `tracker.models.StatementState` says it; drawn with ``word``.
STATE_WORDS = (
    *(mark("new"), mark("recorded"), mark("already known"), mark("waiting"), mark("not a completion")),
    *(mark("faulty"), mark("voided")),
)


class ClientForm(Form):
    name = StringField(
        lazy("Name"),
        [InputRequired(lazy("Give the client a name, such as LinkedIn Learning."))],
        description=lazy("Which program it is, such as LinkedIn Learning."),
        render_kw={"autocomplete": "off", "maxlength": 80},
    )
    submit = SubmitField(lazy("Make this client"))


@clients.get("", strict_slashes=False)
@_readers
def listed() -> str:
    return render_template("admin/clients.html", lines=client_lines(db.session()))


@clients.route("/new", methods=["GET", "POST"])
@admin_only
def new() -> tuple[str, int]:
    form = ClientForm()
    if form.validate_on_submit():
        try:
            with writing() as transaction:
                made = add_client(transaction, form.name.data or "", gate.actor(Role.ADMIN), now=datetime.now(UTC))
        except Refused as refusal:
            form.refuse(refusal)
        else:
            # Answered without a redirect: the secret must not pass through a cookie or an address.
            return render_template("admin/clients_secret.html", client=made.client, secret=made.secret, **_addresses()), 200
    return render_template("admin/clients_new.html", form=form), 422 if form.is_submitted() else 200


@clients.get("/<int:its_id>")
@_readers
def client(its_id: int) -> str:
    """What a client is, and to those who see everyone's learning what it sent."""
    session, reach = db.session(), gate.reach()
    found = client_for(session, reach, its_id)
    before = request.args.get("before", type=row_id)
    page = statements_page(session, found, before) if reach.sees_all_units else None
    people = user_names(session, (found.created_by, found.revoked_by))
    line = line_of(session, found)
    return render_template("admin/clients_client.html", line=line, page=page, people=people, **_addresses())


@clients.route("/<int:its_id>/revoke", methods=["GET", "POST"])
@admin_only
def revoke(its_id: int) -> Response | str:
    found = client_for(db.session(), gate.reach(), its_id)
    form = Form()
    if form.validate_on_submit():
        with writing() as transaction:
            revoke_client(transaction, found, gate.actor(Role.ADMIN), now=datetime.now(UTC))
        flash(_("%(name)s can send nothing more. What it sent stays.", name=found.name), "success")
        return redirect(url_for(".client", its_id=its_id), 303)
    return render_template("admin/clients_revoke.html", form=form, client=found)


def _addresses() -> dict[str, str]:
    """What the program must be told about this server: as the settings name it, else as this request came."""
    base = gate.settings().url or request.url_root.rstrip("/")
    return {"token_url": base + url_for("oauth2.token"), "statements_url": base + url_for("xapi.statements")}
