"""Where ids are in the texts of a spec, and what gives a thing another one: for editors and proposals."""
