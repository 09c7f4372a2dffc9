"""What an administrator does: users, roles, the audit trail."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from little_union import Browser, World
from sqlalchemy import select

from tracker.models import AuditEntry, Notice, RoleGrant, User, db, new_ids
from tracker.operations.accounts import find_user


def today() -> date:
    return datetime.now(UTC).date()


@pytest.fixture
def ada(signed_in: Callable[[str], Browser]) -> Browser:
    return signed_in("ada")


def last_entry_of(app: Flask, action: str) -> AuditEntry:
    with app.app_context():
        found = db.session.scalars(
            select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.id.desc())
        ).first()
        assert found is not None
        return found


def roles_of(app: Flask, email: str) -> list[str]:
    with app.app_context():
        user = find_user(db.session(), email)
        return [grant.role.value for grant in user.grants] if user else []


def test_the_list_is_searched_by_address(ada: Browser) -> None:
    page = ada.get("/admin/?q=DORA").text
    assert "dora@example.org" in page
    assert "sam@example.org" not in page
    assert "No user" in ada.get("/admin/?q=100%25").text, "a percent sign is only a percent sign"


def test_the_list_comes_a_page_at_a_time(app: Flask, ada: Browser) -> None:
    with app.app_context():
        for each, user_id in enumerate(new_ids(60)):
            email = f"many-{each:02d}@example.org"
            db.session.add(
                User(id=user_id, email=email, email_key=email, created_at=db.session.scalar(select(User.created_at)))
            )
        db.session.commit()
    first = ada.get("/admin/?q=many").text
    assert "many-49@" in first
    assert "many-50@" not in first
    following = re.search(r'href="([^"]+)" rel="next"', first)
    assert following
    second = ada.get(following[1].replace("&amp;", "&")).text
    assert "many-50@" in second
    assert second.count("many-") < first.count("many-")
    assert 'rel="next"' not in second


def test_a_new_user_gets_a_password_that_is_shown_once(app: Flask, ada: Browser) -> None:
    sent = {"email": "Eve@Example.org", "role": "local-viewer", "unit": "Local 80", "member": ""}
    answer = ada.send("/admin/users/new", sent, page="/admin/users/new")
    shown = re.search(r'<p class="secret">([^<]+)</p>', answer.text)
    assert shown
    eve = Browser(app.test_client())
    assert eve.send("/login", {"email": "eve@example.org", "password": shown[1]}).status_code == 303
    assert eve.get("/").location == "/reports/locals/80"
    with app.app_context():
        trail = db.session.scalars(select(AuditEntry)).all()
        assert not any(shown[1] in str(entry.detail) for entry in trail)


def test_a_known_address_gets_one_more_role_and_keeps_its_password(app: Flask, ada: Browser) -> None:
    answer = ada.send("/admin/users/new", {"email": "sam@example.org", "role": "auditor"}, page="/admin/users/new")
    assert "Role added" in answer.text
    assert roles_of(app, "sam@example.org") == ["staff", "auditor"]
    assert Browser(app.test_client()).sign_in("sam").status_code == 303
    entry = last_entry_of(app, "grant_role")
    assert (entry.actor_role, entry.detail["role"]) == ("admin", "auditor")


@pytest.mark.parametrize("role", ["staff", "auditor", "local-lead", "admin"])
def test_no_administrator_gives_themselves_a_role(app: Flask, world: World, ada: Browser, role: str) -> None:
    """Or learning would open to who only looks after sign-ins. Another administrator can."""
    own = f"/admin/users/{world.users['ada']}"
    before = roles_of(app, "ada@example.org")
    sent = {"email": "Ada@example.org", "role": role, "unit": "80" if role == "local-lead" else ""}
    answer = ada.send("/admin/users/new", sent, page="/admin/users/new")
    assert answer.status_code == 422
    assert "Nobody gives themselves a role" in answer.text
    assert roles_of(app, "ada@example.org") == before
    page = ada.get(own).text
    assert "Nobody gives themselves a role" in page
    assert "Add a role" not in page
    assert "Add a role" in ada.get(f"/admin/users/{world.users['sam']}").text


@pytest.mark.parametrize(
    ("sent", "message", "field"),
    [
        ({"email": "not an address", "role": "staff"}, "is not an e-mail address", "email"),
        ({"email": "eve@example.org", "role": "local-lead"}, "is held in a local", "unit"),
        ({"email": "eve@example.org", "role": "local-lead", "unit": "2"}, "is held in a local", "unit"),
        ({"email": "eve@example.org", "role": "local-lead", "unit": "999"}, "No unit is known", "unit"),
        ({"email": "eve@example.org", "role": "staff", "unit": "80"}, "name no unit", "unit"),
        ({"email": "eve@example.org", "role": "member"}, "needs a member", "member"),
        ({"email": "eve@example.org", "role": "member", "member": "999"}, "No one member", "member"),
        ({"email": "eve@example.org", "role": "member", "member": "12"}, "signs in as ana@example.org", "member"),
        ({"email": "sam@example.org", "role": "staff"}, "is training staff already", "role"),
        ({"email": "eve@example.org", "role": "emperor"}, "Not a valid choice", "role"),
    ],
)
def test_a_refusal_stands_beside_its_field_and_writes_nothing(
    app: Flask, ada: Browser, sent: dict[str, str], message: str, field: str
) -> None:
    answer = ada.send("/admin/users/new", sent, page="/admin/users/new")
    assert answer.status_code == 422
    fault = re.search(rf'id="{field}-error">([^<]+)<', answer.text)
    assert fault
    assert message in fault[1]
    assert roles_of(app, "eve@example.org") == []


def test_ending_a_role_asks_first_then_ends_it_and_every_session(
    app: Flask, world: World, ada: Browser, signed_in: Callable[[str], Browser]
) -> None:
    otto = signed_in("otto")
    with app.app_context():
        grant_id = db.session.scalar(select(RoleGrant.id).where(RoleGrant.user_id == world.users["otto"]))
    path = f"/admin/users/{world.users['otto']}/roles/{grant_id}/end"
    assert "End the role auditor?" in ada.get(path).text
    assert otto.get("/admin/audit").status_code == 200, "asking changed nothing"
    assert ada.send(path, {"on": str(today())}, page=path).status_code == 303
    assert otto.get("/admin/audit").status_code == 303
    assert signed_in("otto").get("/admin/audit").status_code == 404
    assert last_entry_of(app, "end_role").detail["role"] == "auditor"
    assert ada.send(path, {"on": str(today())}, page=path).status_code == 409, "a second time there is nothing to end"


def test_a_role_is_looked_up_under_its_own_user(app: Flask, world: World, ada: Browser) -> None:
    with app.app_context():
        grant_id = db.session.scalar(select(RoleGrant.id).where(RoleGrant.user_id == world.users["otto"]))
    assert ada.get(f"/admin/users/{world.users['sam']}/roles/{grant_id}/end").status_code == 404


def test_suspending_ends_sessions_and_letting_back_in_restores_the_roles(
    app: Flask, world: World, ada: Browser, signed_in: Callable[[str], Browser]
) -> None:
    otto = signed_in("otto")
    path = f"/admin/users/{world.users['otto']}"
    assert ada.send(f"{path}/suspend", page=path).status_code == 303
    assert otto.get("/admin/audit").status_code == 303
    assert Browser(app.test_client()).sign_in("otto").status_code == 401
    assert ada.send(f"{path}/reactivate", page=path).status_code == 303
    assert signed_in("otto").get("/admin/audit").status_code == 200


def test_an_administrator_cannot_lock_themselves_out(app: Flask, world: World, ada: Browser) -> None:
    path = f"/admin/users/{world.users['ada']}"
    assert ada.send(f"{path}/suspend", page=path).status_code == 409
    with app.app_context():
        grant_id = db.session.scalar(select(RoleGrant.id).where(RoleGrant.user_id == world.users["ada"]))
    assert ada.send(f"{path}/roles/{grant_id}/end", {"on": str(today())}, page=path).status_code == 409
    assert ada.get("/admin/").status_code == 200


def test_a_new_password_replaces_the_forgotten_one(app: Flask, world: World, ada: Browser) -> None:
    path = f"/admin/users/{world.users['ben']}"
    shown = re.search(r'<p class="secret">([^<]+)</p>', ada.send(f"{path}/password", page=path).text)
    assert shown
    assert Browser(app.test_client()).sign_in("ben").status_code == 401
    assert Browser(app.test_client()).sign_in("ben", shown[1]).status_code == 303


@pytest.mark.parametrize("path", ["/admin/users/99999999999999999999", "/admin/users/1", "/admin/users/-1"])
def test_a_number_that_is_no_users_is_not_found(ada: Browser, path: str) -> None:
    assert ada.get(path).status_code == 404
    assert ada.get("/admin/audit?before=99999999999999999999").status_code == 200


@pytest.mark.parametrize("act", ["suspend", "reactivate", "password"])
def test_no_one_else_can_do_any_of_it(world: World, signed_in: Callable[[str], Browser], act: str) -> None:
    for who in ("ana", "ben", "sam", "otto"):
        answer = signed_in(who).send(f"/admin/users/{world.users['dora']}/{act}", page="/account/password")
        assert answer.status_code == 404


def test_the_audit_trail_is_newest_first_and_filtered_by_action(app: Flask, ada: Browser) -> None:
    Browser(app.test_client()).sign_in("ben", "wrong-password")
    page = ada.get("/admin/audit").text
    actions = re.findall(r'href="/admin/audit\?action=(\w+)"', page)
    assert actions[0] == "sign_in_failed"
    assert "grant_role" in actions
    only = set(re.findall(r'href="/admin/audit\?action=(\w+)"', ada.get("/admin/audit?action=grant_role").text))
    assert only == {"grant_role"}
    assert "No entry has that action" in ada.get("/admin/audit?action=nothing").text


def test_what_people_typed_is_shown_as_text(app: Flask, ada: Browser) -> None:
    page = ada.get("/admin/?q=<script>alert(1)</script>").text
    assert "<script>alert" not in page


# --- Roles on days ---------------------------------------------------------------------------------------------------


def test_a_role_is_given_for_days_to_come_and_ends_on_a_day(app: Flask, world: World, ada: Browser) -> None:
    first, end = today() + timedelta(days=5), today() + timedelta(days=50)
    sent = {
        "email": "sam@example.org",
        "role": "local-lead",
        "unit": "local 600",
        "from_on": str(first),
        "until_on": str(end),
    }
    assert "one more role" in ada.send("/admin/users/new", sent, page="/admin/users/new").text
    with app.app_context():
        grant = db.session.scalars(select(RoleGrant).where(RoleGrant.from_on == first)).one()
    assert (grant.unit_id, grant.until_on) == (world.units["600"], end)
    assert "to come" in ada.get(f"/admin/users/{world.users['sam']}").text
    path = f"/admin/users/{world.users['sam']}/roles/{grant.id}/end"
    earlier = first + timedelta(days=1)
    assert ada.send(path, {"on": str(earlier)}, page=path).status_code == 303
    with app.app_context():
        assert db.session.get_one(RoleGrant, grant.id).until_on == earlier
    late = ada.send(path, {"on": str(end)}, page=path)
    assert late.status_code == 422
    assert re.search(r'id="on-error">[^<]*name an earlier day', late.text)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("from_on", "2020-01-01", "is past"),
        ("from_on", "soon", "Write the day as"),
        ("until_on", "2020-01-01", "before its first day"),
    ],
)
def test_a_day_that_cannot_be_is_said_beside_its_field(ada: Browser, field: str, value: str, message: str) -> None:
    sent = {"email": "sam@example.org", "role": "auditor", field: value}
    answer = ada.send("/admin/users/new", sent, page="/admin/users/new")
    assert answer.status_code == 422
    fault = re.search(rf'id="{field}-error">([^<]+)<', answer.text)
    assert fault
    assert message in fault[1]
    assert f'value="{value}"' in answer.text, "what was typed is kept"


def test_units_are_offered_while_typing(ada: Browser) -> None:
    page = ada.get("/admin/users/new").text
    assert re.search(r'<input[^>]*list="units"', page)
    offered = re.findall(r'<option value="([^"]+)">', page.partition('<datalist id="units">')[2])
    assert offered[:3] == ["80", "600", "2"], "locals, then districts; the international holds no officer's role"


def test_one_person_holds_several_roles_at_once(app: Flask, ada: Browser) -> None:
    for role, unit in (("local-viewer", "80"), ("local-viewer", "600"), ("district-viewer", "2"), ("auditor", "")):
        sent = {"email": "sam@example.org", "role": role, "unit": unit}
        assert "Role added" in ada.send("/admin/users/new", sent, page="/admin/users/new").text
    assert len(roles_of(app, "sam@example.org")) == 5
    page = ada.get("/admin/?q=sam").text
    assert all(f"local viewer in {unit}" in page for unit in ("Local 80", "Local 600"))


def test_another_address_signs_in_and_both_are_told(
    app: Flask, world: World, ada: Browser, signed_in: Callable[[str], Browser]
) -> None:
    sam = signed_in("sam")
    path = f"/admin/users/{world.users['sam']}/address"
    taken = ada.send(path, {"email": "Otto@example.org"}, page=path)
    assert taken.status_code == 422
    assert "somebody else’s sign-in" in taken.text
    assert ada.send(path, {"email": "samira@example.org"}, page=path).status_code == 303
    assert sam.get("/staff/").status_code == 303, "their sessions end"
    assert "samira@example.org" in signed_in("samira").get("/account/").text
    with app.app_context():
        told = {each.address for each in db.session.scalars(select(Notice)) if each.kind == "security"}
    assert told == {"sam@example.org", "samira@example.org"}


def test_an_administrator_reads_nothing_about_learning_in_the_trail(
    app: Flask, union: World, signed_in: Callable[[str], Browser]
) -> None:
    ana = signed_in("ana")
    sent = {"course": "What Is Generative AI?", "completed_on": "2026-01-10"}
    with app.app_context():
        db.session.add(
            AuditEntry(
                id=new_ids(1)[0], at=datetime.now(UTC), actor_id=None, actor_role="member", action="log_completion",
                object_kind="completion", object_id=None, member_id=union.ana, unit_id=None, detail=sent,
            )
        )  # fmt: skip
        db.session.commit()
    assert ana.get("/admin/audit").status_code == 404
    page = signed_in("ada").get("/admin/audit?action=log_completion").text
    assert "withheld" in page
    assert "What Is Generative AI?" not in page
    assert "What Is Generative AI?" in signed_in("otto").get("/admin/audit?action=log_completion").text
    assert "staff" in signed_in("ada").get("/admin/audit?action=grant_role").text, "what is theirs they read"


@pytest.mark.parametrize("path", ["/staff/", "/staff/members", "/reports/", "/reports/locals/80", "/my/"])
def test_an_administrator_sees_no_learning(ada: Browser, path: str) -> None:
    assert ada.get(path).status_code == 404
