"""Administrators: who signs in as what, from when until when."""

from __future__ import annotations

from datetime import UTC, date, datetime

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response
from wtforms import SelectField, StringField, SubmitField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired, Optional

from tracker.access.finding import grant_for, user_for
from tracker.access.listing import role_units, units_of, users_page
from tracker.coverage.finding import find_member, find_unit
from tracker.coverage.first_steps import first_steps
from tracker.curriculum.words import Role
from tracker.language import _, day, lazy
from tracker.models import Member, User, db, writing
from tracker.operations.accounts import (
    add_user,
    change_address,
    end_role,
    find_user,
    give_password,
    has_factor,
    reactivate,
    role_in_words,
    suspend,
)
from tracker.operations.passwords import generated_password, hashed
from tracker.operations.refused import Refused
from tracker.operations.second_factor import reset_factor
from tracker.web import gate
from tracker.web.account.roles import role_lines
from tracker.web.fields import DayField
from tracker.web.forms import Form
from tracker.web.gate import admin_only

admin = Blueprint("admin", __name__, url_prefix="/admin")

ROLE_WORDS = {
    Role.MEMBER: lazy("Member: their own record"),
    Role.LOCAL_VIEWER: lazy("Local viewer: a local’s figures and its members’ states"),
    Role.LOCAL_LEAD: lazy("Local training lead: the same, and its members’ evidence"),
    Role.DISTRICT_VIEWER: lazy("District viewer: figures of a district and its locals, no names"),
    Role.STAFF: lazy("Training staff: everything about learning"),
    Role.AUDITOR: lazy("Auditor: sees everything, changes nothing"),
    Role.ADMIN: lazy("Administrator: users, roles, settings, audit"),
}
_ADDRESS = {"autocomplete": "off", "inputmode": "email", "autocapitalize": "none", "spellcheck": "false"}


class UserForm(Form):
    email = StringField(
        lazy("E-mail address"),
        [InputRequired(lazy("Enter an e-mail address."))],
        description=lazy("With an address that signs in already, that person gets one more role."),
        render_kw=_ADDRESS,
    )
    role = SelectField(lazy("Role"), choices=[SelectChoice(role.value, words) for role, words in ROLE_WORDS.items()])
    unit = StringField(
        lazy("Local or district"),
        description=lazy("For an officer’s role: begin to type its number or name. Else leave it empty."),
        render_kw={"list": "units", "autocomplete": "off"},
    )
    member = StringField(
        lazy("Member"),
        description=lazy("For the role member: their member number or e-mail address. Else leave it empty."),
        render_kw={"autocomplete": "off"},
    )
    from_on = DayField(lazy("First day"), [Optional()], description=lazy("Leave it empty for today."))
    until_on = DayField(
        lazy("Ends on"),
        [Optional()],
        description=lazy("The first day on which they hold it no more. Leave it empty if no end is known."),
    )
    submit = SubmitField(lazy("Add this role"))


class EndForm(Form):
    on = DayField(
        lazy("Ends on"),
        [InputRequired(lazy("Give the day."))],
        description=lazy(
            "The first day on which they hold it no more. Today ends it at once, with every session of theirs."
        ),
    )


class AddressForm(Form):
    email = StringField(lazy("New e-mail address"), [InputRequired(lazy("Enter an e-mail address."))], render_kw=_ADDRESS)
    submit = SubmitField(lazy("Change the address"))


@admin.get("/")
@admin_only
def users() -> str:
    session, today = db.session(), gate.today()
    query = request.args.get("q", "").strip()
    page = users_page(session, query, after=request.args.get("after", ""))
    units = units_of(session, page.rows)
    lines = [(each, role_lines(each, units, today)) for each in page.rows]
    return render_template("admin/users.html", page=page, lines=lines, query=query, steps=first_steps(session, today))


@admin.route("/users/new", methods=["GET", "POST"])
@admin_only
def new_user() -> tuple[str, int]:
    form = UserForm(email=request.args.get("email", ""), role=request.args.get("role", Role.MEMBER.value))
    if form.validate_on_submit():
        try:
            added, password = _add(form)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            # Answered without a redirect: the password must not pass through a cookie or an address.
            return _handed_over(added, password), 200
    units = role_units(db.session())
    offers_links = gate.settings().offers_links
    page = render_template("admin/new_user.html", form=form, units=units, offers_links=offers_links)
    return page, 422 if form.is_submitted() else 200


@admin.get("/users/<int:user_id>")
@admin_only
def user(user_id: int) -> str:
    session = db.session()
    found = user_for(session, gate.reach(), user_id)
    member = session.get(Member, found.member_id) if found.member_id else None
    return render_template(
        "admin/user.html",
        user=found,
        member=member,
        roles=role_lines(found, units_of(session, [found]), gate.today(), ended=True),
        is_self=found.id == gate.reach().user_id,
        has_factor=has_factor(session, found.id),
        offers_links=gate.settings().offers_links,
    )


