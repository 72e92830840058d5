"""What pages about cars show of webhooks."""
