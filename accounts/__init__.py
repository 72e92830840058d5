"""Who the user is: sign-in, the owner's first visit, encryption at rest."""
