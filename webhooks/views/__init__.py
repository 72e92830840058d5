"""The pages about webhooks."""
