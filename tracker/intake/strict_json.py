"""JSON from outside, read strictly: what two readers could take differently, or no table can hold, is refused."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator
from typing import Any, NoReturn

from tracker.operations.refused import Refused

DEEPEST = 40  # levels of nesting; an honest document has ten
_LONGEST_NUMBER = 40  # digits


def read_json(body: bytes) -> Any:
    """The value that a JSON text in UTF-8 holds.

    Raises:
        Refused: ``not_json``. It is no JSON, names a key twice, nests too deep, or holds a number or a character that
            cannot be kept.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        _refuse(f"byte {error.start + 1} is not UTF-8")
    try:
        value = json.loads(
            text, object_pairs_hook=_object, parse_int=_integer, parse_float=_decimal, parse_constant=_no_constant
        )
    except json.JSONDecodeError as error:
        _refuse(f"line {error.lineno}, character {error.colno}: {error.msg}")
    except RecursionError:
        _refuse(f"it nests deeper than {DEEPEST} levels")
    _refuse_odd_text(value)
    return value


def written(value: Any) -> str:
    """A value as JSON, in one line."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        ((twice, _),) = Counter(name for name, _ in pairs).most_common(1)
        _refuse(f"the key {_shown(twice)} stands twice in one object")
    return found


def _integer(text: str) -> int:
    if len(text) > _LONGEST_NUMBER:
        _refuse(f"the number {text[:20]}… is too long")
    return int(text)


def _decimal(text: str) -> float:
    number = float(text)
    if len(text) > _LONGEST_NUMBER or not math.isfinite(number):
        _refuse(f"the number {text[:20]} is too large or too long")
    return number


def _no_constant(name: str) -> NoReturn:
    _refuse(f"{name} is no JSON")


def _refuse_odd_text(value: Any) -> None:
    for text in _texts(value):
        if "\0" in text:
            _refuse(f"the text {_shown(text)} holds the character U+0000")
        try:
            text.encode()
        except UnicodeEncodeError as error:
            _refuse(f"the text {_shown(text)} holds half a character, U+{ord(text[error.start]):04X}")


def _texts(value: Any) -> Iterator[str]:
    """Every text in a value, keys too, without recursion."""
    level = [value]
    for _ in range(DEEPEST):
        below: list[Any] = []
        for each in level:
            if isinstance(each, str):
                yield each
            elif isinstance(each, dict):
                yield from each
                below += each.values()
            elif isinstance(each, list):
                below += each
        if not below:
            return
        level = below
    if any(isinstance(each, dict | list) for each in level):
        _refuse(f"it nests deeper than {DEEPEST} levels")
    yield from (each for each in level if isinstance(each, str))


def _shown(text: str) -> str:
    return ascii(text if len(text) <= 40 else text[:39] + "…")


def _refuse(why: str) -> NoReturn:
    raise Refused("not_json", f"This is no JSON that can be kept: {why}.") from None
