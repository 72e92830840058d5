"""Paddle Billing: its API over plain HTTP, its notifications, its words in ours."""
