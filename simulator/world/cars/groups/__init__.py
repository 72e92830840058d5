"""Build the groups of `vehicle_data`, one module per group."""
