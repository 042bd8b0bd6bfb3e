"""What follows from a spec: the ontology as a schema, statements and their contradictions, reasoners, the spec as OWL objects."""
