"""The verbs of accounts: making and recovering the owner, keeping letters."""
