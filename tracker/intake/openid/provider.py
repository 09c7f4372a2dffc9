"""The way to the provider and back: authorization code with PKCE, state and nonce, and an ID token that is checked."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import requests
from authlib.common.errors import AuthlibBaseError  # type: ignore[import-untyped]
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from tracker.intake.openid.asking import NoProvider, Session

# Signed with the provider's own key: never unsigned, and never with a secret that we share with it.
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
_SKEW = 60  # seconds that two clocks may differ
_LONGEST_SUBJECT = 255
_LONGEST_EMAIL = 254


class NotSignedIn(Exception):
    """The provider did not sign the person in, or says so in a way that cannot be believed: for the log."""


@dataclass(frozen=True)
class Discovery:
    """What the provider says of itself."""

    issuer: str
    authorization: str
    token: str
    keys: str
    takes_basic: bool  # whether it asks for our secret in a header, which is its default; else in the form


@dataclass(frozen=True)
class Journey:
    """What must come back as it was sent out: kept in the session of the one browser that was sent."""

    state: str
    nonce: str
    verifier: str = field(repr=False)

    @classmethod
    def begun(cls) -> Journey:
        return cls(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48))


@dataclass(frozen=True)
class Claims:
    """Who the provider says that someone is."""

    issuer: str
    subject: str
    email: str
    is_confirmed: bool


@dataclass(frozen=True)
class Provider:
    """A provider as we know it, and where it sends people back to.

    Args:
        issuer: its address, without a slash at the end.
        back: the address of ours that it was told of. Made from the settings, never from a request.
    """

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    back: str

    def discovery(self) -> Discovery:
        """What it says of itself, asked now.

        Raises:
            NoProvider: it does not answer, or speaks for another issuer.
        """
        with self._session() as session:
            said = session.document(f"{self.issuer}/.well-known/openid-configuration")
        issuer = said.get("issuer")
        if not isinstance(issuer, str) or issuer.rstrip("/") != self.issuer:
            raise NoProvider(f"{self.issuer} speaks for another issuer")
        methods = said.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        return Discovery(
            issuer,
            authorization=self._address(said, "authorization_endpoint"),
            token=self._address(said, "token_endpoint"),
            keys=self._address(said, "jwks_uri"),
            takes_basic="client_secret_basic" in methods,
        )

    def way_there(self, found: Discovery, journey: Journey) -> str:
        """Where to send the person's browser."""
        with self._session() as session:
            address, _state = session.create_authorization_url(
                found.authorization, state=journey.state, code_verifier=journey.verifier, nonce=journey.nonce
            )
        return str(address)

    def came_back(self, found: Discovery, journey: Journey, answer: Mapping[str, str], now: datetime) -> Claims:
        """Who came back, from what the provider let their browser bring.

        Raises:
            NotSignedIn: it is not what was asked for, the provider refuses, or what it signed is not for us.
            NoProvider: it does not answer.
        """
        if not hmac.compare_digest(answer.get("state", "").encode(), journey.state.encode()):
            raise NotSignedIn("the state is another")
        if answer.get("iss", found.issuer) != found.issuer:
            raise NotSignedIn("another issuer answers")
        if "code" not in answer:
            raise NotSignedIn("the provider gives no code")
        with self._session(found) as session:
            try:
                token = session.fetch_token(
                    found.token, grant_type="authorization_code", code=answer["code"], code_verifier=journey.verifier
                )
            except AuthlibBaseError as error:
                raise NotSignedIn(f"the provider refuses the code: {error.error}") from error
            except (ValueError, requests.RequestException) as error:
                raise NoProvider("the token endpoint has trouble, or answers no JSON") from error
            keys = session.document(found.keys)
        return self._believed(token.get("id_token"), keys, found, journey, now)

    def _believed(self, id_token: object, keys: dict[str, Any], found: Discovery, journey: Journey, now: datetime) -> Claims:
        """What an ID token says, where it is signed by the provider, for us, for this journey, and holds still.

        Raises:
            NotSignedIn: any of these is not so.
        """
        registry = jwt.JWTClaimsRegistry(
            now=int(now.timestamp()),
            leeway=_SKEW,
            iss={"essential": True, "value": found.issuer},
            sub={"essential": True},
            aud={"essential": True, "value": self.client_id},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": journey.nonce},
        )
        if not isinstance(id_token, str):
            raise NotSignedIn("there is no ID token")
        try:
            claims = jwt.decode(id_token, KeySet.import_key_set(keys), algorithms=_ALGORITHMS).claims  # type: ignore[arg-type]
            registry.validate(claims)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise NotSignedIn(f"the ID token is not good: {type(error).__name__} {error}") from error
        is_alone = claims["aud"] in (self.client_id, [self.client_id])
        if not isinstance(claims["nonce"], str) or claims.get("azp", self.client_id if is_alone else None) != self.client_id:
            raise NotSignedIn("the ID token was made for another")
        subject, email = claims["sub"], claims.get("email")
        if len(subject) > _LONGEST_SUBJECT:
            raise NotSignedIn("the subject is too long")
        if not isinstance(email, str) or len(email) > _LONGEST_EMAIL:
            email = ""
        return Claims(found.issuer, subject, email, bool(email) and claims.get("email_verified") is True)

    def _session(self, found: Discovery | None = None) -> Session:
        return Session(
            self.client_id,
            self.client_secret,
            scope="openid email",
            redirect_uri=self.back,
            code_challenge_method="S256",
            token_endpoint_auth_method="client_secret_basic" if found is None or found.takes_basic else "client_secret_post",
        )

    def _address(self, said: dict[str, Any], name: str) -> str:
        """An address of the provider's: encrypted, unless the provider itself is on this very machine."""
        address = said.get(name)
        schemes = ("https", "http") if self.issuer.startswith("http:") else ("https",)
        if not isinstance(address, str) or urlsplit(address).scheme not in schemes:
            raise NoProvider(f"{name} is no address")
        return address
