"""The options that say how a file is to be read, for every command that takes one."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import click

from tracker.curriculum.words import Assurance
from tracker.intake.fields import KINDS, refuse_wrong_reading
from tracker.intake.reading import DATE_ORDERS, Reading
from tracker.operations.refused import Refused

R = TypeVar("R")

# What is not found in the file is as wrong a command as what cannot be meant in any; a field says that it was named there.
_WRONG_USAGE = frozenset(
    ("unknown_field", "unknown_column", "duplicate_header", "field_missing", "unknown_zone", "wrong_constant")
)


def with_reading(kind: str) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Give a command the options that say how its file is read, as one ``reading``.

    Args:
        kind: of ``intake.fields.KINDS``: what the file is of.
    """
    options = [
        click.option(
            "--profile", default="", metavar="NAME", help="The form FILE is in; found by its headings if not named."
        ),
        click.option("--map", "columns", multiple=True, metavar="FIELD=COLUMN", help=f"A column. {_fields(kind)}"),
        click.option("--set", "constants", multiple=True, metavar="FIELD=VALUE", help="What holds in every row."),
        click.option("--value", "values", multiple=True, metavar="FIELD:TEXT=VALUE", help="What a word of FILE means."),
        click.option(
            "--date-order", type=click.Choice(DATE_ORDERS), default=None, help="How FILE writes days such as 3/4/2026."
        ),
        click.option(
            "--time-zone", default="", metavar="TZ", help="Whose day counts where FILE states moments with a zone."
        ),
    ]
    if kind == "completions":
        levels = click.Choice([each.word for each in Assurance])
        options += [
            click.option("--assurance", type=levels, default=None, help="How sure every completion in FILE is."),
            click.option("--member", default="", help="Whose FILE is, where it names nobody: a member number or an e-mail."),
        ]

    def decorate(command: Callable[..., R]) -> Callable[..., R]:
        @functools.wraps(command)
        def run(
            *args: Any,
            profile: str,
            columns: Iterable[str],
            constants: Iterable[str],
            values: Iterable[str],
            date_order: str | None,
            time_zone: str,
            assurance: str | None = None,
            member: str = "",
            **kwargs: Any,
        ) -> R:
            reading = Reading(
                profile=profile,
                columns=_pairs(columns, "--map", "FIELD=COLUMN"),
                constants=_pairs(constants, "--set", "FIELD=VALUE"),
                values=_translations(values),
                date_order=date_order or "",
                time_zone=time_zone,
                assurance=Assurance.from_word(assurance) if assurance else None,
                member=member,
            )
            try:
                refuse_wrong_reading(kind, reading)
                return command(*args, reading=reading, **kwargs)
            except Refused as refusal:
                if refusal.field and refusal.code in _WRONG_USAGE:
                    raise click.UsageError(refusal.message) from None
                raise

        for option in reversed(options):
            run = option(run)
        return run

    return decorate


def _fields(kind: str) -> str:
    return f"FIELD: {', '.join(KINDS[kind].fields)}."


def _pairs(texts: Iterable[str], option: str, form: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in texts:
        field, mark, value = (each.strip() for each in text.partition("="))
        if not (field and mark and value):
            raise click.UsageError(f"{option} {text!r}: write {form}.")
        if field in found:
            raise click.UsageError(f"{option} names {field} twice: {found[field]!r} and {value!r}.")
        found[field] = value
    return found


def _translations(texts: Iterable[str]) -> dict[str, dict[str, str]]:
    """``FIELD:TEXT=VALUE``: the field ends at the first colon and the value begins after the last equals sign."""
    found: dict[str, dict[str, str]] = {}
    for text in texts:
        field, colon, rest = text.partition(":")
        said, mark, value = rest.rpartition("=")
        if not (field.strip() and colon and mark):
            raise click.UsageError(f"--value {text!r}: write FIELD:TEXT=VALUE.")
        found.setdefault(field.strip(), {})[said.strip()] = value.strip()
    return found
