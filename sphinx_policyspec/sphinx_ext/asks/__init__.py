"""What pages ask of the spec, the answers, and how these are shown."""
