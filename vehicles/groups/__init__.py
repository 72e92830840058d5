"""Read the groups of vehicle_data, each into values that a person can read."""
