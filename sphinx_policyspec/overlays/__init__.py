"""Overlays: what somebody changes in, and adds to, a spec that another publishes, and whether they may."""
