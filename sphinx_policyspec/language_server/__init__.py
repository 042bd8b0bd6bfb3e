"""The language server: findings and suggestions for authors while they type."""
