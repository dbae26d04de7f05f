"""The front door for people: `syncd validate | plan | sync | version`."""

from syncd.cli.main import main

__all__ = ["main"]
