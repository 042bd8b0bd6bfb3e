"""The command line: each command calls ``api`` and prints the result."""

from sphinx_policyspec.cli.main import commands, main

__all__ = ["commands", "main"]
