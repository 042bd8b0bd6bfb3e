"""Graphs put on SPARQL servers of others by the standard protocols, so that no reader sees half a graph."""
