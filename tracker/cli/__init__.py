"""The operator's door: the ``tracker`` command, one file per command group."""

from __future__ import annotations

import sys

import click

from tracker.config import WrongSetting
from tracker.coverage.derivation import NothingApplied
from tracker.models.trouble import DATABASE_ERRORS, in_words
from tracker.operations.refused import Refused


class _Tracker(click.Group):
    """Turns a refusal into one clear line a fault and exit code 1; click itself answers wrong usage with 2."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except Refused as refusal:
            click.echo(f"Refused: {refusal.message}", err=True)
            for fault in refusal.faults:
                click.echo(f"  {fault}", err=True)
            ctx.exit(1)
        except NothingApplied as nothing:
            click.echo(f"Refused: {nothing}", err=True)
            ctx.exit(1)
        except DATABASE_ERRORS as error:
            words = in_words(error)
            if words is None:
                raise
            click.echo(f"Refused: {words}", err=True)
            ctx.exit(1)
        except WrongSetting as wrong:
            click.echo(f"Wrong setting: {wrong}", err=True)
            ctx.exit(1)


@click.group(cls=_Tracker, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tracker")
def main() -> None:
    """Who was asked to learn what, who has done it, and how well each local is covered."""


def _attach() -> None:
    from tracker.cli import (  # noqa: F401 — each file adds its commands to `main`
        accounts,
        audit,
        batches,
        catalogue,
        clients,
        database,
        demo,
        desk,
        erasing,
        exports,
        frozen,
        imports,
        jobs,
        keeping,
        learning,
        linkedin,
        notices,
        policy,
        profiles,
        purging,
        reports,
        roster,
        serve,
        simulating,
        union,
        users,
        worker,
    )


_attach()

if __name__ == "__main__":
    sys.exit(main())
