"""Ask for every address of the application as every kind of reader: theirs, another local's, what is not there, and the two
crossed. What an answer may be stands in `routes.csv`."""

from __future__ import annotations

import csv
import html
import io
import re
import sqlite3
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pypdfium2  # type: ignore[import-untyped]
import pytest
from flask import Flask
from werkzeug.routing import Rule
from werkzeug.wrappers import Response

from tests.access.planted import CANARIES, DISTRICT_PAGES, PASSWORD, READERS, Planted, Side, plant
from tests.conftest import empty_database, make_settings
from tests.pages import address_of
from tests.web.little_union import token_on
from tracker import create_app
from tracker.models import db

TABLE = Path(__file__).with_name("routes.csv")
STRANGER = "stranger"
ROLES = (STRANGER, *READERS)
SAFE = "GET"

# Who may not learn a word of the members of Local 600. Staff, auditors and administrators may.
OUTSIDERS = (STRANGER, "noor", "member", "viewer", "lead", "district")

# What stands in the query of an address that is asked for something of somebody's.
QUERIES = {
    "members.courses": "q={name}",
    "members.wrong": "about=card&object={card}",
    "reports.chart": "unit={unit}&path=set-safety",
    "reports.chart_file": "unit={unit}&path=set-safety",
    "reports.compare": "q={name}",
    "reports.freeze": "unit={unit}",
    "reports.freeze_it": "unit={unit}",
    "reports.local": "q={name}",
    "reports.overview": "district={district}&q={name}",
    "reports.overview_file": "district={district}&q={name}",
    "reports.path": "q={name}",
    "reports.path_file": "q={name}",
    "reports.sections": "unit={unit}",
    "reports.sections_file": "unit={unit}",
    "reports.second_cards": "unit={district}&path=set-safety",
    "reports.second_cards_file": "unit={district}&path=set-safety",
    "reports.where_next": "unit={unit}&district={district}",
    "reports.where_next_file": "unit={unit}&district={district}",
    "staff.members": "q={name}&local={unit}",
    "staff.merge": "keep={member}&gone={member}",
    "staff.eligibility": "local={unit}",
    "staff.reviews": "local={unit}",
    "admin.users": "q={name}",
}

# An id, a number or a code that is nobody's: as long as one that is.
_NO_ID, _NO_NUMBER, _NO_DISTRICT = 912_999_999_999_999_999, "999", "D7"
_NO_QUERY = {"unit": _NO_NUMBER, "district": _NO_DISTRICT, "card": _NO_ID, "member": _NO_ID, "name": "nobodyat"}
_CODES = ("/frozen/", "/proof/")  # where a code names a thing of somebody's, and not a path or a course

Key = tuple[str, str]  # endpoint, method


@dataclass(frozen=True)
class Answer:
    """What came back, as bytes that can be searched and compared."""

    status: int
    head: dict[str, str]
    body: bytes


@dataclass
class Asker:
    """Sends requests as the readers, each always in the session of its first sign-in."""

    app: Flask
    planted: Planted
    _sessions: dict[str, tuple[str, str]] = field(default_factory=dict)

    def sign_in(self) -> None:
        """Everyone, once: their cookie and their token against forgery are kept."""
        for name in READERS:
            client = self.app.test_client()
            sent = {"email": f"{name}@example.org", "password": PASSWORD, "csrf_token": token_on(client.get("/login").text)}
            answer = client.post("/login", data=sent)
            assert answer.status_code == 303, f"{name} is not let in: {answer.status_code}"
            token = token_on(client.get("/account/").text)
            cookie = client.get_cookie("tracker")
            assert cookie
            self._sessions[name] = cookie.value, token

    def ask(
        self, reader: str, method: str, address: str, fields: Mapping[str, Any] | None = None, *, body: bytes = b""
    ) -> Answer:
        """What they are answered.

        Args:
            body: a whole form, with whatever is in it, in place of fields.
        """
        cookie, token = self._sessions.get(reader, ("", ""))
        client = self.app.test_client(use_cookies=False)
        sent: dict[str, Any] = {"headers": {"Cookie": f"tracker={cookie}"} if cookie else {}}
        if body:
            sent |= {"data": body, "content_type": "multipart/form-data; boundary=x"}
        elif method != SAFE:
            sent["data"] = {"csrf_token": token, **(fields or {})}
        with client.open(address, method=method, **sent) as answer:
            return _answer(answer)


def _answer(answer: Response) -> Answer:
    kept = {"Set-Cookie", "Date", "X-Request-Id", "X-Request-ID"}
    return Answer(answer.status_code, {k: v for k, v in answer.headers.items() if k not in kept}, answer.data)


URL = "https://training.example.org"  # members make statements only where there is one


@contextmanager
def union_on(engine: str, request: pytest.FixtureRequest, folder: Path) -> Iterator[tuple[Asker, str]]:
    """Both locals on one engine, with everyone signed in; the address of the database."""
    with empty_database(engine, request, folder) as address:
        app = create_app(make_settings(folder, address, url=URL))
        asker = Asker(app, plant(app, datetime.now(UTC).date()))
        asker.sign_in()
        yield asker, address
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


# -- Addresses --------------------------------------------------------------------------------------------------------------


def rules_of(app: Flask) -> dict[Key, Rule]:
    """Every route of the application, people's and programs'."""
    return {
        (rule.endpoint, method): rule
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    }


def names_something(rule: Rule) -> bool:
    """Whether its address or query names a thing of somebody's."""
    return bool(_parts(rule)) or rule.endpoint in QUERIES


