"""Where declarations come from."""
