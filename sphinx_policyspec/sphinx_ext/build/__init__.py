"""Builds around the pages: hidden content, outputs, repeated findings and rewritten pages, and projects as SOURCE."""
