"""A little union, and the browser its people use: what the web tests and their fixtures import by name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tracker.config import Settings

PASSWORD = "backstage-demo"
LONG_AGO = date(2020, 1, 1)


@dataclass(frozen=True)
class World:
    """Who is who: the ids that tests ask for by name."""

    users: dict[str, int]
    units: dict[str, int]
    ana: int  # the member whose number is 0012


def settings(instance: Path, **changes: str) -> Settings:
    return Settings.from_environment(
        {"TRACKER_INSTANCE": str(instance), "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz", **changes}
    )


def token_on(page: str) -> str:
    """The token against forgery that a page's forms carry."""
    found = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', page)
    assert found, "the page has no form with a token"
    return found[1]


class Browser:
    """A client that fills forms as a person does: it reads the token from the page it is on."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, path: str) -> TestResponse:
        return self.client.get(path)

    def send(self, path: str, fields: dict[str, str] | None = None, *, page: str = "/login") -> TestResponse:
        """Post a form, with the token of ``page``."""
        token = token_on(self.client.get(page, follow_redirects=True).text)
        return self.client.post(path, data={"csrf_token": token, **(fields or {})})

    def sign_in(self, name: str, password: str = PASSWORD, path: str = "/login") -> TestResponse:
        return self.send(path, {"email": f"{name}@example.org", "password": password})
