"""Records of decisions about a spec: checked beside its releases, and as a graph of their own."""
