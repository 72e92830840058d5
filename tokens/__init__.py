"""Credentials held and issued: Tesla grants, the signing key, access tokens."""
