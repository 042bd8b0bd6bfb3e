"""The language server: what authors are told, and offered, while they type."""
