"""Prompts for evaluation harnesses, and their results joined to principles."""
