"""Tests of what looks like a secret: by name, by form, by chance; and of what does not."""

from __future__ import annotations

import base64
import random

import pytest

from syncd.reconcile.plain import looks_secret

NAMES = ["password", "DB_PASSWORD", "dbPassword", "db.password", "client-secret", "API_KEY", "apiKey", "auth_token"]
PUBLIC = (
    "-----BEGIN CERTIFICATE-----\nMIIBkTCB+wIJAKHBfpE8mFo3MA0GCSqGSIb3DQEBCwUAMA0xCzAJ\n-----END CERTIFICATE-----\n"
)
HARMLESS = {
    "password-policy": "strict",
    "PASSWORD_MIN_LENGTH": "12",
    "tokenUrl": "https://login.example.com/oauth2/token",
    "SECRET_NAME": "db-credentials",
    "use_password": "true",
    "LOG_LEVEL": "info",
    "DATABASE_HOST": "postgres14-replica-2.eu-west-1.rds.example.com",
    "java-class": "com.example.Billing2ConfigurationFactoryBean",
    "image": "registry.example.com/app@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "GIT_COMMIT": "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "tenant": "5f0c7a3e-9f2b-4f6e-8d6b-1f3a5c7e9b11",
    "ca.crt": PUBLIC,
    "url": "https://user@example.com/path",
    "app.properties": "db.password=${DB_PASSWORD}\nport=5432\n",
    "config.yaml": "auth:\n  tokenFile: /var/run/token\n  password: <set me>\n",
    "text": "The quick brown fox jumps over the lazy dog, 20 times in the year 2024.",
    "path": "/opt/Application2/Versions/Release10/bin",
    "empty-password": "",
    "max_token": "100",
    "api-token": "disabled",
    "imagePullSecret": "registry",
    "ingress.yaml": "tls-secret: shop/wildcard-tls.example\n",
    "fido": "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com AAAAInNrLWVjZHNhLXNoYTItbmlzdHAyNTZAb3BlbnNzaC5jb20AAAAI",
    "jwtPublicKeyPem": "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=",
    "ssh": "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC7vbqajDw4o6gJy8UtmIbkcpnkO3Kwc4qsEnSZp/TR+fQi62F79RHW ann@host",
    "known_hosts": "github.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SaTfjpJHN9MKbOcPPNQcyVnQO1ZK",
    "rsa": "-----BEGIN RSA PUBLIC KEY-----\nMIIBCgKCAQEA7vbqajDw4o6gJy8UtmIbkcpnkO3K\n-----END RSA PUBLIC KEY-----\n",
    "vapid-public": "BEl62iUYgUivxIkv69yViEuiBIa-Ib9-SkvMeAtA3LFgDzkrxZJjSgSnfckjBJuBkr3qBUYIHBQF",
    "jwks": '{"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","kid":"1"}]}',
    "role": "arn:aws:iam::123456789012:role/MyApplicationRole-1A2B3C4D5E6F",
    "stripe-publishable": "pk_live_51H8x2eKq3abcDEFghijKLMnop",
    "recaptcha_site_key": "6LeIxAcTAAAAAJcZVRqyHh71UMIEGNQ",
    "client-id": "123456789012-abcdefghijklmnopqrstuvwxyz012345.apps.googleusercontent.com",
    "md5": "5d41402abc4b2a76b9719d911017c592",
}
SECRET = {
    "key": "-----BEGIN RSA PRIVATE KEY-----\nMIIB",
    "session": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NSJ9.c2lnbmF0dXJl",
    "database": "postgres://app:hunter2@db:5432/app",
    "id": "AKIA" + "ABCDEFGHIJKLMNOP",
    "github": "ghp_" + "a1B2c3D4e5F6" * 3,
    "vault": "hvs." + "CAESIJ1aB2cD3eF4gH5iJ6kL7",
    "stripe": "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc",
    "users": "admin:$2y$10$" + "abcdefghijklmnopqrstuuE6mS9gJ4y2n1o8vM0kq3r5t7u9wB1c2",
    "app.properties": "port=5432\ndb.password=hunter2\n",
    "config.yaml": 'auth:\n  clientSecret: "hunter2"\n',
    "salt": "9f86d081884c7d659a2feaa0c55ad015",
    "jwk": '{"kty":"EC","crv":"P-256","x":"f83O","d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X5fCE9-E9LM"}',
    "mixed": "-----BEGIN PUBLIC KEY-----\nMFkw\n-----END CERTIFICATE-----\nk3j4h5g6f7d8s9a0q1w2e3r4t5y6",
    "private_public": "k3j4h5g6f7d8s9a0q1w2e3r4t5y6",
    "blob": "k3j4h5g6f7d8s9a0q1w2e3r4t5y6",
    "role": "arn:aws:iam::1:role/x,AKIA" + "IOSFODNN7EXAMPLE",
    "env": "ROLE=arn:aws:iam::1:role/x,key=k3j4h5g6f7d8s9a0q1w2e3r4t5y6",
    "image-env": "IMAGE=sha256:0f00=k3j4h5g6f7d8s9a0q1w2e3r4t5y6",
    "certificate": PUBLIC.replace("MIIB", "\nAKIA" + "IOSFODNN7EXAMPLE\n"),
    "tls-secret": "hunter2",
    "pullSecret": "kjhgfdsaqwertzuiopmnbvcxy",
    "ingress": "ingress_secret=hunter2",
    "jwks": '{"kty":"RSA","x5c":[["k3j4h5g6f7d8s9a0q1w2e3r4t5y6"]]}',
    "nested-jwt": "-eyJhbGciOiJIUzI1NiJ9-eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NSJ9.",
    "pub-sub-config": "k3j4h5g6f7d8s9a0q1w2e3r4t5y6",
}


