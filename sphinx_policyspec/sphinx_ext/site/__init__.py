"""A web site of any spec, with no Sphinx project of one's own."""
