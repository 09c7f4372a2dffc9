"""`tracker completions`: reports in."""

from __future__ import annotations

from pathlib import Path

from tracker.cli import main
from tracker.cli.importing import (
    dry_run_option,
    end_as_recording_would,
    import_a_file,
    save_profile_option,
    say_imported,
    strict_option,
)
from tracker.cli.reading import with_reading
from tracker.cli.running import the_file, with_app
from tracker.intake.reading import Reading


@main.group()
def completions() -> None:
    """What members completed."""


@completions.command("import")
@the_file
@with_reading("completions")
@save_profile_option
@dry_run_option
@strict_option
@with_app
def import_a_report(file: Path, reading: Reading, profile_name: str, dry_run: bool, strict: bool) -> None:
    """Record the completions in FILE, whatever table it is.

    LinkedIn's reports, a member's own archive and the canonical table are known by their headings; any other table is read
    by the columns named with --map, or by a profile saved from an earlier file.
    """
    imported = import_a_file("completions", file, reading, profile_name=profile_name, dry_run=dry_run, strict=strict)
    say_imported(imported, dry_run=dry_run, profile_name=profile_name)
    if dry_run:
        end_as_recording_would(imported, strict=strict)
