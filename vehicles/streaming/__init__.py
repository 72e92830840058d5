"""What the page of a car's streaming shows: presets, cost, editor, lights, values."""
