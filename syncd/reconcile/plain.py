"""Whether a value looks like a secret: what must not stand in a ConfigMap, which everybody may read. Pure.

It is a net and no proof: names and forms that secrets usually have, and text that looks random.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

_WORDS = re.compile(r"md5|[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_NAMES = frozenset(
    {"password", "passwd", "pwd", "passphrase", "pass", "secret", "token", "credential", "credentials", "apikey"}
    | {"dockerconfigjson", "dockercfg", "htpasswd", "pgpass", "netrc"}
)
_KEYS = frozenset(
    {"api", "private", "access", "secret", "signing", "encryption", "master", "auth", "account", "shared"}
)
"""Words before `key` that make it a secret one."""
_DIGESTS = frozenset({"sha", "md5", "commit", "digest", "checksum", "revision", "fingerprint", "etag"})
_REFERENCES = frozenset({"pull", "tls", "ingress"})
"""Words before `secret` with which it may be the name of a Secret."""
_OBJECT = re.compile(r"[a-z]{1,20}(?:[./-][a-z]{1,20})*")
"""What a Secret is called by people: words and no digits."""
_PUBLIC_NAMES = frozenset({"public", "pub", "publishable"})
"""Last words of names, or words before `key`."""
_PUBLIC_PAIRS = frozenset(
    {("site", "key")}
    | {(what, "id") for what in ("client", "app", "application", "account", "project", "pool", "zone")}
)
"""Last words of names whose values look random and are known to everybody."""
_HARMLESS = frozenset({"", "true", "false", "yes", "no", "null", "none", "on", "off", "enabled", "disabled"})
_FEW = 3
"""So many digits are a count or a limit: `max_token: 100`."""
_PAIR = re.compile(r"""^[ \t]*["']?([A-Za-z][\w.-]{0,80})["']?[ \t]*[:=][ \t]*["']?([^\s"',;]*)""", re.MULTILINE)
_ELSEWHERE = ("${", "$(", "{{", "<", "/", "file:", "env:", "vault:", "|", ">", "*", "&", "{", "[")
"""What a value in a text begins with that only says where the secret is, or how the text goes on."""
_PUBLIC = re.compile(
    r"-----BEGIN ((?:TRUSTED |X509 )?CERTIFICATE|(?:NEW )?CERTIFICATE REQUEST|(?:RSA |EC |DSA )?PUBLIC KEY|X509 CRL)"
    r"-----[^-]*-----END \1-----"
    r"|\b(?:ssh-(?:rsa|dss|ed25519)|ecdsa-sha2-nistp\d{3}|sk-[\w-]{1,40}@openssh\.com) AAAA[\w+/]*=*"
    r"|\b(?i:sha)\d{1,3}[:-][\w+/]+=*|\barn:aws[\w-]{0,10}:[\w:/.+@*-]*|\bpk_(?:live|test)_\w+"
)
"""Certificates, public keys, digests that say what they are, names of AWS."""
_JWK = re.compile(r""""(?:n|x|y|kid|x5t|x5t#S256)"\s*:\s*"[\w=-]+"|"x5c"\s*:\s*\[[^\[\]]*\]""")
"""What is public of a JSON Web Key."""
_FORMS = (  # each begins with what is rare, or ends within a bound: hostile text must not make it look twice
    ("holds a private key", re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY|PuTTY-User-Key-File|AGE-SECRET-KEY-1")),
    ("holds a JSON Web Token", re.compile(r"(?<=[\w-]{8})\.eyJ[\w-]{8,}+\.")),
    ("holds a URL with a password", re.compile(r"(?<=[a-z0-9+.-]{2})://[^\s/@:$]{0,200}:[^\s/@$<{]{1,200}@")),
    ("holds an access key of AWS", re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b")),
    ("holds an API key of Google", re.compile(r"\bAIza[\w-]{35}|\bya29\.[\w-]{20,}")),
    ("holds a token of GitHub or GitLab", re.compile(r"\b(?:gh[opusr]_\w{36}|github_pat_\w{22,}|glpat-[\w-]{20,})")),
    ("holds a token of Vault", re.compile(r"\b(?:hv[sbr]\.[\w-]{20,}|s\.[A-Za-z0-9]{24}\b)")),
    ("holds a token of Slack", re.compile(r"\bxox[abeoprs]-[\w-]{10,}")),
    (
        "holds an API key",
        re.compile(r"\b(?:[sr]k_(?:live|test)_\w{16,}|sk-(?!ssh-ed|ecdsa-sha)[\w-]{20,}|npm_\w{36}|pypi-[\w-]{50,})"),
    ),
    (
        "holds an API key",
        re.compile(r"\b(?:dop_v1_\w{64}|shpat_\w{32}|SG\.[\w-]{20,}\.[\w-]{40,})|\bAccountKey=[\w+/]{40,}"),
    ),
    ("holds the hash of a password", re.compile(r"\$2[abxy]\$\d\d\$[./\w]{53}|\$[156y]\$[./\w]{4,}|\$argon2\w*\$")),
)
_RANDOM = re.compile(r"[A-Za-z0-9+/_=-]{20,}")
_HEX = re.compile(r"(?<![A-Za-z0-9])(?:[0-9a-f]{32,}|[0-9A-F]{32,})(?![A-Za-z0-9])")
_LOWER = re.compile(r"(?<![A-Za-z0-9])[a-z0-9]{24,}(?![A-Za-z0-9])")


def looks_secret(key: str, value: bytes) -> str:
    """Why it looks like one, to go after "the key `…`"; empty when it does not. Never tells of the value itself."""
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return "holds bytes that are no text"
    if _gives_secret(key, text.strip()):
        return "has the name of a secret"
    if form := next((what for what, pattern in _FORMS if pattern.search(text)), ""):
        return form
    text = _PUBLIC.sub("", text)
    if '"kty"' in text:
        text = _JWK.sub("", text)
    if inner := next(_secret_pairs(text), ""):
        return f"holds a text in which `{inner}` has a value"
    if not _is_public_name(key) and _looks_random(text):
        return "holds what looks random, as keys and tokens do"
    return ""


def _words(name: str) -> list[str]:
    return [word.lower() for word in _WORDS.findall(name)]


def _gives_secret(name: str, value: str) -> bool:
    """By the last words of the name: `db.password` is a secret's, `password-policy` and `tokenUrl` are not."""
    *_, before, last = ["", "", *_words(name)]
    if _is_harmless(value):
        return False
    if last == "secret" and before in _REFERENCES:
        return not _OBJECT.fullmatch(value)
    return last in _NAMES or (last in ("key", "keys") and before in _KEYS)


def _is_public_name(name: str) -> bool:
    words = _words(name)
    public = any(one in _PUBLIC_NAMES and after in ("key", "keys") for one, after in pairwise([*words, "key"]))
    known = public or not _DIGESTS.isdisjoint(words) or tuple(words[-2:]) in _PUBLIC_PAIRS
    return known and "private" not in words


def _is_harmless(value: str) -> bool:
    return value.lower() in _HARMLESS or (value.isdecimal() and len(value) <= _FEW)


def _secret_pairs(text: str) -> Iterator[str]:
    """The names of `name: value` and `name=value` lines that give a secret."""
    for match in _PAIR.finditer(text):
        name, value = match.groups()
        if not value.startswith(_ELSEWHERE) and _gives_secret(name, value):
            yield name


def _looks_random(text: str) -> bool:
    if any(len(set(found[0])) > 8 for found in _HEX.finditer(text)):
        return True
    if any(_digits(found[0]) >= len(found[0]) // 8 and len(set(found[0])) >= 12 for found in _LOWER.finditer(text)):
        return True
    return any(_is_random(found[0]) for found in _RANDOM.finditer(text))


def _digits(word: str) -> int:
    return sum(character.isdigit() for character in word)


def _is_random(word: str) -> bool:
    """Upper and lower case and digits that change places as often as chance has it, unlike names and paths."""
    kinds = ["d" if c.isdigit() else "u" if c.isupper() else "l" if c.isalpha() else c for c in word.rstrip("=")]
    if not {"d", "u", "l"} <= set(kinds):
        return False
    changes = sum(one != other for one, other in pairwise(kinds))
    return changes >= 0.45 * len(kinds) and kinds.count("d") >= 2
