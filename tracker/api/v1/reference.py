"""The document at `/api/v1/openapi.json`, and the page that people read it as. They say what there is and hold nobody's
data, so they are open to everyone."""

from __future__ import annotations

from typing import Any, NamedTuple

from flask import Response, jsonify, render_template

from tracker.api.door import for_programs, settings
from tracker.api.v1.document import document
from tracker.api.v1.door import OPERATIONS, api
from tracker.api.v1.problems import KINDS


class Field(NamedTuple):
    """A field, or a part of a query, as the page draws it."""

    name: str
    kind: str  # "text", "number or null", "list of Unit"
    link: str  # the shape it is made of, "" for none
    is_needed: bool
    meaning: str
    example: Any


class Told(NamedTuple):
    """An operation as the page draws it."""

    name: str
    method: str
    path: str
    summary: str
    more: str
    asked: list[Field]
    takes: str  # the shape of its body, "" for none
    gives: str


@api.get("/openapi.json")
@for_programs
def openapi() -> Response:
    """The OpenAPI document."""
    return jsonify(document())


@api.get("/", strict_slashes=False)
@for_programs
def page() -> str:
    """The reference: every operation, every shape, every refusal."""
    spec = document()
    groups: dict[str, list[Told]] = {}
    for its in OPERATIONS:
        path = "/api/v1" + its.rule.replace("<", "{").replace(">", "}")
        groups.setdefault(its.about, []).append(_told(path, its.method, spec["paths"][path][its.method.lower()]))
    shapes = {name: (shape.get("description", ""), _fields(shape)) for name, shape in spec["components"]["schemas"].items()}
    return render_template(
        "api/reference.html",
        groups=groups,
        shapes=shapes,
        problems=KINDS,
        base=settings().url,
        help_topic=None,
    )


def _told(path: str, method: str, operation: dict[str, Any]) -> Told:
    asked = [
        Field(
            part["name"],
            *_kind(part["schema"]),
            is_needed=part.get("required", False),
            meaning=part.get("description", ""),
            example=_example(part["schema"]),
        )
        for part in operation.get("parameters", [])
    ]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    gives = operation["responses"]["200"]["content"]["application/json"]["schema"]
    return Told(
        operation["operationId"],
        method,
        path,
        operation["summary"],
        operation.get("description", ""),
        asked,
        _name(body),
        _name(gives),
    )


def _fields(shape: dict[str, Any]) -> list[Field]:
    needed = shape.get("required", [])
    return [
        Field(name, *_kind(each), is_needed=name in needed, meaning=each.get("description", ""), example=_example(each))
        for name, each in shape.get("properties", {}).items()
    ]


def _kind(schema: dict[str, Any]) -> tuple[str, str]:
    """What a value is, for people, and the shape it is made of."""
    if name := _name(schema):
        return name, name
    if "anyOf" in schema:
        parts = [_kind(each) for each in schema["anyOf"]]
        return " | ".join(dict.fromkeys(part[0] for part in parts)), next((part[1] for part in parts if part[1]), "")
    if schema.get("type") == "array":
        kind, link = _kind(schema.get("items", {}))
        return f"[{kind}]", link
    if "enum" in schema:
        return " | ".join(str(each) for each in schema["enum"]), ""
    return schema.get("format") or schema.get("const") or schema.get("type", "any"), ""


def _name(schema: dict[str, Any]) -> str:
    return str(schema.get("$ref", "")).rpartition("/")[2]


def _example(schema: dict[str, Any]) -> Any:
    found = schema.get("examples") or [None]
    return None if isinstance(found[0], (list, dict)) else found[0]
