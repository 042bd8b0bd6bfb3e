"""A page, from its directives to its part of the spec."""