@admin.route("/users/<int:user_id>/roles/<int:grant_id>/end", methods=["GET", "POST"])
@admin_only
def end_user_role(user_id: int, grant_id: int) -> Response | tuple[str, int]:
    session, today = db.session(), gate.today()
    grant = grant_for(session, gate.reach(), user_id, grant_id)
    unit = units_of(session, [grant.user]).get(grant.unit_id or 0)
    form = EndForm(on=today)
    if form.validate_on_submit():
        on = form.on.day
        try:
            with writing() as transaction:
                end_role(transaction, grant, gate.actor(Role.ADMIN), today, on, now=datetime.now(UTC))
        except Refused as refusal:
            if refusal.field != "on":
                raise
            form.refuse(refusal)
        else:
            flash(_how_it_ended(on, today), "success")
            return redirect(url_for(".user", user_id=user_id), 303)
    name = role_in_words(grant.role, unit)
    page = render_template("admin/end_role.html", form=form, user=grant.user, grant=grant, name=name, today=today)
    return page, 422 if form.is_submitted() else 200


@admin.route("/users/<int:user_id>/address", methods=["GET", "POST"])
@admin_only
def new_address(user_id: int) -> Response | tuple[str, int]:
    """Another address to sign in with. Both are told."""
    found = user_for(db.session(), gate.reach(), user_id)
    form = AddressForm()
    if form.validate_on_submit():
        try:
            with writing() as transaction:
                change_address(transaction, found, form.email.data or "", gate.actor(Role.ADMIN), datetime.now(UTC))
        except Refused as refusal:
            if refusal.field != "email":
                raise
            form.refuse(refusal)
        else:
            flash(
                _("They sign in as %(address)s from now on. Both addresses are told by mail.", address=found.email),
                "success",
            )
            return redirect(url_for(".user", user_id=user_id), 303)
    return render_template("admin/address.html", form=form, user=found), 422 if form.is_submitted() else 200


@admin.route("/users/<int:user_id>/suspend", methods=["GET", "POST"])
@admin_only
def suspend_user(user_id: int) -> Response | str:
    found = user_for(db.session(), gate.reach(), user_id)
    form = Form()
    if form.validate_on_submit():
        with writing() as transaction:
            suspend(transaction, found, gate.actor(Role.ADMIN))
        flash(_("%(address)s can sign in no more. What they recorded stays.", address=found.email), "success")
        return redirect(url_for(".user", user_id=user_id), 303)
    return render_template("admin/suspend.html", form=form, user=found)


@admin.post("/users/<int:user_id>/reactivate")
@admin_only
def reactivate_user(user_id: int) -> Response:
    found = user_for(db.session(), gate.reach(), user_id)
    with writing() as transaction:
        reactivate(transaction, found, gate.actor(Role.ADMIN))
    flash(_("%(address)s can sign in again, with the roles they still hold.", address=found.email), "success")
    return redirect(url_for(".user", user_id=user_id), 303)


@admin.post("/users/<int:user_id>/password")
@admin_only
def new_password(user_id: int) -> str:
    """A one-time password for someone who forgot theirs."""
    found = user_for(db.session(), gate.reach(), user_id)
    password = generated_password()
    kept = hashed(password, found.email)
    with writing() as transaction:
        give_password(transaction, found, kept, gate.actor(Role.ADMIN), now=datetime.now(UTC))
    return _handed_over(found, password)


@admin.route("/users/<int:user_id>/second-factor", methods=["GET", "POST"])
@admin_only
def reset_second_factor(user_id: int) -> Response | str:
    """Take away the second factor of someone who lost it."""
    found = user_for(db.session(), gate.reach(), user_id)
    form = Form()
    if form.validate_on_submit():
        with writing() as transaction:
            reset_factor(transaction, found, gate.actor(Role.ADMIN), datetime.now(UTC))
        flash(_("%(address)s signs in without a code now, and is told by mail.", address=found.email), "success")
        return redirect(url_for(".user", user_id=user_id), 303)
    return render_template("admin/reset_factor.html", form=form, user=found)


def _add(form: UserForm) -> tuple[User, str | None]:
    """Write what the form asks; with it the password of a new sign-in."""
    email = form.email.data or ""
    made = generated_password()
    kept = hashed(made, email)
    with writing() as transaction:
        unit = find_unit(transaction, form.unit.data) if form.unit.data else None
        if form.unit.data and unit is None:
            message = _("No unit is known as %(number)s, or more than one: choose it from the list.", number=form.unit.data)
            raise Refused("unknown_unit", message, field="unit")
        member = find_member(transaction, form.member.data) if form.member.data else None
        if form.member.data and member is None:
            raise Refused(
                "unknown_member", _("No one member is known as %(number)s.", number=form.member.data), field="member"
            )
        password = made if find_user(transaction, email) is None else None
        added = add_user(
            transaction,
            email,
            Role(form.role.data),
            unit,
            member.member_id if member else None,
            gate.actor(Role.ADMIN),
            gate.today(),
            kept if password else None,
            from_on=form.from_on.data,
            until_on=form.until_on.data,
            now=datetime.now(UTC),
        )
    return added, password


def _handed_over(user: User, password: str | None) -> str:
    offers_links = gate.settings().offers_links
    return render_template("admin/password.html", user=user, password=password, offers_links=offers_links)


def _how_it_ended(on: date, today: date) -> str:
    if on <= today:
        return _("That role has ended, and so have their sessions.")
    return _("That role ends on %(day)s by itself.", day=day(on))
