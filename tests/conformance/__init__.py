"""Answers and scores conformance vectors: inputs with what external-secrets makes of them."""
