"""Do what goes across the apps: delete a person's things, pack them for the way."""
