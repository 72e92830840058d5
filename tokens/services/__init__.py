"""Keep what is held (the signing key, Tesla grants) and what is issued (tokens)."""
