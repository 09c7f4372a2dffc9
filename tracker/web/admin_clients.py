"""Clients: programs and what they may do. Administrators make and revoke them; staff and auditors see what they sent."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response
from wtforms import SelectField, SelectMultipleField, StringField, SubmitField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired
from wtforms.widgets import CheckboxInput, ListWidget

from tracker.access.finding import client_for
from tracker.access.listing import role_units
from tracker.coverage.directory import user_names
from tracker.coverage.finding import find_unit
from tracker.coverage.statements import client_lines, line_of, statements_page
from tracker.curriculum.words import Role
from tracker.language import _, lazy, mark, word
from tracker.models import ApiClient, Unit, db, writing
from tracker.operations.accounts import ROLE_NAMES, role_in_words
from tracker.operations.clients import ROLES, NewClient, add_client, revoke_client
from tracker.operations.refused import Refused
from tracker.operations.tokens import SCOPE_WORDS, Scope, scopes_of
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


# What a client may be given; of a program of its own, not of a person's.
CLIENT_WORDS = {
    Scope.STATEMENTS: SCOPE_WORDS[Scope.STATEMENTS],
    Scope.READ: mark("read what its role may read"),
    Scope.COMPLETIONS: mark("record completions, as training staff"),
}


def _choice(role: Role) -> SelectChoice:
    return SelectChoice(role.value, lazy(ROLE_NAMES[role]))


class ClientForm(Form):
    name = StringField(
        lazy("Name"),
        [InputRequired(lazy("Give the client a name, such as LinkedIn Learning."))],
        description=lazy("Which program it is, such as LinkedIn Learning."),
        render_kw={"autocomplete": "off", "maxlength": 80},
    )
    scopes = SelectMultipleField(
        lazy("What it may do"),
        [InputRequired(lazy("Choose what the program may do."))],
        coerce=Scope,
        choices=[SelectChoice(scope, lazy(words)) for scope, words in CLIENT_WORDS.items()],
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
    )
    role = SelectField(
        lazy("Through which role it reads and records"),
        choices=[SelectChoice("", lazy("none: it only sends statements")), *(_choice(role) for role in ROLES)],
        description=lazy("It sees what a person with this role sees, and nothing else."),
    )
    unit = StringField(
        lazy("Local or district"),
        description=lazy("For an officer’s role: begin to type its number or name. Else leave it empty."),
        render_kw={"list": "units", "autocomplete": "off"},
    )
    submit = SubmitField(lazy("Make this client"))


@clients.get("", strict_slashes=False)
@_readers
def listed() -> str:
    return render_template("admin/clients.html", lines=client_lines(db.session()), rights_of=rights_of)


@clients.route("/new", methods=["GET", "POST"])
@admin_only
def new() -> tuple[str, int]:
    form = ClientForm(scopes=[Scope.STATEMENTS])
    if form.validate_on_submit():
        try:
            made = _make(form)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            # Answered without a redirect: the secret must not pass through a cookie or an address.
            shown = {"client": made.client, "secret": made.secret, "rights": rights_of(made.client), **_addresses()}
            return render_template("admin/clients_secret.html", **shown), 200
    page = render_template("admin/clients_new.html", form=form, units=role_units(db.session()))
    return page, 422 if form.is_submitted() else 200


def _make(form: ClientForm) -> NewClient:
    with writing() as transaction:
        number = (form.unit.data or "").strip()
        unit = find_unit(transaction, number) if number else None
        if number and unit is None:
            message = _("No unit is known as %(number)s, or more than one: choose it from the list.", number=number)
            raise Refused("unknown_unit", message, field="unit")
        return add_client(
            transaction,
            form.name.data or "",
            gate.actor(Role.ADMIN),
            now=datetime.now(UTC),
            scopes=form.scopes.data or [],
            role=Role(form.role.data) if form.role.data else None,
            unit=unit,
        )


class Rights(NamedTuple):
    """What a client may do, in words, and through which role; "" where it has none."""

    may: list[str]
    role: str
    sends_statements: bool


def rights_of(client: ApiClient) -> Rights:
    """What a client may do, as pages tell it."""
    scopes = scopes_of(client.scopes)
    unit = db.session.get(Unit, client.unit_id) if client.unit_id is not None else None
    role = role_in_words(client.role, unit) if client.role else ""
    return Rights([word(CLIENT_WORDS[each]) for each in Scope if each in scopes], role, Scope.STATEMENTS in scopes)


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
    return render_template(
        "admin/clients_client.html", line=line, page=page, people=people, rights=rights_of(found), **_addresses()
    )


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
    return {
        "token_url": base + url_for("oauth2.token"),
        "statements_url": base + url_for("xapi.statements"),
        "api_url": base + url_for("api_v1.page").rstrip("/"),
    }
