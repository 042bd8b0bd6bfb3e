"""Scenarios of the chain of command in pages, decided when the pages are built."""
