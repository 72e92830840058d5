"""The gateway's door: programs send their Fleet API requests here."""
