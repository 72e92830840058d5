"""What changes webhooks: endpoints, deliveries, the queue, and when to give up."""
