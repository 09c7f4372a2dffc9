"""The translators' files: every text in every language, with the same values in it, and nothing that is said no more."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_keywords, parse_mapping_cfg
from babel.messages.pofile import read_po

from tracker.language import DEFAULT, LANGUAGES

ROOT = Path(__file__).parent.parent
OTHERS = [each.code for each in LANGUAGES if each.code != DEFAULT]
_VALUE = re.compile(r"%\((\w+)\)[srd]|%%")


class Said(NamedTuple):
    """A text as the code says it."""

    context: str | None
    one: str
    many: str | None


@cache
def said() -> dict[Said, str]:
    """Every text that is marked, and where."""
    with (ROOT / "babel.cfg").open() as file:
        mapping, options = parse_mapping_cfg(file)
    keywords = {**DEFAULT_KEYWORDS, **parse_keywords(["lazy", "mark", "pgettext:1c,2"])}
    found = {}
    for name, line, message, _comments, context in extract_from_dir(ROOT, mapping, options, keywords):
        one, many = message if isinstance(message, tuple) else (message, None)
        if one:
            found.setdefault(Said(context, one, many), f"{name}:{line}")
    plural = {(each.context, each.one) for each in found if each.many}
    # a file of translations has one entry of a text: that of its plural serves the text alone as well
    return {each: place for each, place in found.items() if each.many or (each.context, each.one) not in plural}


@cache
def catalogue(language: str) -> Catalog:
    with (ROOT / "tracker" / "language" / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language)


def translated(language: str) -> Iterator[tuple[Said, tuple[str, ...]]]:
    for message in catalogue(language):
        if message.id:
            ids = message.id if isinstance(message.id, tuple | list) else (message.id, None)
            texts = message.string if isinstance(message.string, tuple | list) else (message.string,)
            yield Said(message.context, ids[0], ids[1]), tuple(texts)


def test_texts_are_found_in_templates_and_in_code() -> None:
    places = " ".join(said().values())
    assert "templates/base.html" in places and "tracker/models/base.py" in places


def test_a_text_has_one_plural() -> None:
    """A translator's file could hold but one of them."""
    plurals = [(each.context, each.one) for each in said() if each.many]
    assert {each for each in plurals if plurals.count(each) > 1} == set()


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_is_translated(language: str) -> None:
    there = dict(translated(language))
    missing = {place: message.one for message, place in said().items() if not all(there.get(message, ("",)))}
    assert missing == {}


@pytest.mark.parametrize("language", OTHERS)
def test_no_translation_is_left_over(language: str) -> None:
    assert {message.one for message, _ in translated(language)} - {message.one for message in said()} == set()


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_holds_the_same_values(language: str) -> None:
    """A plural may leave its number out where the language says it in a word; nothing else may go, or come."""
    wrong = {}
    for message, texts in translated(language):
        wanted = set(_VALUE.findall(message.one + (message.many or ""))) - {""}
        for text in texts:
            found = set(_VALUE.findall(text)) - {""}
            if found - wanted or (wanted - found) - ({"n"} if message.many else set()):
                wrong[message.one] = text
            if wanted and re.search(r"(?<!%)%(?![(%])", text.replace("%%", "")):
                wrong[message.one] = text
    assert wrong == {}


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_begins_and_ends_as_the_text_does(language: str) -> None:
    """Blanks at the ends hold a sentence together with what stands beside it."""
    for message, texts in translated(language):
        for text in texts:
            assert text[:1].isspace() == message.one[:1].isspace(), message.one
            assert text[-1:].isspace() == message.one[-1:].isspace(), message.one


@pytest.mark.parametrize("language", OTHERS)
def test_a_language_has_as_many_plural_forms_as_it_says(language: str) -> None:
    forms = catalogue(language).num_plurals
    assert {len(texts) for message, texts in translated(language) if message.many} <= {forms}
