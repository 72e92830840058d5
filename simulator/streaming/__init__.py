"""Let cars stream: settings, their signature, and cars that dial a telemetry server."""
