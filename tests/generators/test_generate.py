"""What generators make."""

from __future__ import annotations

import base64
import re
import string
from collections.abc import Callable
from random import Random, SystemRandom

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_ssh_private_key

from syncd.errors import RenderError
from syncd.generators import generate
from syncd.manifests.generators import Encoding as PasswordEncoding
from syncd.manifests.generators import FakeSpec, GeneratorSpec, PasswordSpec, SshKeySpec, UuidSpec


def password(**spec: object) -> str:
    return made(PasswordSpec.model_validate(spec))["password"]


def made(spec: GeneratorSpec, seed: int = 1) -> dict[str, str]:
    random = Random(seed)  # noqa: S311  # a test that can be repeated
    return {key: value.decode() for key, value in generate(spec, random).items()}


def count(text: str, alphabet: str) -> int:
    return sum(character in alphabet for character in text)


@pytest.mark.parametrize(
    ("spec", "length", "digits", "symbols"),
    [
        ({}, 24, 6, 6),
        ({"length": 0}, 24, 6, 6),
        ({"length": 10}, 10, 2, 2),
        ({"length": 30, "digits": 5, "symbols": 0}, 30, 5, 0),
        ({"length": 200, "allowRepeat": True}, 200, 50, 50),
    ],
)
def test_passwords_have_what_is_asked_for(spec: dict[str, object], length: int, digits: int, symbols: int) -> None:
    """A quarter of digits and a quarter of symbols where nothing is said."""
    text = password(**spec)
    assert (length, digits, symbols) == (len(text), count(text, string.digits), count(text, string.punctuation))


def test_passwords_repeat_no_character() -> None:
    """Unless they may."""
    assert 60 == len({*password(length=60, digits=10, symbols=5)})


def test_letters_and_symbols_can_be_chosen() -> None:
    """No capitals, and only these symbols."""
    text = password(length=12, digits=0, symbols=2, symbolCharacters="-_", noUpper=True)
    assert re.fullmatch(r"[a-z_-]{12}", text)


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ({"length": 4, "digits": 3, "symbols": 2}, "more than the length"),
        ({"length": 44, "digits": 11, "symbols": 0}, "there are 10 digits, and 11 different ones"),
        ({"length": 30, "digits": 0, "symbols": 0, "noUpper": True}, "there are 26 letters"),
    ],
)
def test_what_cannot_be_is_refused(spec: dict[str, object], why: str) -> None:
    """As in the reference."""
    with pytest.raises(RenderError, match=why):
        password(**spec)


@pytest.mark.parametrize(
    ("encoding", "decoded"),
    [
        (PasswordEncoding.BASE64, base64.b64decode),
        (PasswordEncoding.BASE64_URL, base64.urlsafe_b64decode),
        (PasswordEncoding.BASE32, base64.b32decode),
        (PasswordEncoding.HEX, bytes.fromhex),
    ],
)
def test_passwords_can_be_encoded(encoding: PasswordEncoding, decoded: Callable[[str], bytes]) -> None:
    """The password itself is the same."""
    assert password() == decoded(password(encoding=encoding)).decode()


def test_each_key_has_a_password_of_its_own() -> None:
    """`secretKeys` names them."""
    passwords = made(PasswordSpec(secretKeys=("a", "b")))
    assert (["a", "b"], 2) == ([*passwords], len({*passwords.values()}))


def test_uuids_are_random() -> None:
    """Version 4, under the key `uuid`."""
    one, two = made(UuidSpec(), 1)["uuid"], made(UuidSpec(), 2)["uuid"]
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", one)
    assert one != two


def test_fake_gives_what_it_says() -> None:
    """For tests."""
    assert {"a": "b"} == made(FakeSpec(data={"a": "b"}))


@pytest.mark.parametrize(
    ("spec", "kind"),
    [
        ({}, "ssh-rsa"),
        ({"keyType": "ecdsa", "keySize": 384}, "ecdsa-sha2-nistp384"),
        ({"keyType": "ed25519", "comment": "shop"}, "ssh-ed25519"),
    ],
)
def test_ssh_keys_are_pairs(spec: dict[str, object], kind: str) -> None:
    """The public key is that of the private one, with the comment behind it."""
    pair = generate(SshKeySpec.model_validate(spec), SystemRandom())
    public = load_ssh_private_key(pair["privateKey"], None).public_key()
    line = public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    expected = f"{line} {spec.get('comment', '')}".rstrip() + "\n"
    assert (expected, True) == (pair["publicKey"].decode(), expected.startswith(f"{kind} "))


def test_a_short_rsa_key_is_refused() -> None:
    """The sizes of curves are none of RSA."""
    with pytest.raises(RenderError, match="too short"):
        generate(SshKeySpec.model_validate({"keySize": 256}), SystemRandom())
