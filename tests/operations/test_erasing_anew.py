"""Erasing members again and again: the audit trail tells of each what it took, and its chain goes on to hold."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from tests.operations.conftest import BEN
from tests.operations.test_erasing import ALSO, LATER, PAT, erase, planted_in
from tests.operations.test_merging import Desk
from tracker.coverage.chain import verify_chain
from tracker.curriculum.words import Assurance, Role
from tracker.models import AuditEntry, Member
from tracker.operations.accounts import add_user
from tracker.operations.actor import OPERATOR
from tracker.operations.audit import audit
from tracker.operations.erasing import KEPT_COLUMNS, reapply_erasures
from tracker.operations.merging import merge_members
from tracker.operations.refused import Refused
from tracker.operations.sealing import seal_entries


def merged_the_other_way(app: Flask) -> Desk:
    """Two who are one, of whom the first to be on the roster leads to the other; the trail tells of both in many ways."""
    desk = Desk(app)
    desk.units()
    desk.catalogue()
    desk.roster(PAT + BEN + ALSO)
    desk.log("PLANTED-1", "firefly", date(2026, 2, 1), Assurance.REVIEWED)
    desk.log("PLANTED-2", "ai-ethics", date(2026, 2, 2), Assurance.CLAIMED)
    with desk.write() as session:
        for number in ("PLANTED-1", "PLANTED-2"):
            audit(session, OPERATOR, "c", object_kind="thing", detail={"who": number, "was": "planted@example.org"})
        user = add_user(session, "planted@example.org", Role.MEMBER, None, desk.member("PLANTED-1"), OPERATOR, desk.today)
        audit(session, OPERATOR, "b", object_id=user.id, object_kind="user", detail={"it": "planted"})
    return desk


def test_whoever_was_merged_and_is_erased_anew_before_the_other_leaves_a_trail_that_holds(app: Flask) -> None:
    desk = merged_the_other_way(app)
    gone = desk.member("PLANTED-1")
    desk.merge("PLANTED-2", "PLANTED-1")
    kept = desk.member("PLANTED-2")
    assert gone < kept
    lines = [json.dumps({"erasure": 70 + each, "member": each, "at": LATER.isoformat()}) for each in (gone, kept)]
    with desk.write() as session:
        assert reapply_erasures(session, lines, LATER) == 2
        assert verify_chain(session).faults == [], "before what tells of it is sealed"
        while seal_entries(session, LATER):
            pass
        verdict = verify_chain(session)
        assert verdict.faults == []
        acts = session.scalars(select(AuditEntry).where(AuditEntry.action == "erase_member")).all()
        assert [each.object_id for each in acts] == [70 + gone, 70 + kept]
        assert sum(count for each in acts for count in each.detail["entries"].values()) == verdict.erased > 4
        assert [each for each in planted_in(session) if each.split(":")[0] not in KEPT_COLUMNS] == []


def test_nobody_is_made_one_with_who_was_erased(app: Flask) -> None:
    """Else what an erased person did would have a name again."""
    desk = merged_the_other_way(app)
    gone, kept = desk.member("PLANTED-1"), desk.member("PLANTED-2")
    erase(desk, gone)
    for pair in ((kept, gone), (gone, kept)):
        with desk.write() as session:
            both = [session.get_one(Member, each) for each in pair]
            with pytest.raises(Refused) as refused:
                merge_members(session, *both, OPERATOR, today=desk.today, now=LATER + timedelta(hours=1))
        assert refused.value.code == "erased"
