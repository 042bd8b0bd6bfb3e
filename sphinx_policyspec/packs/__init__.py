"""Context packs: what somebody needs to know about one matter of a spec, as a text within a budget."""
