"""The command ``policyspec lsp``: a language server on standard input and output."""

from __future__ import annotations

import click

from sphinx_policyspec.errors import MissingToolError


@click.command()
@click.option(
    "--stdio",
    is_flag=True,
    hidden=True,
    help="Accepted for clients that pass it; this is the only way to connect.",
)
def lsp(*, stdio: bool) -> None:
    """Serve an editor, as a language server.

    It speaks the Language Server Protocol on standard input and output.

    Editors start this command themselves; the how-to page "In your editor" has the settings. Needs
    pygls, from the extra `lsp`.
    """
    del stdio
    try:
        from sphinx_policyspec.language_server.server import serve  # noqa: PLC0415  no other command needs pygls
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in {"pygls", "lsprotocol", "attrs", "cattrs"}:
            raise
        raise MissingToolError("`policyspec lsp` needs pygls: pip install 'sphinx-policyspec[lsp]'") from None
    serve()
