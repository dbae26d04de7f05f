"""Who is who at the fake of GCP, and who may do what: tokens, keys of service accounts, trust and grants."""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import grpc  # type: ignore[import-untyped]  # grpcio has no types
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from google.auth import crypt, exceptions, jwt

SCOPE = "https://www.googleapis.com/auth/cloud-platform"


class Refusal(Exception):
    """An answer that is an error, for either transport."""

    def __init__(
        self, code: grpc.StatusCode, message: str = "scripted", *, reason: str = "", delay: float | None = None
    ) -> None:
        """`reason` is that of google.rpc.ErrorInfo, `delay` the seconds of google.rpc.RetryInfo."""
        super().__init__(message)
        self.code = code
        self.message = message
        self.reason = reason
        self.delay = delay


def unauthenticated(reason: str) -> Refusal:
    """What GCP says to a token that it does not know."""
    message = "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other."
    return Refusal(grpc.StatusCode.UNAUTHENTICATED, message, reason=reason)


def denied(permission: str, resource: str) -> Refusal:
    """What GCP says to a known account that may not do something."""
    message = f"Permission '{permission}' denied for resource '{resource}' (or it may not exist)."
    return Refusal(grpc.StatusCode.PERMISSION_DENIED, message, reason="IAM_PERMISSION_DENIED")


@dataclass(frozen=True, slots=True)
class _Issued:
    principal: str
    ends: float


class Iam:
    """Principals are e-mail addresses, or what a pool makes of somebody else's token."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._keys: dict[str, str] = {}
        self._issued: dict[str, _Issued] = {}
        self._trusted: dict[tuple[str, str], str] = {}
        self._refresh_tokens: dict[str, str] = {}
        self._grants: set[tuple[str, str, str]] = set()
        self._private = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def key(self, email: str, project: str = "") -> str:
        """A JSON key of a service account, as gcloud writes it; all of them share one key pair."""
        private = self._private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        public = self._private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        key_id = secrets.token_hex(8)
        with self._lock:
            self._keys[key_id] = public
        return json.dumps(
            {
                "type": "service_account",
                "project_id": project,
                "private_key_id": key_id,
                "private_key": private,
                "client_email": email,
                "client_id": "1",
                "token_uri": "https://oauth2.googleapis.com/token",
            }
        )

    def revoke_key(self, key: str) -> None:
        """Deletes a key: what it has signed and will sign is not accepted any more."""
        with self._lock:
            del self._keys[json.loads(key)["private_key_id"]]

    def issue(self, principal: str, lifetime: float = 3600.0) -> str:
        """A new access token; `lifetime` in seconds."""
        token = f"ya29.{secrets.token_urlsafe(24)}"
        with self._lock:
            self._issued[token] = _Issued(principal, time.time() + lifetime)
        return token

    def revoke_tokens(self, principal: str) -> None:
        """Ends all access tokens that were issued to somebody."""
        with self._lock:
            self._issued = {token: one for token, one in self._issued.items() if one.principal != principal}

    def trust(self, audience: str, proof: str, principal: str) -> None:
        """Lets a pool take `proof`, a token or the id of an AWS access key, for `principal`."""
        with self._lock:
            self._trusted[audience, proof] = principal

    def principal_of(self, audience: str, proof: str) -> str | None:
        """Whom a pool takes the bearer of `proof` for."""
        return self._trusted.get((audience, proof))

    def allow_refresh(self, token: str, principal: str) -> None:
        """Makes a refresh token, as a login of gcloud has one."""
        with self._lock:
            self._refresh_tokens[token] = principal

    def refreshed(self, token: str) -> str | None:
        return self._refresh_tokens.get(token)

    def grant(self, principal: str, permission: str, resource: str) -> None:
        """Gives a right on a resource and on all below it."""
        with self._lock:
            self._grants.add((principal, permission, resource))

    def ungrant(self, principal: str, permission: str, resource: str) -> None:
        with self._lock:
            self._grants.discard((principal, permission, resource))

    def require(self, principal: str, permission: str, resource: str) -> None:
        """Raises Refusal when the right is missing."""
        with self._lock:
            if any(
                (principal, permission) == (who, what) and f"{resource}/".startswith(f"{where}/")
                for who, what, where in self._grants
            ):
                return
        raise denied(permission, resource)

    def authenticate(self, header: str | None) -> str:
        """Who sends this `Authorization`. Raises Refusal."""
        token = (header or "").removeprefix("Bearer ")
        if not token:
            raise unauthenticated("CREDENTIALS_MISSING")
        with self._lock:
            issued = self._issued.get(token)
        if issued:
            if issued.ends < time.time():
                raise unauthenticated("ACCESS_TOKEN_EXPIRED")
            return issued.principal
        return self._signed(token)

    def sign(self, claims: Mapping[str, object], email: str) -> str:
        """A JWT with these claims, signed with a key of the account that Google itself has."""
        made: Any = crypt.RSASigner
        key = json.loads(self.key(email))
        encode: Any = jwt.encode
        signed: bytes = encode(made.from_service_account_info(key), {"iat": int(time.time()), **claims})
        return signed.decode()

    def verify(self, token: str, audience: str | None = None) -> dict[str, Any]:
        """The claims of a JWT that is signed with a key known here, is for this audience and has not expired.

        Raises Refusal.
        """
        decode: Callable[..., dict[str, Any]] = jwt.decode
        try:
            key_id = jwt.decode_header(token)["kid"]  # type: ignore[no-untyped-call]  # google-auth is half typed
            return decode(token, certs=self._keys[key_id], audience=audience, clock_skew_in_seconds=10)
        except (ValueError, KeyError, exceptions.GoogleAuthError):
            raise unauthenticated("ACCESS_TOKEN_TYPE_UNSUPPORTED") from None

    def _signed(self, token: str) -> str:
        """The account that signed its token itself."""
        claims = self.verify(token)
        if claims.get("scope") != SCOPE or claims["iss"] != claims["sub"]:
            raise unauthenticated("ACCESS_TOKEN_TYPE_UNSUPPORTED")
        return str(claims["iss"])
