"""Overlays: changes and additions to a spec that somebody else publishes, and whether they are allowed."""