def where(app: Flask, rule: Rule, side: Side) -> str:
    """The address with what is of this side."""
    return _address(app, rule, side.values(rule), side.query)


def nowhere(app: Flask, rule: Rule, side: Side) -> str:
    """The same address, as long, with what is nobody's."""
    values = side.values(rule)
    for part in _parts(rule):
        if part == "number":
            values[part] = _NO_DISTRICT if rule.endpoint in DISTRICT_PAGES else _NO_NUMBER
        else:
            values[part] = "z" * len(str(values[part])) if part == "code" else _NO_ID
    return _address(app, rule, values, _NO_QUERY)


def crossed(app: Flask, rule: Rule, own: Side, other: Side) -> Iterator[str]:
    """The addresses that name one thing of one side and the next of the other, either way round."""
    parts = _parts(rule)
    if len(parts) > 1:
        for first, rest in ((own, other), (other, own)):
            values = {**rest.values(rule), parts[0]: first.values(rule)[parts[0]]}
            yield _address(app, rule, values, own.query)


def _parts(rule: Rule) -> list[str]:
    ordered = re.findall(r"<(?:[^:<>]+:)?(\w+)>", rule.rule)
    is_of_somebody = any(each in rule.rule for each in _CODES)
    return [each for each in ordered if each.endswith("_id") or each == "number" or (each == "code" and is_of_somebody)]


def _address(app: Flask, rule: Rule, values: dict[str, Any], asked: Mapping[str, Any]) -> str:
    query = QUERIES.get(rule.endpoint, "").format(**asked)
    address = address_of(app, rule, values)
    return f"{address}?{query}" if query else address


# -- What an answer gives away ----------------------------------------------------------------------------------------------


def canaries_in(answer: Answer, address: str) -> list[str]:
    """What of another local's members is in an answer, besides what its address said itself."""
    texts = {"the body": _plain(answer), "the headers": repr(answer.head).encode()}
    return [
        f"{canary.decode()} in {place}: …{found[1].decode(errors='replace')}…"
        for place, text in texts.items()
        for canary in CANARIES
        if (found := re.search(rb"(?is)(.{0,40}" + canary + rb".{0,40})", _without(text, address)))
    ]


def bare(answer: Answer, address: str) -> tuple[int, dict[str, str], bytes]:
    """An answer without what must differ: its own address, and the token against forgery."""
    body = re.sub(rb'(name="csrf_token"[^>]* value=")[^"]*', rb"\1", _without(answer.body, address))
    kept = {name: value for name, value in answer.head.items() if name != "Content-Length"}
    head = {name: _without(value.encode(), address).decode() for name, value in kept.items()}
    return answer.status, head, body


def _without(text: bytes, address: str) -> bytes:
    """A text without what its address said, however that is spelt."""
    path, _mark, query = address.partition("?")
    pairs = [each.partition("=")[::2] for each in query.split("&") if each]
    said = [address, path, *(f"{name}={value}" for name, value in pairs), *(f'value="{value}"' for _name, value in pairs)]
    said += [f"“{value}”" for _name, value in pairs] + [value for name, value in pairs if name == "q"]
    for each in said:
        for spelling in {each, html.escape(each), quote(each), quote(each, safe=""), quote(each, safe="/")}:
            text = text.replace(spelling.encode(), b"...")
    return text


def _plain(answer: Answer) -> bytes:
    """The text of an answer, out of whatever it is packed in."""
    if answer.body.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(answer.body)) as packed:
            return b"\n".join(each.encode() + packed.read(each) for each in packed.namelist())
    if answer.body.startswith(b"%PDF") and len(answer.body) > 1_000:
        pages = pypdfium2.PdfDocument(answer.body)
        return "\n".join(page.get_textpage().get_text_bounded() for page in pages).encode()
    return answer.body


# -- The database -----------------------------------------------------------------------------------------------------------


class Kept:
    """The SQLite database as it was planted: whether anything was written since, and the way back."""

    def __init__(self, file: str) -> None:
        self._live = sqlite3.connect(file)
        self._kept = sqlite3.connect(":memory:")
        self._live.backup(self._kept)
        names = self._live.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
        self._tables = [name for (name,) in names if not name.startswith("audit")]  # where refusals are noted
        self._version, self._rows = self._seen(), self._digest()

    def was_written(self) -> bool:
        """Whether anything but the audit trail is otherwise than it was planted."""
        if self._seen() == self._version:
            return False
        self._version = self._seen()
        return self._digest() != self._rows

    def restore(self) -> None:
        self._kept.backup(self._live)
        self._version = self._seen()

    def _seen(self) -> int:
        """A number that changes whenever someone else commits."""
        seen: int = self._live.execute("PRAGMA data_version").fetchone()[0]
        return seen

    def _digest(self) -> int:
        return hash(tuple(tuple(self._live.execute(f'SELECT * FROM "{name}"')) for name in self._tables))


# -- The table --------------------------------------------------------------------------------------------------------------


def table() -> dict[Key, dict[str, str]]:
    """`routes.csv`: by route and method, what each role is answered: theirs, another's, what is not there; one number
    where all three are the same, or where the address names nothing of anybody's."""
    with TABLE.open(newline="") as lines:
        return {(row["route"], row["method"]): {role: row[role] for role in ROLES} for row in csv.DictReader(lines)}


def line_of(key: Key, answers: Mapping[str, str]) -> str:
    """A row as the table writes it."""
    return ",".join([*key, *(answers[role] for role in ROLES)])
