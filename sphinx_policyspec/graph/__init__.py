"""The model as RDF and back, questions answered on it, and the guard around foreign queries."""
