"""`tracker serve`: the application for browsers on this machine, or for the proxy that stands before it."""

from __future__ import annotations

import signal
import sys
from types import FrameType

import click
import waitress  # type: ignore[import-untyped]

from tracker import create_app
from tracker.cli import main
from tracker.config import LARGEST_REQUEST, Settings
from tracker.demonstration.building import SIGN_INS
from tracker.operations.refused import Refused

_LOOPBACK = "127.0.0.1"


@main.command()
@click.option("--port", type=click.IntRange(1, 65_535), default=8_000, show_default=True)
@click.option(
    "--workers", type=click.IntRange(1, 64), default=8, show_default=True, help="How many requests are answered at once."
)
def serve(port: int, workers: int) -> None:
    """Serve the pages on this machine's own address, until interrupted.

    Nobody outside the machine can connect: a proxy that speaks HTTPS belongs in front.
    """
    settings = Settings.from_environment()
    app = create_app(settings)
    try:
        server = waitress.create_server(
            app,
            host=_LOOPBACK,
            port=port,
            threads=workers,
            ident=None,
            max_request_body_size=LARGEST_REQUEST + 1_000_000,  # refused here, before it fills the disk
            # whose forwarded headers count is the application's own setting, TRACKER_PROXY_HOPS
            clear_untrusted_proxy_headers=not settings.proxy_hops,
        )
    except OSError as error:
        raise Refused("port_taken", f"Port {port} cannot be used: {error.strerror}. Choose another with --port.") from None
    click.echo(f"Serving on http://{_LOOPBACK}:{port} (Ctrl+C ends it)")
    if settings.is_demo:
        click.echo(f"Demonstration. Sign in with the password {settings.demo_password} as")
        for email, _ in SIGN_INS:
            click.echo(f"  {email}")
    app.extensions["settling"].soon()  # what a server before this one could not
    signal.signal(signal.SIGTERM, _stop)
    server.run()


def _stop(_number: int, _frame: FrameType | None) -> None:
    """Ends as Ctrl+C does: what is being answered is answered."""
    sys.exit(0)
