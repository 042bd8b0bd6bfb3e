"""A server that speaks HTTP: a handbook, SPARQL under guard, releases as RDF, and named questions, read-only."""
