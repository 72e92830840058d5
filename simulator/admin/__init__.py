"""Let people and tests look behind the simulator and move its world."""
