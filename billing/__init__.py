"""What a subscription costs, who has one, and what it opens."""
