"""What somebody needs to know of one matter of a spec: what bears on it, as a text within a budget."""
