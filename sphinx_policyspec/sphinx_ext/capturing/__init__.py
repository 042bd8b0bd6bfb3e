"""A page that was read, as model objects with their exact places."""
