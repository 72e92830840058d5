"""Pages about credentials: sign in with Tesla, scopes, access tokens."""
