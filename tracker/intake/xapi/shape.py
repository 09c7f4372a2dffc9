"""What a body of statements must hold to be taken: xAPI 1.0.3, lenient where a provider is known to be careless."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from tracker.curriculum.faults import Fault
from tracker.intake.cells import LONGEST_TEXT, is_address, is_plain, shown
from tracker.intake.strict_json import read_json, written
from tracker.operations.refused import Refused
from tracker.operations.statements import Statement

MOST_STATEMENTS = 1_000
_MOST_FAULTS = 50

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_SHA1 = re.compile(r"[0-9a-f]{40}", re.IGNORECASE)
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?)?",
    re.IGNORECASE,
)
_OBJECTS = ("Activity", "Agent", "Group", "StatementRef", "SubStatement")
_AGENTS = ("Agent", "Group")
_WHO = ("mbox", "mbox_sha1sum", "openid", "account")

# A field, the value that stands there, and what is wrong with it.
_Wrong = tuple[str, Any, str]


def read_statements(body: bytes, put_under: str | None = None) -> list[Statement]:
    """The statements of a body: one, or an array of them. Those without an id are given one.

    Args:
        put_under: the id in the request's address, of the one statement that is put there.

    Raises:
        Refused: ``not_json``, ``too_many_statements``, or ``malformed_statement``: its faults name the statement (from 1, as
            their line) and the field.
    """
    found = read_json(body)
    if put_under is not None and isinstance(found, list):
        raise Refused("malformed_statement", "PUT takes one statement, not an array: send arrays with POST.")
    many = found if isinstance(found, list) else [found]
    if len(many) > MOST_STATEMENTS:
        message = f"{len(many):,} statements are too many for one call: send at most {MOST_STATEMENTS:,}."
        raise Refused("too_many_statements", message)
    faults: list[Fault] = []
    statements: list[Statement] = []
    seen: dict[str, int] = {}
    for number, said in enumerate(many, 1):
        mine = [Fault(number, field, _as_text(value), why) for field, value, why in _faults(said, put_under)]
        faults += mine
        if mine or len(faults) > _MOST_FAULTS:
            continue
        said["id"] = said.get("id") or put_under or str(uuid.uuid4())
        key = statement_key(said["id"])
        if key in seen:
            why = f"is the id of statement {seen[key]} as well"
            faults.append(Fault(number, "id", _as_text(said["id"]), why))
        seen[key] = number
        statements.append(Statement(key, written(said)))
    if faults:
        first, more = faults[0], len(faults) - 1
        where = f"Statement {first.line}" + (f", {first.column}" if first.column else "")
        message = f"{where}: {first.reason}{f' (and {more} more)' if more else ''}. Nothing of this call was kept."
        raise Refused("malformed_statement", message, field=first.column or None, faults=faults[:_MOST_FAULTS])
    return statements


def statement_key(its_id: str) -> str:
    """A statement's id as it is compared: the case of a UUID does not count. Any other text is taken as it is."""
    return its_id.lower() if _UUID.fullmatch(its_id) else its_id


def moment_of(text: str) -> datetime:
    """The moment that an ISO 8601 text names; without a zone it is UTC, as the specification has it.

    Raises:
        ValueError: it names none.
    """
    if not _MOMENT.fullmatch(text):
        raise ValueError(f"{text!r} is no moment")
    moment = datetime.fromisoformat(text.upper().replace(",", "."))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def mail_address(mbox: str) -> str:
    """The address in a ``mailto:`` IRI, "" where there is none."""
    scheme, _, address = mbox.strip().partition(":")
    address = unquote(address).strip() if scheme.lower() == "mailto" else ""
    return address if is_address(address) else ""


