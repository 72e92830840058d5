"""Take what cars stream: mTLS WebSockets in, events out, acknowledged once safe."""
