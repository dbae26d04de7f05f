"""Plugins that read secret stores."""
