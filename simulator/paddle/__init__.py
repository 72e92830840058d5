"""A pretend Paddle: catalog, checkout, subscriptions, signed notifications."""
