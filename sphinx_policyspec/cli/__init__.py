"""The command line: each command calls ``api`` and prints what that gives."""

from sphinx_policyspec.cli.main import commands, main

__all__ = ["commands", "main"]
