"""Stand in for the Tesla app and the car's screen: add and delete virtual keys."""
