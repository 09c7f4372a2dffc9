"""A small OpenID Connect provider on this machine: real keys and signatures, and switches for what may be wrong."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

CLIENT_ID, CLIENT_SECRET = "training-tracker", "a secret that only both know & nobody else"
_KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
_OTHER_KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})


@dataclass
class Provider:
    """The provider, whoever is signed in at it, and what it does wrong."""

    issuer: str = ""
    back: str = ""  # the one address it sends people back to
    person: dict[str, Any] = field(default_factory=lambda: {"sub": "ana-1", "email": "ana@example.org"})
    is_confirmed: object = True
    claims: dict[str, Any] = field(default_factory=dict)  # in place of the true ones; None: left out
    alg: str = "RS256"
    signs_with: str = "its key"
    discovery: dict[str, Any] = field(default_factory=dict)
    broken: str = ""  # the path that answers with an error
    moved: str = ""  # the path that sends elsewhere
    slow: str = ""  # the path that answers only once the test is over
    is_over: threading.Event = field(default_factory=threading.Event)
    asked: list[str] = field(default_factory=list)
    waiting: dict[str, dict[str, str]] = field(default_factory=dict)  # codes that were not used yet

    @contextmanager
    def turned(self, **switches: Any) -> Iterator[None]:
        """Wrong in some way for a while."""
        before = {name: getattr(self, name) for name in switches}
        for name, value in switches.items():
            setattr(self, name, value)
        yield
        for name, value in before.items():
            setattr(self, name, value)

    def document(self, path: str) -> dict[str, Any] | None:
        if path == "/.well-known/openid-configuration":
            return {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                **self.discovery,
            }
        if path == "/keys":
            return dict(KeySet([_KEY]).as_dict(private=False))
        return None

    def way_back(self, asked: dict[str, str]) -> str:
        """Where the person's browser is sent, once they have signed in here."""
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT_ID
        assert asked["redirect_uri"] == self.back, "as it was told beforehand, and never another"
        assert {"openid", "email"} <= set(asked["scope"].split())
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self.waiting[code] = asked
        return f"{self.back}?{urlencode({'code': code, 'state': asked['state']})}"

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """An ID token for a code, once, and only for whoever sent the person here."""
        shown = base64.b64decode(authorization.removeprefix("Basic ")).decode()
        asked = self.waiting.pop(form.get("code", ""), None)
        if shown != f"{CLIENT_ID}:{CLIENT_SECRET}":
            return 401, {"error": "invalid_client"}
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if (
            asked is None
            or form.get("redirect_uri") != self.back
            or asked["code_challenge"] != challenge.decode().rstrip("=")
        ):
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
            **self.person,
            "email_verified": self.is_confirmed,
            **self.claims,
        }
        kept = {name: value for name, value in claims.items() if value is not None}
        return 200, {"access_token": "unused", "token_type": "Bearer", "expires_in": 300, "id_token": self._signed(kept)}

    def _signed(self, claims: dict[str, Any]) -> str:
        if self.alg in ("none", "HS256"):
            text = f"{_packed(json.dumps({'alg': self.alg, 'kid': 'one'}).encode())}.{_packed(json.dumps(claims).encode())}"
            # as if our shared secret, or its public key, were a key to sign with
            secret = CLIENT_SECRET.encode() if self.signs_with == "its key" else _KEY.as_pem(private=False)
            made = hmac.digest(secret, text.encode(), "sha256") if self.alg == "HS256" else b""
            return f"{text}.{_packed(made)}"
        header = {"alg": self.alg, "kid": "one"}
        key = _KEY if self.signs_with == "its key" else _OTHER_KEY
        return jwt.encode(header, claims, key, algorithms=[self.alg])


def _packed(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


@contextmanager
def sign_in_provider(back: str) -> Iterator[Provider]:
    """A provider that listens on a port of its own until the end."""
    provider = Provider(back=back)

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if self._is_odd(parts.path):
                return
            if parts.path == "/authorize":
                self._go(provider.way_back(dict(parse_qsl(parts.query))))
                return
            found = provider.document(parts.path)
            self._answer(200 if found else 404, found or {})

        def do_POST(self) -> None:
            form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
            if not self._is_odd(self.path):
                self._answer(*provider.token(form, self.headers.get("Authorization", "")))

        def _is_odd(self, path: str) -> bool:
            provider.asked.append(path)
            if path == provider.slow:
                provider.is_over.wait(60)
                return True
            if path == provider.broken:
                self._answer(500, {"error": "server_error"})
                return True
            if path == provider.moved:
                self._go(f"{provider.issuer}/elsewhere")
                return True
            return False

        def _go(self, where: str) -> None:
            self.send_response(302)
            self.send_header("Location", where)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def _answer(self, status: int, content: dict[str, Any]) -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    server.daemon_threads = True
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield provider
    finally:
        provider.is_over.set()
        server.shutdown()
        server.server_close()
        thread.join(10)
