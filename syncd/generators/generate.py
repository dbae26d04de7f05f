"""Makes the values of a generator, by its kind."""

from __future__ import annotations

import uuid
from random import Random

from syncd.generators import password, ssh_key
from syncd.manifests.generators import FakeSpec, GeneratorSpec, PasswordSpec, SshKeySpec


def generate(spec: GeneratorSpec, random: Random) -> dict[str, bytes]:
    """The keys and their values. Raises RenderError when the spec asks for what cannot be."""
    match spec:
        case PasswordSpec():
            keys = spec.secret_keys or ("password",)
            return {key: password.generate(spec, random) for key in keys}
        case FakeSpec():
            return {key: value.encode() for key, value in spec.data.items()}
        case SshKeySpec():
            return ssh_key.generate(spec)
    return {"uuid": str(uuid.UUID(int=random.getrandbits(128), version=4)).encode()}
