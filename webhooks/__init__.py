"""Webhooks: who is told what happens, each delivery and its answer."""
