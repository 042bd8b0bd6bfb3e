"""Our nodes, what builds them, and how they look."""
