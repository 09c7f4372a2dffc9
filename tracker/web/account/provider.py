"""Signing in with the provider that the settings name: there, and back with what it says."""

from __future__ import annotations

import logging
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

from flask import abort, current_app, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from tracker.intake.openid import Claims, Discovery, Journey, NoProvider, NotSignedIn, Provider
from tracker.language import _
from tracker.models import writing
from tracker.operations.outside_identities import OutsidePerson, sign_in_from_outside
from tracker.web import gate, speaking
from tracker.web.account.door import account, go_in, network_address
from tracker.web.gate import public

_log = logging.getLogger(__name__)

BACK = "/login/provider/back"  # what a provider is told to send people to, after the address of the pages
_JOURNEY = "journey"
_LASTS = timedelta(minutes=10)
_KNOWN_FOR = timedelta(minutes=10)  # what a provider says of itself; its keys are asked for each time


@account.get("/login/provider")
@public
def provider() -> Response | tuple[str, int]:
    """Send the browser to the provider. A link, not a form: the pages' policy lets no form end on another site."""
    known, now = _provider(), datetime.now(UTC)
    journey = Journey.begun()
    try:
        address = known.way_there(_discovery(known, now), journey)
    except NoProvider as none:
        return _no_answer(none)
    next_path = gate.safe_path(request.args.get("next")) or ""
    session[_JOURNEY] = {**asdict(journey), "at": int(now.timestamp()), "next": next_path}
    return redirect(address, 303)


@account.get(BACK)
@public
def provider_back() -> Response | tuple[str, int]:
    """Take what the provider says of whoever it sends back. The state shows that this very browser was sent."""
    known, now = _provider(), datetime.now(UTC)
    noted = session.pop(_JOURNEY, None)  # it leads back once
    if not isinstance(noted, dict) or not 0 <= now.timestamp() - noted["at"] < _LASTS.total_seconds():
        return _failed(_("This took too long, or was begun in another browser: begin anew."))
    journey = Journey(noted["state"], noted["nonce"], noted["verifier"])
    try:
        claims = known.came_back(_discovery(known, now), journey, request.args, now)
    except NoProvider as none:
        return _no_answer(none)
    except NotSignedIn as refused:
        _log.warning("the sign-in provider signed nobody in: %s", refused)
        said = _("%(provider)s did not sign you in. Try again, or sign in another way.", provider=_name())
        return _failed(said)
    return _sign_in(claims, noted["next"], now)


def _sign_in(claims: Claims, next_path: str, now: datetime) -> Response | tuple[str, int]:
    person = OutsidePerson(claims.issuer, claims.subject, claims.email, claims.is_confirmed, _name())
    with writing() as transaction:
        outcome = sign_in_from_outside(
            transaction, person, network_address(), speaking.spoken(), today=gate.today(), now=now
        )
    if outcome.user is not None:
        return go_in(outcome, next_path)
    assert outcome.refusal is not None
    return _failed(outcome.refusal.message)


def _provider() -> Provider:
    """The provider of the settings; no such page where they name none, or cannot say where to send people back to."""
    settings = gate.settings()
    named = settings.sign_in_provider
    if named is None or not settings.url:
        abort(404)
    return Provider(named.issuer, named.client_id, named.client_secret, f"{settings.url}{BACK}")


def _discovery(known: Provider, now: datetime) -> Discovery:
    """What the provider says of itself, asked every ten minutes: a visitor cannot make us ask all the time.

    Raises:
        NoProvider: it does not answer.
    """
    kept: dict[str, tuple[datetime, Discovery]] = current_app.extensions.setdefault("sign_in_provider", {})
    moment, found = kept.get(known.issuer, (None, None))
    if moment is None or found is None or now - moment >= _KNOWN_FOR:
        found = known.discovery()
        kept[known.issuer] = (now, found)
    return found


def _name() -> str:
    named = gate.settings().sign_in_provider
    return named.name if named else ""


def _no_answer(none: NoProvider) -> tuple[str, int]:
    _log.warning("the sign-in provider does not answer: %s", none)
    said = _(
        "%(provider)s does not answer at this moment. Try again in a few minutes, or sign in another way.", provider=_name()
    )
    return _page(said), 503


def _failed(said: str) -> tuple[str, int]:
    return _page(said), 403


def _page(said: str) -> str:
    return render_template("account/provider_failed.html", said=said, provider=_name(), login=url_for("account.login"))
