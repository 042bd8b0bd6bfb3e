"""Publishes graphs on foreign SPARQL servers by the standard protocols, so that no reader sees half a graph."""
