"""Verify and answer signed messages as a car does, apart from any signer."""
