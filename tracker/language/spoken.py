"""Which languages there are, their texts, and which one is spoken now."""

from __future__ import annotations

import functools
import io
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from importlib import resources
from typing import NamedTuple

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations


class Language(NamedTuple):
    """A language that the pages can be read in."""

    code: str  # of its texts and of how it writes numbers and days: "fr_CA"
    tag: str  # as a page names it to browsers: "fr-CA"
    name: str  # in itself
    short: str  # the same, in two letters


LANGUAGES = (
    Language("en", "en", "English", "EN"),
    Language("fr_CA", "fr-CA", "Français (Canada)", "FR"),
    Language("es", "es", "Español", "ES"),
)
DEFAULT = LANGUAGES[0].code

_said: ContextVar[str | None] = ContextVar("tracker_language", default=None)
_follows: list[Callable[[], str]] = []


def follow(spoken: Callable[[], str]) -> None:
    """Say who knows which language is spoken now, by its code. The last to say so is asked."""
    _follows[:] = [spoken]


def code() -> str:
    """The code of the language that is spoken now."""
    said = _said.get()
    if said is not None:
        return said
    return _follows[0]() if _follows else DEFAULT


def locale() -> Locale:
    """How the language that is spoken now writes numbers and days."""
    return locale_of(code())


@contextmanager
def _speaking(chosen: str) -> Iterator[None]:
    token = _said.set(chosen)
    try:
        yield
    finally:
        _said.reset(token)


def speaking(chosen: str | None) -> AbstractContextManager[None]:
    """Speak another language for a while; one that is not known, or None, is English."""
    return _speaking(language_named(chosen) or DEFAULT)


def language_named(name: str | None) -> str | None:
    """The code of the language that a code, or a browser's tag for one, names: "fr", "fr-CA", "fr_CA" are one."""
    wanted = (name or "").strip().replace("-", "_").lower()
    if not wanted:
        return None
    for each in LANGUAGES:
        if wanted in (each.code.lower(), each.code.lower().partition("_")[0]):
            return each.code
    first = wanted.partition("_")[0]
    return next((each.code for each in LANGUAGES if each.code.lower().partition("_")[0] == first), None)


@functools.cache
def locale_of(chosen: str) -> Locale:
    return Locale.parse(chosen)


@functools.cache
def texts_of(chosen: str) -> NullTranslations:
    """The texts of a language; English says what stands in the code.

    The translators' file is read as it is, so there is nothing to compile and nothing that can be out of date.
    """
    file = resources.files("tracker.language").joinpath(f"{chosen}.po")
    if chosen == DEFAULT or not file.is_file():
        return NullTranslations()
    written = io.BytesIO()
    write_mo(written, read_po(io.BytesIO(file.read_bytes()), locale=chosen))
    written.seek(0)
    return Translations(written)


def read_texts() -> None:
    """Read the texts of every language: half a second each that no first reader then waits."""
    for each in LANGUAGES:
        texts_of(each.code)


def texts() -> NullTranslations:
    """The texts of the language that is spoken now."""
    return texts_of(code())
