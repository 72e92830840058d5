"""A password hasher for tests."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class QuickHasher(Argon2PasswordHasher):
    """Argon2 with the least memory and time that it takes."""

    time_cost = 1
    memory_cost = 8
    parallelism = 1
