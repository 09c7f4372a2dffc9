"""Administrators: who signs in as what, and the audit trail."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response
from wtforms import SelectField, StringField, SubmitField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired

from tracker.access.finding import grant_for, user_for
from tracker.access.listing import audit_page, units_of, users_page
from tracker.coverage.finding import find_member, find_unit
from tracker.curriculum.words import Role
from tracker.models import Member, User, db, writing
from tracker.operations.accounts import add_user, end_role, find_user, reactivate, set_password, suspend
from tracker.operations.passwords import generated_password
from tracker.operations.refused import Refused
from tracker.web import gate
from tracker.web.forms import Form
from tracker.web.gate import admin_only, audit_readers
from tracker.web.ids import row_id

admin = Blueprint("admin", __name__, url_prefix="/admin")

ROLE_WORDS = {
    Role.MEMBER: "Member: their own record",
    Role.LOCAL_VIEWER: "Local viewer: a local's figures and its members' states",
    Role.LOCAL_LEAD: "Local training lead: the same, and its members' evidence",
    Role.DISTRICT_VIEWER: "District viewer: figures of a district and its locals, no names",
    Role.STAFF: "Training staff: everything about learning",
    Role.AUDITOR: "Auditor: sees everything, changes nothing",
    Role.ADMIN: "Administrator: users, roles, settings, audit",
}


class UserForm(Form):
    email = StringField(
        "E-mail address",
        [InputRequired("Enter an e-mail address.")],
        description="With an address that signs in already, that person gets one more role.",
        render_kw={"autocomplete": "off", "inputmode": "email", "autocapitalize": "none"},
    )
    role = SelectField("Role", choices=[SelectChoice(role.value, words) for role, words in ROLE_WORDS.items()])
    unit = StringField("Local or district", description="Its number, for an officer's role. Else leave it empty.")
    member = StringField("Member", description="Member number or e-mail address, for the role member.")
    submit = SubmitField("Add this role")


@admin.get("/")
@admin_only
def users() -> str:
    query = request.args.get("q", "").strip()
    page = users_page(db.session(), query, after=request.args.get("after", ""))
    return render_template("admin/users.html", page=page, query=query, units=_units_shown(page.rows), today=gate.today())


@admin.route("/users/new", methods=["GET", "POST"])
@admin_only
def new_user() -> tuple[str, int]:
    form = UserForm(email=request.args.get("email", ""))
    if form.validate_on_submit():
        try:
            added, password = _add(form)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            # Answered without a redirect: the password must not pass through a cookie or an address.
            return render_template("admin/password.html", user=added, password=password), 200
    return render_template("admin/new_user.html", form=form), 422 if form.is_submitted() else 200


@admin.get("/users/<int:user_id>")
@admin_only
def user(user_id: int) -> str:
    found = user_for(db.session(), gate.reach(), user_id)
    member = db.session.get(Member, found.member_id) if found.member_id else None
    return render_template(
        "admin/user.html",
        user=found,
        member=member,
        units=_units_shown([found]),
        today=gate.today(),
        is_self=found.id == gate.reach().user_id,
    )


@admin.route("/users/<int:user_id>/roles/<int:grant_id>/end", methods=["GET", "POST"])
@admin_only
def end_user_role(user_id: int, grant_id: int) -> Response | str:
    grant = grant_for(db.session(), gate.reach(), user_id, grant_id)
    form = Form()
    if form.validate_on_submit():
        with writing() as transaction:
            end_role(transaction, grant, gate.actor(Role.ADMIN), gate.today())
        flash("That role has ended, and so have their sessions.", "success")
        return redirect(url_for(".user", user_id=user_id), 303)
    return render_template("admin/end_role.html", form=form, user=grant.user, grant=grant, units=_units_shown([grant.user]))


@admin.route("/users/<int:user_id>/suspend", methods=["GET", "POST"])
@admin_only
def suspend_user(user_id: int) -> Response | str:
    found = user_for(db.session(), gate.reach(), user_id)
    form = Form()
    if form.validate_on_submit():
        with writing() as transaction:
            suspend(transaction, found, gate.actor(Role.ADMIN))
        flash(f"{found.email} can sign in no more. What they recorded stays.", "success")
        return redirect(url_for(".user", user_id=user_id), 303)
    return render_template("admin/suspend.html", form=form, user=found)


@admin.post("/users/<int:user_id>/reactivate")
@admin_only
def reactivate_user(user_id: int) -> Response:
    found = user_for(db.session(), gate.reach(), user_id)
    with writing() as transaction:
        reactivate(transaction, found, gate.actor(Role.ADMIN))
    flash(f"{found.email} can sign in again, with the roles they still hold.", "success")
    return redirect(url_for(".user", user_id=user_id), 303)


@admin.post("/users/<int:user_id>/password")
@admin_only
def new_password(user_id: int) -> str:
    """A one-time password for someone who forgot theirs."""
    found = user_for(db.session(), gate.reach(), user_id)
    password = generated_password()
    with writing() as transaction:
        set_password(transaction, found, password, gate.actor(Role.ADMIN))
    return render_template("admin/password.html", user=found, password=password)


@admin.get("/audit")
@audit_readers
def audit() -> str:
    action = request.args.get("action", "").strip()
    page = audit_page(db.session(), action, before=request.args.get("before", type=row_id))
    return render_template("admin/audit.html", page=page, action=action)


def _add(form: UserForm) -> tuple[User, str | None]:
    """Write what the form asks; with it the password of a new sign-in."""
    email = form.email.data or ""
    with writing() as transaction:
        unit = find_unit(transaction, form.unit.data) if form.unit.data else None
        if form.unit.data and unit is None:
            raise Refused("unknown_unit", f"No unit is known as {form.unit.data}.", field="unit")
        member = find_member(transaction, form.member.data) if form.member.data else None
        if form.member.data and member is None:
            raise Refused("unknown_member", f"No one member is known as {form.member.data}.", field="member")
        password = generated_password() if find_user(transaction, email) is None else None
        member_id = member.member_id if member else None
        role = Role(form.role.data)
        added = add_user(transaction, email, role, unit, member_id, gate.actor(Role.ADMIN), gate.today(), password)
    return added, password


def _units_shown(users: list[User]) -> dict[int, Any]:
    return units_of(db.session(), users)
