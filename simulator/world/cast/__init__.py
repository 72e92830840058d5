"""Name the persons, places, cars and energy sites of the demo."""