def _faults(said: Any, put_under: str | None) -> Iterator[_Wrong]:
    if not isinstance(said, dict):
        yield "", said, "is no statement, which is a JSON object"
        return
    yield from _id_faults(said, put_under)
    yield from _actor_faults(said.get("actor"))
    verb = said.get("verb")
    if not isinstance(verb, dict) or not _is_text(verb.get("id")):
        yield "verb.id", verb, "is missing: the verb's address as text"
    yield from _object_faults(said.get("object"), is_voiding=isinstance(verb, dict) and is_voiding(verb.get("id")))
    yield from _result_faults(said.get("result"))
    if said.get("timestamp") is not None:
        try:
            moment_of(said["timestamp"] if isinstance(said["timestamp"], str) else "")
        except ValueError:
            yield "timestamp", said["timestamp"], "is no moment: write it as 2026-03-09T20:01:44.000Z"


def _id_faults(said: dict[str, Any], put_under: str | None) -> Iterator[_Wrong]:
    its_id = said.get("id")
    for name, value in (("id", its_id), ("statementId", put_under)):
        if value is not None and not (_is_text(value) and is_plain([value])):
            yield name, value, f"is no id: a UUID, or any other text of at most {LONGEST_TEXT} characters"
            return
    if its_id is not None and put_under is not None and statement_key(its_id) != statement_key(put_under):
        yield "id", its_id, "is not the statementId of the request"


def _actor_faults(actor: Any) -> Iterator[_Wrong]:
    if not isinstance(actor, dict):
        yield "actor", actor, "is missing: an object that names the learner"
        return
    kind = actor.get("objectType") or "Agent"
    if kind not in _AGENTS:
        yield "actor.objectType", kind, "is neither Agent nor Group"
    given = {name: actor[name] for name in _WHO if actor.get(name) is not None}
    if not given and kind != "Group":
        yield "actor", "", f"names nobody: give one of {', '.join(_WHO)}"
    for name, value in given.items():
        if name == "account":
            if not isinstance(value, dict) or not _is_text(value.get("name")):
                yield "actor.account.name", value, "is missing: the learner's name in the account's system"
        elif not _is_text(value):
            yield f"actor.{name}", value, "is no text"
        elif name == "mbox" and not mail_address(value):
            yield "actor.mbox", value, "is no address of the form mailto:name@example.org"
        elif name == "mbox_sha1sum" and not _SHA1.fullmatch(value):
            yield "actor.mbox_sha1sum", value, "is no SHA-1: 40 characters from 0 to f"


def _object_faults(target: Any, *, is_voiding: bool) -> Iterator[_Wrong]:
    if not isinstance(target, dict):
        yield "object", target, "is missing: an object that says what was learned"
        return
    kind = target.get("objectType") or "Activity"
    if kind not in _OBJECTS:
        yield "object.objectType", kind, f"is none of {', '.join(_OBJECTS)}"
    elif is_voiding and kind != "StatementRef":
        yield "object.objectType", kind, "must be StatementRef: voided takes back another statement"
    elif kind in ("Activity", "StatementRef") and not _is_text(target.get("id")):
        yield "object.id", target.get("id"), "is missing: the course's address or URN as text"


def _result_faults(result: Any) -> Iterator[_Wrong]:
    if result is None:
        return
    if not isinstance(result, dict):
        yield "result", result, "is no object"
        return
    if completion_of(result) is None and result.get("completion") is not None:
        yield "result.completion", result["completion"], "is neither true nor false"
    if not isinstance(result.get("extensions") or {}, dict):
        yield "result.extensions", result["extensions"], "is no object"


def completion_of(result: dict[str, Any]) -> bool | None:
    """What ``completion`` says; None where nothing is said. The words are taken for the values."""
    said = result.get("completion")
    if isinstance(said, str):
        return {"true": True, "false": False}.get(said.strip().lower())
    return said if isinstance(said, bool) else None


def verb_name(verb_id: Any) -> str:
    """The last word of a verb's address, for the verbs that everyone means alike by it; else the whole address."""
    text = verb_id.strip().rstrip("/") if isinstance(verb_id, str) else ""
    bare = re.sub(r"^https?://(?:www\.)?adlnet\.gov/expapi/verbs/", "", text, flags=re.IGNORECASE)
    return bare.lower() if bare != text else text


def is_voiding(verb_id: Any) -> bool:
    return verb_name(verb_id) == "voided"


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _as_text(value: Any) -> str:
    return shown(value if isinstance(value, str) else "" if value is None else written(value))
