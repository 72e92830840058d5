"""Read what cars stream: envelopes, records, and the values in them."""
