"""Extracts of a spec that models are taught by: scenarios with the provisions that apply, word for word, and why."""
