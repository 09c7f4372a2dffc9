"""Ids as they come in addresses and cookies: a number no row can have is nobody's, not an error of the database."""

from __future__ import annotations

from typing import Any

from flask import Flask
from werkzeug.routing import IntegerConverter, Map

_LARGEST = 2**63 - 1


class _Id(IntegerConverter):
    def __init__(self, routes: Map, **limits: Any) -> None:
        super().__init__(routes, **{"max": _LARGEST, **limits})


def limit(app: Flask) -> None:
    """Let ``<int:…>`` in an address match only what a row's id can be."""
    app.url_map.converters["int"] = _Id


def row_id(text: str) -> int:
    """The id that a text names: for `request.args.get("before", type=row_id)`.

    Raises:
        ValueError: it can be no row's.
    """
    if not (text.isascii() and text.isdecimal()) or len(text) > 19 or int(text) > _LARGEST:
        raise ValueError(f"{text!r} is no row's id")
    return int(text)
