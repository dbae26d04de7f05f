"""Go text/template, as a library that knows nothing of secrets."""
