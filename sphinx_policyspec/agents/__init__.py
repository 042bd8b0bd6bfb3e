"""A server that answers, decides and checks for agents, by the Model Context Protocol; read-only, over specs that are loaded once."""
