"""In which language people are spoken to: what every room marks its words with.

    from tracker.language import _, ngettext

    _("Local %(number)s has no members yet.", number=unit.number)
    ngettext("%(n)s course", "%(n)s courses", count)      # ``n`` is written as the language writes numbers

- `_` (`gettext`) and `ngettext` translate at once: call them while someone is spoken to, never when a module is loaded.
- `lazy` translates when it is drawn: for the labels of a form, which are made once.
- `mark` only marks a word, such as a state, that `word` translates later.
- `speaking("fr_CA")` speaks another language for a while: a mail is written in its reader's.

Below the doors nobody knows who is spoken to: whoever starts the application says so once, by `follow`. Until then, and
wherever nothing else is said, it is English, in which the texts are written. The others stand beside this file, as the
translators' own files (``fr_CA.po``, ``es.po``), and are read when first needed.
"""

from tracker.language.marking import _, gettext, lazy, mark, ngettext, pgettext, word
from tracker.language.spoken import (
    DEFAULT,
    LANGUAGES,
    Language,
    code,
    follow,
    language_named,
    locale,
    read_texts,
    speaking,
    texts_of,
)
from tracker.language.writing import day, in_list, moment, month, number, percent, short_day

__all__ = [
    "DEFAULT",
    "LANGUAGES",
    "Language",
    "_",
    "code",
    "day",
    "follow",
    "gettext",
    "in_list",
    "language_named",
    "lazy",
    "locale",
    "mark",
    "moment",
    "month",
    "ngettext",
    "number",
    "percent",
    "pgettext",
    "read_texts",
    "short_day",
    "speaking",
    "texts_of",
    "word",
]
