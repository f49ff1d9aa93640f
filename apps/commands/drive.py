"""`levada drive login|logout|check`: the Google account, and what it sees."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from apps.options import AsJson, LibraryName
from apps.output import err, out, print_json

_PARTIAL = 3
Block = Annotated[str, typer.Option("--block", metavar="NAME", help="The Prefect block document in place of the file.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Google Drive: log in, log out, see what there is.", no_args_is_help=True)
    group.command("login")(login)
    group.command("logout")(logout)
    group.command("check")(check)
    app.add_typer(group, name="drive")


def login(
    credentials: Annotated[
        Path | None, typer.Option(metavar="JSON", help="The OAuth client's credentials.json; needed the first time only.")
    ] = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Open none: the address is printed.")] = False,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Where this machine waits for the browser; default: any that is free.")
    ] = 0,
    timeout: Annotated[float, typer.Option(min=1, max=3600, help="Seconds to wait for the consent.")] = 300.0,
    block: Block = "",
    as_json: AsJson = False,
) -> None:
    """Ask in a browser for leave to read a Google Drive, and keep the token: in a file of yours alone, or in a block."""
    from apps import drive_login
    from apps.google_account import prepare

    def tell(url: str) -> None:
        err.print("Open this address, choose the account and allow Levada to see its Drive:")
        err.print(f"\n  {url}\n", markup=False, soft_wrap=True)
        err.print(
            "A browser on another computer ends at a page that does not load: then copy its address, and here, in another "
            "terminal, run: curl 'ADDRESS'",
            markup=False,
            soft_wrap=True,
        )

    done = drive_login.log_in(prepare(block), tell, credentials, block, not no_browser, port, timeout)
    if as_json:
        print_json(asdict(done))
        return
    out.print(f"Logged in as {escape(f'{done.name} <{done.account}>')}, to read its Drive.", soft_wrap=True)
    out.print(f"  token  {escape(done.stored_in)}", soft_wrap=True)
    out.print(f"  next   levada drive check{f' --block {escape(block)}' if block else ''}", soft_wrap=True)


def logout(block: Block = "", as_json: AsJson = False) -> int:
    """Have Google forget the consent, and delete the token."""
    from apps import drive_login
    from apps.google_account import prepare

    done = drive_login.log_out(prepare(block), block)
    if as_json:
        print_json(asdict(done))
    elif not done.account:
        out.print(f"Nobody was logged in: no token in {escape(done.deleted_from)}", soft_wrap=True)
    else:
        out.print(f"{escape(done.account)} is logged out; the token in {escape(done.deleted_from)} is deleted", soft_wrap=True)
    if done.problem and not as_json:
        err.print(f"[yellow]warning:[/yellow] {escape(done.problem)}", soft_wrap=True)
    return _PARTIAL if done.problem else 0


def check(
    source: Annotated[
        str | None, typer.Argument(metavar="SOURCE", help="A source, or a folder's address or id; left out: the whole account.")
    ] = None,
    library: LibraryName = "",
    block: Block = "",
    as_json: AsJson = False,
) -> int:
    """Show which account it is, what it sees, and what stands in the way. Changes nothing."""
    from apps import drive_check
    from apps.drive_listing import show
    from apps.google_account import chosen, prepare, scope_of

    settings = prepare(block)
    scope, own = scope_of(settings, library, source)
    found = drive_check.check(own or chosen(settings, block), scope)
    if as_json:
        print_json(asdict(found))
    else:
        show(found)
    return _PARTIAL if found.problems else 0
