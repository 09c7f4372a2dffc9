"""How the tests of imports bring a file in, as a person does: what they share."""

from __future__ import annotations

import io
import re
import time
from pathlib import Path

from flask import Flask
from little_union import Browser, token_on
from sqlalchemy import func, select
from training_union import days_ago
from werkzeug.test import TestResponse

from tracker.models import AuditEntry, Base, db

REPORT = f"""member_number,email,course,completed_on,assurance,evidence_url,external_id
0012,,AI Ethics,{days_ago(9)},provider,,X1
0034,,AI Ethics,yesterday,provider,,X2
9999,,AI Ethics,{days_ago(9)},provider,,X3
0012,,Juggling,{days_ago(9)},provider,,X4
"""


def upload(
    browser: Browser, content: str | bytes, kind: str = "completions", name: str = "report.csv", **fields: str
) -> TestResponse:
    """Send the form with the file, and nothing else."""
    token = token_on(browser.get("/staff/imports").text)
    data = content.encode() if isinstance(content, str) else content
    sent = {"csrf_token": token, "kind": kind, "file": (io.BytesIO(data), name), **fields}
    return browser.client.post("/staff/imports", data=sent, content_type="multipart/form-data")


def job_after(browser: Browser, answer: TestResponse) -> str:
    """Follow an answer to its import, and wait until no process is at work on it; the address it ends at."""
    assert answer.status_code == 303, answer.text
    address = answer.location
    for _ in range(300):
        answer = browser.get(address)
        if answer.status_code == 303:
            address = answer.location
        elif 'id="job"' not in answer.text:
            return address
        else:
            time.sleep(0.1)
    raise AssertionError(f"{address} never ends:\n{answer.text}")


def tried(browser: Browser, content: str | bytes, kind: str = "completions", name: str = "report.csv", **more: str) -> str:
    """Bring a file in; the address of what it would do, or of what is asked of it."""
    return job_after(browser, upload(browser, content, kind, name, **more))


def said(browser: Browser, job: str, fields: dict[str, str]) -> str:
    """Say what the columns are; the address of what the file would do then."""
    return job_after(browser, browser.send(job, fields, page=job))


def recorded(browser: Browser, job: str, **fields: str) -> str:
    """Confirm what was previewed; the address of what came of it."""
    address = job_after(browser, browser.send(f"{job}/record", fields, page=job))
    assert "/jobs/" not in address, browser.get(address).text
    return address


def count_of(page: str, words: str) -> str | None:
    """The count that stands beside some words."""
    found = re.search(rf'{words}[^<]*</th><td class="number">(?:<a[^>]*>)?([\d,]+)', page)
    return found[1] if found else None


def tables(app: Flask, *but: str) -> dict[str, int]:
    """How many rows every table holds; of the audit trail without what was only refused, or read as a file."""
    with app.app_context():
        counted = {
            name: select(func.count()).select_from(table) for name, table in Base.metadata.tables.items() if name not in but
        }
        if "audit_entry" in counted:
            counted["audit_entry"] = counted["audit_entry"].where(AuditEntry.action.not_in(("refused", "export_report")))
        return {name: db.session.scalar(count) or 0 for name, count in counted.items()}


def process_of(its_id: int, kind: str = "job") -> int | None:
    """The process that works on a job, or on another kind of file: by its command."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                command = (folder / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if kind.encode() in command and str(its_id).encode() in command:
                return int(folder.name)
    return None
