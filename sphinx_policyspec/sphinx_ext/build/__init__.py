"""What a build does around the pages: what it hides, writes, says again and writes again, and a project as SOURCE."""
