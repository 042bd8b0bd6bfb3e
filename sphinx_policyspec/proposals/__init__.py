"""Proposals: edits of the texts behind provisions, in memory, and what they would do."""
