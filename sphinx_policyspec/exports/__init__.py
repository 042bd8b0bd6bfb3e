"""Results → text, for other programs and for people."""
