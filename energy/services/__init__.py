"""Keep what is known of the energy sites, and choose by which grant to ask for more."""
