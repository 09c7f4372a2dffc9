"""How a room says something to people."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup, escape

from tracker.language.spoken import texts
from tracker.language.writing import number


def _(message: str, /, **values: object) -> str:
    """A text in the language that is spoken now; ``%(name)s`` in it stands for the value of that name.

    A value that is markup makes the whole markup: the rest is escaped.
    """
    return _filled(texts().gettext(message), values)


def pgettext(context: str, message: str, /, **values: object) -> str:
    """The same for a text that means something else elsewhere; ``context`` tells translators which it is."""
    return _filled(str(texts().pgettext(context, message)), values)


def ngettext(one: str, many: str, count: int, /, **values: object) -> str:
    """A text about a number of things. ``%(n)s`` in it is the number, written as the language writes it."""
    return _filled(texts().ngettext(one, many, count), {"n": number(count), **values})


gettext = _  # as templates and translators' tools call it


def mark(message: str) -> str:
    """The text itself: it only tells translators that it will be drawn by :func:`word`."""
    return message


def word(message: object) -> str:
    """A marked word, such as a state's, in the language that is spoken now."""
    text = str(message)
    return texts().gettext(text) if text else ""  # an empty text is the file's own heading


class _Later:
    """A text that is translated each time it is drawn."""

    __slots__ = ("_message", "_values")

    def __init__(self, message: str, values: dict[str, Any]) -> None:
        self._message, self._values = message, values

    def __str__(self) -> str:
        return _(self._message, **self._values)

    def __repr__(self) -> str:
        return f"lazy({self._message!r})"

    def __len__(self) -> int:
        return len(str(self))

    def __mod__(self, values: object) -> str:
        return str(self) % values  # as a form's own checks fill their words

    def __eq__(self, other: object) -> bool:
        return str(self) == str(other)

    def __hash__(self) -> int:
        return hash(self._message)


def lazy(message: str, /, **values: object) -> Any:
    """A text for what is made once and drawn often, such as a form's label."""
    return _Later(message, values)


def _filled(text: str, values: dict[str, object]) -> str:
    if not values:
        return text
    if any(isinstance(value, Markup) for value in values.values()):
        return escape(text) % values
    return text % values
