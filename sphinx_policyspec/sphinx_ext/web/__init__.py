"""What only web pages have: panels, previews, machine-readable metadata and the page that answers questions."""
