"""What a path's versions ask, and how a frozen report was made, in words that need no other paper."""

from __future__ import annotations

import textwrap

from tracker.coverage.exports import COVERAGE_DEFINITIONS, floor_words
from tracker.coverage.frozen.shapes import PackFigures
from tracker.curriculum.paths import ChangePolicy, NeedKind
from tracker.language import _, mark, ngettext, number, word
from tracker.models import PathVersion, Section

HIDDEN = mark("hidden")  # in the tables of a pack in every language: programs read it


def version_words(version: PathVersion) -> str:
    """What a version asks: "Version 2, from 2026-01-01 (…). Foundations: every one of AI Basics; AI Ethics."."""
    if version.from_on:
        head = _(
            "Version %(number)s, from %(day)s (%(change)s)",
            number=version.number,
            day=version.from_on.isoformat(),
            change=_change(version),
        )
    else:
        head = _("Version %(number)s, for all days", number=version.number)
    if version.lookback_months:
        lookback = ngettext(
            "nothing completed more than %(n)s month before someone was first asked counts",
            "nothing completed more than %(n)s months before someone was first asked counts",
            version.lookback_months,
        )
        head = f"{head}; {lookback}"
    return ". ".join([head, *(_section(section) for section in version.sections)]) + "."


def _change(version: PathVersion) -> str:
    """What a version means for those asked before."""
    if version.change is ChangePolicy.KEEP:
        return _("who had begun an earlier version stays with it")
    if version.change is ChangePolicy.GRACE:
        return _("everyone moves to it on %(day)s", day=version.grace_on)
    return _("everyone moves to it on its first day")


def _section(section: Section) -> str:
    asked = section.number
    values = {"section": section.title, "courses": "; ".join(each.course.title for each in section.courses)}
    if section.need is NeedKind.ALL:
        said = _("%(section)s: every one of %(courses)s", **values)
    elif section.need is NeedKind.ANY:
        said = ngettext("%(section)s: any %(n)s of %(courses)s", "%(section)s: any %(n)s of %(courses)s", asked, **values)
    elif section.need is NeedKind.MINUTES:
        said = ngettext(
            "%(section)s: at least %(n)s minute of %(courses)s",
            "%(section)s: at least %(n)s minutes of %(courses)s",
            asked,
            **values,
        )
    else:
        said = ngettext(
            "%(section)s: at least %(credits)s credits in %(n)s month from %(courses)s",
            "%(section)s: at least %(credits)s credits in %(n)s months from %(courses)s",
            section.within_months or 0,
            credits=number(asked / 100),
            **values,
        )
    kinds = "; ".join(
        _("at least %(credits)s of %(kind)s", credits=number(least / 100), kind=kind)
        for kind, least in sorted((section.of_kinds or {}).items())
    )
    return _("%(asks)s (of them %(kinds)s)", asks=said, kinds=kinds) if kinds else said


def hiding_words(smallest: int, shown: str = "") -> str:
    """How small groups are treated.

    Args:
        shown: how such cells are marked, where it is not in the language that is spoken.
    """
    return _(
        "No figure about fewer than %(smallest)s people is shown, and none from which one could be worked out: such cells "
        "are empty and marked “%(hidden)s”. Small counts within larger groups are shown.",
        smallest=smallest,
        hidden=shown or word(HIDDEN),
    )


def method_note(pack: PackFigures, title: str, code: str, body: str) -> str:
    """The note that lies with the figures: plain text, complete by itself."""
    frozen_at = pack.frozen_at.isoformat(timespec="seconds")
    lines = [
        *_headed(title, "="),
        "",
        _("Scope: %(scope)s", scope=pack.scope.title),
        _("Day: %(day)s", day=pack.as_of.isoformat()),
        _("Known: everything recorded by %(moment)s, when this report was frozen", moment=frozen_at),
        _("Floor: %(floor)s", floor=floor_words(pack.floor)),
        _("Frozen by: %(body)s", body=body),
        "",
        *_headed(_("What the words mean")),
        *map(word, COVERAGE_DEFINITIONS),
        counting_words(pack),
        _(
            "How sure: “claimed” is what members log themselves, “reviewed” what staff saw evidence of, “provider” what the"
            " course’s provider reports. Each counts what is surer too: claimed includes reviewed, reviewed includes"
            " provider."
        ),
        _("A path is a right, never a test of anyone: these figures say how many were reached, not who is fit for work."),
        "",
        *_headed(_("Who is left out")),
        _(
            "denominators.csv says for each path how many hold a card here, how many of them are not in scope, and why: the"
            " status of their card, an exemption, or that nothing asks them. Each person is in one group, so that it adds"
            " up."
        ),
        "",
        *_headed(_("Small groups")),
        hiding_words(pack.smallest, HIDDEN),
        _(
            "Who holds cards in several locals counts in each, and once above them: locals may add up to more than the"
            " whole."
        ),
        "",
        *_headed(_("What the paths ask")),
    ]
    for path in pack.paths:
        lines += [f"{path.title} ({path.code})", *(f"  {words}" for words in path.versions), ""]
    lines += _headed(_("What the figures were made with"))
    lines += [
        _(
            "%(kind)s, applied %(moment)s, SHA-256 %(sha256)s",
            kind=word(text.kind),
            moment=text.applied_at.isoformat(timespec="seconds"),
            sha256=text.sha256,
        )
        for text in pack.texts
    ]
    lines += [
        "",
        *_headed(_("How to check it")),
        _(
            "manifest.json names every file of this report with its size and SHA-256, and the figures of the whole scope."
            " The"
            " SHA-256 of manifest.json itself stands for all of it: change one figure in one file, and it is another."
        ),
        _(
            "The tracker keeps that hash, and shows it to anyone, without signing in, at %(address)s",
            address=f"/frozen/{code}",
        ),
        _("There a file of this report, or its SHA-256, can be held against it, and corrections recorded since are told."),
        _("By hand: %(command)s", command="sha256sum manifest.json"),
        "",
    ]
    return "\n".join(_wrapped(line) for line in lines)


def counting_words(pack: PackFigures) -> str:
    """Whose cards count."""
    return _("Statuses whose cards count: %(statuses)s.", statuses=", ".join(map(word, pack.counts)))


def _headed(words: str, line: str = "-") -> list[str]:
    return [words, line * len(words)]


def _wrapped(line: str) -> str:
    indent = "    " if line.startswith(" ") else ""
    return textwrap.fill(line, 110, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
