"""Extracts of a spec for training models: scenarios with the provisions that apply, word for word, and why."""
