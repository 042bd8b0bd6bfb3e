"""Model Spec Markdown as nodes: prose, messages and whole pages."""
