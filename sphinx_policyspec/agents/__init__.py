"""A read-only Model Context Protocol server that answers, decides and checks for agents over specs loaded once."""
