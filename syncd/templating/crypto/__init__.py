"""PEM, DER, PKCS#12 and keys, as far as functions of templates need them and `cryptography` has no way to."""
