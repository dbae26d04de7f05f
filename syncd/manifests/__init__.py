"""The language: the kinds of `external-secrets.io`, their loading and their error messages."""
