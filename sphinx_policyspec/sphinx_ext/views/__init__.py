"""Directives that ask: questions, lists, tables, matrices and drawings."""
