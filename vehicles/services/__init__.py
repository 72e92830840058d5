"""Keep what is known of the cars, and choose by which grant to ask for more."""
