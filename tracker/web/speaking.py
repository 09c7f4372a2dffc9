"""Which language a page is in: as its reader chose, else as their browser asks, else English. Through Flask-Babel."""

from __future__ import annotations

from typing import Any

from flask import Flask, has_request_context, request
from flask_babel import Babel, Domain, get_locale
from flask_login import current_user

from tracker.language import (
    DEFAULT,
    LANGUAGES,
    Language,
    follow,
    gettext,
    language_named,
    ngettext,
    pgettext,
    texts_of,
    word,
)
from tracker.models import User
from tracker.web.cookies import choice

COOKIE = "language"
_TAGS = [each.tag for each in LANGUAGES]


class _Texts(Domain):  # type: ignore[misc]  # it has no types of its own
    """The translators' own files, where Flask-Babel would look for compiled ones."""

    def get_translations(self) -> Any:
        return texts_of(str(get_locale() or DEFAULT))


class _Babel(Babel):  # type: ignore[misc]
    domain_instance = _Texts()


def teach(app: Flask) -> None:
    """Speak each reader's language on every page, in every file and fault."""
    _Babel(app, default_locale=DEFAULT, locale_selector=_chosen)
    app.jinja_env.install_gettext_callables(gettext, ngettext, newstyle=False, pgettext=pgettext)  # type: ignore[attr-defined]
    app.jinja_env.filters["word"] = word
    app.context_processor(_frame)
    app.after_request(_tell)
    follow(spoken)


def spoken() -> str:
    """The code of the language of this request; English where none is answered."""
    found = get_locale() if has_request_context() else None
    return str(found or DEFAULT)


def language() -> Language:
    """The language of this request."""
    return next(each for each in LANGUAGES if each.code == spoken())


def _chosen() -> str:
    """Asked once a request."""
    if not has_request_context():
        return DEFAULT
    user = current_user._get_current_object()
    kept = user.language if isinstance(user, User) else None
    return (
        language_named(kept)
        or language_named(choice(COOKIE))
        or language_named(request.accept_languages.best_match(_TAGS))
        or DEFAULT
    )


def _frame() -> dict[str, Any]:
    return {"language": language(), "languages": LANGUAGES}


def _tell(response: Any) -> Any:
    if "Content-Language" not in response.headers and response.mimetype == "text/html":
        response.headers["Content-Language"] = language().tag
        response.vary.add("Accept-Language")
    return response
