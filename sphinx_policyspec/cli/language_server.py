"""The command ``policyspec lsp``: a language server on standard input and output."""

from __future__ import annotations

import click

from sphinx_policyspec.errors import MissingToolError


@click.command()
@click.option(
    "--stdio", is_flag=True, hidden=True, help="Taken from clients that say so; there is no other way."
)
def lsp(*, stdio: bool) -> None:
    """Serve an editor, as a language server.

    It speaks the Language Server Protocol on standard input and output.

    Editors start it themselves; the how-to page "In your editor" says what to tell yours. Needs pygls, of the extra
    `lsp`.
    """
    del stdio
    try:
        from sphinx_policyspec.language_server.server import serve  # noqa: PLC0415  no other command needs pygls
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in {"pygls", "lsprotocol", "attrs", "cattrs"}:
            raise
        raise MissingToolError("`policyspec lsp` needs pygls: pip install 'sphinx-policyspec[lsp]'") from None
    serve()
