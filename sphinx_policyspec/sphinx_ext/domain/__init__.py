"""The domain ``policy``: records by page, indices, links."""