@pytest.mark.parametrize("key", NAMES)
def test_names_of_secrets(key: str) -> None:
    """A key that is called as secrets are is one, whatever it holds."""
    assert "has the name of a secret" == looks_secret(key, b"hunter2")


@pytest.mark.parametrize("key", SECRET)
def test_forms_of_secrets(key: str) -> None:
    """Keys, tokens, URLs with passwords and settings with passwords are found by their form."""
    assert looks_secret(key, SECRET[key].encode())


@pytest.mark.parametrize("key", HARMLESS)
def test_plain_configuration_is_harmless(key: str) -> None:
    """What configuration holds every day looks like no secret."""
    assert "" == looks_secret(key, HARMLESS[key].encode())


def test_random_keys_are_found() -> None:
    """Of 32 random bytes in base64, nearly all are found."""
    source = random.Random(1)  # noqa: S311  # it has to be the same every time
    keys = [base64.b64encode(source.randbytes(32)) for _ in range(200)]
    assert sum(bool(looks_secret("seed", key)) for key in keys) >= 195


def test_bytes_are_refused() -> None:
    """What is no text is more likely a key store than configuration."""
    assert "holds bytes that are no text" == looks_secret("store", b"\xfe\xed\xfe\xed")


def test_reason_never_holds_the_value() -> None:
    """The reason names what was found, and none of it."""
    reasons = [looks_secret(key, value.encode()) for key, value in SECRET.items()]
    assert not any("hunter2" in reason or "AKIA" in reason for reason in reasons)


@pytest.mark.parametrize(
    "part",
    [
        "a:",
        '"kty""x5c":[',
        '"kty""n":"',
        "eyJ-",
        "eyJ01234567.a",
        "a-",
        "aa://a:",
        "SG.",
        "-----BEGIN CERTIFICATE-----",
        " ",
    ],
)
def test_large_value_is_looked_through_once(part: str) -> None:
    """A megabyte of beginnings that come to nothing: no pattern goes from each of them to the end of the text."""
    assert "" == looks_secret("text", part.encode() * (1_000_000 // len(part)))
