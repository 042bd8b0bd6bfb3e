"""What a spec leaves open, in pages: who goes first among its principles, and what nothing decides."""
