"""Make the signing key; register the application at Tesla."""
