"""A language that nobody speaks, and what is not in it on a page: how the tests find words that no translator would see.

Every text comes out in Greek letters, days and lists as Greek writes them, and a little union's own words stand in Cyrillic
ones. So whatever is left in Latin letters on a page was never marked to be translated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import NamedTuple

import pytest
from babel.support import NullTranslations
from flask.testing import FlaskClient

from tracker import language
from tracker.language import LANGUAGES, Language, spoken
from tracker.web import speaking

TONGUE = Language("el", "el", "Ελληνικά", "ΕΛ")

_LATIN = "abcdefghijklmnopqrstuvwxyz"
_GREEK = "αβψδεφγηιξκλμνοπχρστθωςζυϊ"
_LETTERS = str.maketrans(_LATIN + _LATIN.upper(), _GREEK + _GREEK.upper().replace("Σ", "Σ"))
_PLACES = re.compile(r"(%\(\w+\)s|%%|\{\w+\})")


def said_otherwise(message: str) -> str:
    """A message in the other tongue, with the places of its values kept."""
    return "".join(part if _PLACES.fullmatch(part) else part.translate(_LETTERS) for part in _PLACES.split(message))


class Tongue(NullTranslations):  # type: ignore[misc]  # it has no types of its own
    """Texts of which no letter is Latin."""

    def gettext(self, message: str) -> str:
        return said_otherwise(message)

    def ngettext(self, one: str, many: str, count: int) -> str:
        return said_otherwise(one if count == 1 else many)

    def pgettext(self, context: str, message: str) -> str:
        return said_otherwise(message)


def teach(patch: pytest.MonkeyPatch) -> None:
    """Make the tongue one of the languages."""
    languages = (*LANGUAGES, TONGUE)
    real = spoken.texts_of
    patch.setattr(spoken, "LANGUAGES", languages)
    patch.setattr(language, "LANGUAGES", languages)
    patch.setattr(speaking, "LANGUAGES", languages)
    patch.setattr(speaking, "_TAGS", [each.tag for each in languages])
    for module in (spoken, speaking):
        patch.setattr(module, "texts_of", lambda chosen: Tongue() if chosen == TONGUE.code else real(chosen))


def read_in(client: FlaskClient) -> FlaskClient:
    """A browser that asks for pages in the tongue, and for none else."""
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = TONGUE.tag
    return client


_VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})
_NOT_READ = frozenset({"script", "style", "code", "pre", "template"})  # what stands in code is the same in every language
_SAID = ("title", "aria-label", "placeholder", "alt", "data-label", "data-failed", "data-with-script", "data-unreadable")
_TYPED = ("submit", "button", "reset")

# What is the same in every language: addresses of people and pages, names of files and of their forms, hashes.
_SAME = re.compile(
    r"""
    [\w.+-]+@[\w.-]+                                    # an e-mail address
  | https?://\S+ | /[\w./?=&%:#-]+                      # where a page is
  | [\w-]+\.(?:csv|json|txt|pdf|zip|yaml|xlsx|po)\b     # a file
  | \b(?:CSV|XLSX|XLS|ODS|PDF|SVG|PNG|JSON|JPEG|HEIC|TSV|TXT|SHA-?256|xAPI|UTF-8|UTC|SMTP|LinkedIn\ Learning)\b
  | \b[0-9a-f]{12,64}\b                                 # a hash
    """,
    re.VERBOSE,
)
_WORD = re.compile(r"[A-Za-z]{3,}")


class Page(NamedTuple):
    """A page as its reader meets it."""

    language: str  # as it says itself
    texts: tuple[str, ...]  # what is seen or read aloud, piece by piece

    @property
    def foreign(self) -> list[str]:
        """What is not in the other tongue."""
        return [text for text in self.texts if _WORD.search(_SAME.sub(" ", text))]


def page_of(html: str) -> Page:
    """What there is to read on a page."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return Page(reader.language, tuple(reader.texts))


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.language = ""
        self.texts: list[str] = []
        self._open: list[tuple[str, bool]] = []  # each open element, and whether what stands in it is read

    def _is_read(self) -> bool:
        return all(is_read for _, is_read in self._open)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "html":
            self.language = values.get("lang", "")
        # the name of a language stands in itself; and what is marked so is told as it was written
        is_ours = values.get("lang", TONGUE.tag) == TONGUE.tag and values.get("translate") != "no"
        if self._is_read() and is_ours:
            self.texts += _tidied(values[name] for name in _SAID if name in values)
            if tag == "input" and values.get("type") in _TYPED:
                self.texts += _tidied([values.get("value", "")])
        if tag not in _VOID:
            self._open.append((tag, is_ours and tag not in _NOT_READ))

    def handle_endtag(self, tag: str) -> None:
        while self._open and tag in [name for name, _ in self._open]:
            name, _ = self._open.pop()
            if name == tag:
                return

    def handle_data(self, data: str) -> None:
        if self._is_read():
            self.texts += _tidied([data])


def _tidied(texts: Iterator[str] | list[str]) -> list[str]:
    return [" ".join(text.split()) for text in texts if text.strip()]
