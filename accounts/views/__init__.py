"""The pages of accounts: the owner's first visit, letters, activity, sessions, members."""
