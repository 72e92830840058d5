"""Have a car do a command: signed or not, awake or not, from a page or a program."""
