"""Stripe as a payment provider, through its own library: for whoever is there already."""
