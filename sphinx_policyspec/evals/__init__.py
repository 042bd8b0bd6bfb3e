"""Prompts out to the harnesses of evaluations, and their results back onto principles."""
