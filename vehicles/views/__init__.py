"""Pages about one car, and the page of the virtual key."""
