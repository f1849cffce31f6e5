"""`auth login`: a person logs in for a mailbox, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from interest_ingest.cli.common import Given, json_option, neutral, print_json

if TYPE_CHECKING:
    from interest_ingest.oauth.device import Prompt


@click.group()
def auth() -> None:
    """Log in to mailboxes that take no password."""


@auth.command(short_help="Log in for a mailbox at any browser (OAuth device flow).")
@click.argument("name", metavar="MAILBOX")
@json_option
@click.pass_obj
def login(given: Given, name: str, as_json: bool) -> None:
    """Log in for a mailbox whose flow is "device": prints an address and a code to enter there, at any browser.

    What it gets is kept and renewed from then on. With --json the prompt is one line and the result another.
    """
    settings = given.settings()
    from interest_ingest.oauth import device, permissions

    (mailbox,) = settings.chosen((name,))
    credential = settings.credential(mailbox)
    prompt = device.begin(credential.registration)
    _show(prompt, as_json)
    token = device.finish(credential, prompt)
    lacking = permissions.missing(credential.registration, token)
    if as_json:
        print_json({"mailbox": name, "expires_at": token.expires_at.isoformat(), "problem": lacking})
    else:
        click.echo(neutral(f"logged in for mailbox {name}{_as_whom(permissions.owner(token))}"))
    if lacking:
        click.echo(neutral(f"mailbox {name}: {lacking}"), err=True)
        raise SystemExit(1)


def _show(prompt: Prompt, as_json: bool) -> None:
    if as_json:
        told = {"url": prompt.url, "code": prompt.code, "seconds": prompt.seconds, "direct": prompt.direct or None}
        print_json(told)
        return
    click.echo(neutral(f"Open {prompt.url} at any browser and enter the code {prompt.code}"))
    if prompt.direct:
        click.echo(neutral(f"or open {prompt.direct}"))
    click.echo(f"Waiting for at most {prompt.seconds / 60:.0f} minutes; Ctrl-C gives up.")


def _as_whom(owner: str) -> str:
    return f" as {owner}" if owner else ""
