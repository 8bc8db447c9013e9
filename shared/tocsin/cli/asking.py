"""Asking before something is done that nobody can take back."""

import click

from tocsin.cli.session import Session


def confirm(session: Session, question: str) -> None:
    """Go on only if somebody says yes, or nothing is asked; without a terminal nobody can, but the option --yes."""
    if not question:
        return
    if not session.interactive():
        raise click.ClickException(f"nothing is done: without a terminal this needs --yes ({question})")
    click.confirm(question, abort=True, err=True)
