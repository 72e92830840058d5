"""Answer as Tesla's auth server does: sign-in, consent, tokens and keys."""
