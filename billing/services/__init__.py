"""What changes plans, checkouts and subscriptions."""
