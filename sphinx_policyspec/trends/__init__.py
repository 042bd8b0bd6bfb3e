"""How sections of a spec grow or shrink from release to release."""
