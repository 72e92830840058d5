"""Template filters that all pages share."""
