"""Values that no store holds: passwords, UUIDs, key pairs. Pure but for the randomness that is passed in.

How long a value stays is not decided here: see `syncd.reconcile.due`.
"""

from syncd.generators.generate import generate

__all__ = ["generate"]
