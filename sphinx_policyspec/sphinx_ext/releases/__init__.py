"""What changed since an older release, inside pages and around them."""
