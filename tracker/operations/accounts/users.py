"""Who signs in, and by which address."""

from __future__ import annotations

from datetime import UTC, date, datetime

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from tracker.curriculum.keys import email_key
from tracker.curriculum.words import Role
from tracker.language import _
from tracker.models import Member, OutsideIdentity, SignInLink, Unit, User, new_id
from tracker.operations.accounts.passwords import set_password
from tracker.operations.accounts.roles import Grant, check_grant, give_role, refuse_held_already, tell_of_role
from tracker.operations.accounts.sessions import end_sessions
from tracker.operations.actor import Actor
from tracker.operations.audit import audit
from tracker.operations.notices import recipient_of
from tracker.operations.passwords import Hashed
from tracker.operations.refused import Refused
from tracker.operations.telling import tell_user
from tracker.operations.tokens import end_tokens


def find_user(session: Session, email: str) -> User | None:
    """The user of an e-mail address, case and outer spaces ignored."""
    return session.scalar(select(User).where(User.email_key == email_key(email)))


def add_user(
    session: Session,
    email: str,
    role: Role,
    unit: Unit | None,
    member_id: int | None,
    actor: Actor,
    today: date,
    password: str | Hashed | None = None,
    *,
    from_on: date | None = None,
    until_on: date | None = None,
    now: datetime | None = None,
) -> User:
    """Give someone else a role, and a sign-in if the e-mail address has none yet. Who signs in already is told by mail.

    Args:
        unit: where the role is held: a local or a district for an officer, None for every other role.
        member_id: whose own record this user sees; the role ``member`` needs one.
        password: the password to sign in with. None leaves the present one, or none, as it is.
        from_on: the role's first day, by default today.
        until_on: the first day on which it is held no more; None: it stays.

    Raises:
        Refused: see the codes below; nothing is written.
    """
    check_address(email)
    grant = Grant(role, unit, from_on or today, until_on)
    check_grant(grant, today)
    if role is Role.MEMBER and member_id is None:
        raise Refused("member_missing", _("Say whose record it is: the role “member” needs a member."), field="member")

    user = find_user(session, email)
    if user is not None and user.id == actor.user_id:  # or an administrator would open to themselves what is not theirs
        message = _("Nobody gives themselves a role: another administrator must, or whoever runs the tracker.")
        raise Refused("own_account", message, field="email")
    if member_id is not None:
        _check_member(session, user, member_id)
    if user is not None:
        refuse_held_already(user, grant, today)
    is_new = user is None
    if user is None:
        user = User(
            id=new_id(),
            email=email.strip(),
            email_key=email_key(email),
            is_active=True,
            session_epoch=0,
            created_at=now or datetime.now(UTC),
        )
        session.add(user)
        audit(session, actor, "add_user", object_kind="user", object_id=user.id, detail={"email": user.email}, at=now)
    if member_id is not None and user.member_id != member_id:
        _tell_of_reader(session, user, member_id, now or datetime.now(UTC))
        user.member_id = member_id
    if password is not None:
        set_password(session, user, password, actor, is_first=is_new, now=now)
    give_role(session, user, grant, actor, today)
    if not is_new:
        tell_of_role(session, user, grant, today, now or datetime.now(UTC))
    return user


def _tell_of_reader(session: Session, user: User, member_id: int, now: datetime) -> None:
    """Tell a member that this sign-in opens their record from now on, wherever else they were written to until now."""
    known = recipient_of(session, member_id, now)
    if known is None or email_key(known.address) == user.email_key:
        return

    def write() -> tuple[str, str]:
        said = _(
            "From now on %(email)s signs in to the training tracker as you: who holds that address reads your record and "
            "logs courses for you, and links to sign in go there.",
            email=user.email,
        )
        return _("Your training record has a sign-in now"), said

    tell_user(session, user, write, now, addresses=(known.address,))


