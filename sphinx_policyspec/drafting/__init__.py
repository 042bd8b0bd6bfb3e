"""What to write next: where a spec says least, skeletons of examples, cases and definitions, and near duplicates."""
