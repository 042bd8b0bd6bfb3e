"""Text → model: Model Spec Markdown, its prompt files and changelog, and annotation files."""
