"""Stand in for Tesla: accounts, cars and energy sites behind the real addresses."""
