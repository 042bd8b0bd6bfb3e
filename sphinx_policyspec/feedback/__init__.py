"""What people say of a spec: words of it that are found again, and a register of feedback."""
