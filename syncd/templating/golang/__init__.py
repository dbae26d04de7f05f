"""How Go's standard library reads, compares and prints values; nothing here knows of templates."""