def suspend(session: Session, user: User, actor: Actor) -> None:
    """Let a user sign in no more, and end their sessions. What they recorded stays.

    Raises:
        Refused: they are suspended already, or the actor is this user.
    """
    if user.id == actor.user_id:
        raise Refused("own_account", _("Another administrator must suspend your own account."))
    if not user.is_active:
        raise Refused("already_suspended", _("%(email)s is suspended already.", email=user.email))
    user.is_active = False
    end_sessions(session, user)
    end_tokens(session, user, actor, now=datetime.now(UTC))
    audit(session, actor, "suspend_user", object_kind="user", object_id=user.id, detail={"email": user.email})


def reactivate(session: Session, user: User, actor: Actor) -> None:
    """Let a suspended user sign in again, with the roles they still hold.

    Raises:
        Refused: they are not suspended.
    """
    if user.is_active:
        raise Refused("not_suspended", _("%(email)s is not suspended.", email=user.email))
    user.is_active = True
    audit(session, actor, "reactivate_user", object_kind="user", object_id=user.id, detail={"email": user.email})


def change_address(session: Session, user: User, email: str, actor: Actor, now: datetime) -> None:
    """Let a user sign in by another address from now on. Their sessions, tokens and links end, and
    both addresses are told.

    Raises:
        Refused: ``bad_email``, ``same_email``, ``email_taken``.
    """
    check_address(email)
    old, new = user.email, email.strip()
    holder = find_user(session, new)
    if holder is user and new == old:
        raise Refused("same_email", _("%(email)s is the address they sign in with already.", email=old), field="email")
    if holder is not None and holder is not user:
        message = _("%(email)s is somebody else’s sign-in already.", email=holder.email)
        raise Refused("email_taken", message, field="email")
    user.email, user.email_key = new, email_key(new)
    # whoever holds the old mailbox may hold its sign-in at the provider too: it must be found by the new address
    session.execute(delete(OutsideIdentity).where(OutsideIdentity.user_id == user.id))
    end_sessions(session, user)
    end_tokens(session, user, actor, now=now)
    # links on their way to the old mailbox sign nobody in, nor those mailed before there was a sign-in
    theirs = SignInLink.user_id == user.id
    if user.member_id is not None:
        theirs |= SignInLink.member_id == user.member_id
    session.execute(
        update(SignInLink)
        .where(theirs, SignInLink.used_at.is_(None))
        .values(expires_at=now, next_try_at=None)
        .execution_options(synchronize_session=False)
    )
    session.flush()
    detail = {"email": new, "before": old}
    audit(session, actor, "change_sign_in_address", object_kind="user", object_id=user.id, detail=detail, at=now)

    def write() -> tuple[str, str]:
        said = _(
            "The address you sign in to the training tracker with was changed: from %(old)s to %(new)s. Every open "
            "session has ended.",
            old=old,
            new=new,
        )
        return _("Your sign-in address was changed"), said

    tell_user(session, user, write, now, addresses=(old, new))


def check_address(email: str) -> None:
    """Whether this can be an e-mail address at all.

    Raises:
        Refused: ``bad_email``.
    """
    try:
        # "test_environment" lets the reserved domain .test through; whether a domain exists is not ours to ask
        validate_email(email.strip(), check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        shown = email.strip()
        message = (
            _("%(shown)s is not an e-mail address: write it like name@example.org.", shown=shown)
            if shown
            else _("Nothing is not an e-mail address: write one like name@example.org.")
        )
        raise Refused("bad_email", message, field="email") from None


def _check_member(session: Session, user: User | None, member_id: int) -> None:
    """A sign-in is one member's, and a member has one sign-in. Who was merged into another has no record of their own."""
    member = session.get(Member, member_id)
    survivor = session.get(Member, member.merged_into_id) if member and member.merged_into_id else None
    if member is not None and survivor is not None:
        message = _(
            "Member %(number)s turned out to be %(name)s, member %(number2)s: name that number.",
            number=member.number,
            name=survivor.name,
            number2=survivor.number,
        )
        raise Refused("merged_member", message, field="member")
    if user is not None and user.member_id not in (None, member_id):
        message = _("%(email)s is another member’s sign-in.", email=user.email)
        raise Refused("other_member", message, field="member")
    holder = session.scalar(select(User).where(User.member_id == member_id))
    if holder is not None and holder is not user:
        message = _("That member signs in as %(email)s already.", email=holder.email)
        raise Refused("member_taken", message, field="member")
