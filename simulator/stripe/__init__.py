"""A pretend Stripe: checkout, portal, subscriptions, signed notifications."""
