"""A page from its directives to its part of the spec: what they declare, what a build hides, and where each word stands."""
