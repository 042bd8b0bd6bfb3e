"""Directives and roles that declare what a spec says."""
