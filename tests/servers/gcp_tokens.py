"""The services of GCP that give tokens, as a fake: STS, GKE's token exchange, IAM, OAuth and the metadata server."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, unquote

import grpc  # type: ignore[import-untyped]  # grpcio has no types

from tests.servers.gcp_iam import SCOPE, Iam, Refusal
from tests.servers.gcp_wire import bearer
from tests.servers.wire import Answer, Call

LIFETIME = 3600
_ACCOUNT = "instance/service-accounts/default"
_SCOPES = (SCOPE, "https://www.googleapis.com/auth/iam")
"""For Secret Manager, and for acting as somebody."""


class TokenServices:
    """Answers HTTP calls; `machine` is what the metadata server knows, by path."""

    def __init__(self, iam: Iam) -> None:
        self.iam = iam
        self.machine: dict[str, str] = {}

    def answer(self, call: Call) -> Answer | None:
        """None for a call that is none of ours. Raises Refusal."""
        if call.path.startswith("/computeMetadata/v1/"):
            return self._metadata(call)
        if call.method != "POST":
            return None
        if call.path == "/v1/token":
            return self._exchanged(dict(parse_qsl(call.body.decode())))
        if call.path == "/v1/identitybindingtoken":
            return self._exchanged(json.loads(call.body))
        if call.path == "/token":
            return self._refreshed(dict(parse_qsl(call.body.decode())))
        if call.path.endswith(":generateAccessToken"):
            return self._impersonated(call)
        if call.path.endswith(":signJwt"):
            return self._signed(call)
        return None

    def _exchanged(self, fields: dict[str, str]) -> Answer:
        """A token of a pool, for one of somebody whom it trusts."""
        if (
            fields.get("grant_type") != "urn:ietf:params:oauth:grant-type:token-exchange"
            or fields["scope"] not in _SCOPES
        ):
            return _oauth_error(400, "invalid_request")
        proof, audience = fields["subject_token"], fields["audience"]
        if fields["subject_token_type"] == "urn:ietf:params:aws:token-type:aws4_request":
            proof = _aws_key(proof, audience)
        principal = self.iam.principal_of(audience, proof)
        if principal is None:
            return _oauth_error(400, "invalid_grant")
        return _json({"access_token": self.iam.issue(principal), "token_type": "Bearer", "expires_in": LIFETIME})

    def _refreshed(self, fields: dict[str, str]) -> Answer:
        principal = self.iam.refreshed(fields.get("refresh_token", ""))
        if principal is None:
            return _oauth_error(400, "invalid_grant")
        return _json({"access_token": self.iam.issue(principal), "token_type": "Bearer", "expires_in": LIFETIME})

    def _impersonated(self, call: Call) -> Answer:
        name = unquote(call.path).removesuffix(":generateAccessToken").rpartition("/")[2]
        who = self.iam.authenticate(bearer(call))
        self.iam.require(who, "iam.serviceAccounts.getAccessToken", name)
        if SCOPE not in json.loads(call.body)["scope"]:
            raise Refusal(grpc.StatusCode.INVALID_ARGUMENT, "no scope")
        ends = datetime.now(UTC) + timedelta(seconds=LIFETIME)
        return _json({"accessToken": self.iam.issue(name), "expireTime": ends.strftime("%Y-%m-%dT%H:%M:%SZ")})

    def _signed(self, call: Call) -> Answer:
        """A JWT of an account with the claims of somebody who may have it sign."""
        name = unquote(call.path).removesuffix(":signJwt").rpartition("/")[2]
        self.iam.require(self.iam.authenticate(bearer(call)), "iam.serviceAccounts.signJwt", name)
        claims = json.loads(json.loads(call.body)["payload"])
        return _json({"keyId": "1", "signedJwt": self.iam.sign(claims, name)})

    def _metadata(self, call: Call) -> Answer:
        headers = {name.lower(): value for name, value in call.headers.items()}
        path = call.path.removeprefix("/computeMetadata/v1/")
        if headers.get("metadata-flavor") != "Google" or not self.machine:
            return Answer(403, b"no")
        found = self.machine.get(path)
        if path == f"{_ACCOUNT}/identity" and (email := self.machine.get(f"{_ACCOUNT}/email")):
            claims = {
                "aud": dict(parse_qsl(call.query))["audience"],
                "email": email,
                "exp": int(time.time()) + LIFETIME,
            }
            found = self.iam.sign(claims, "google")
        flavor = {"Metadata-Flavor": "Google", "Content-Type": "application/text"}
        return Answer(404 if found is None else 200, (found or "no").encode(), flavor)


def _aws_key(token: str, audience: str) -> str:
    """The id of the access key that a request of AWS is signed with, if it was signed for this pool."""
    request = json.loads(unquote(token))
    headers = {one["key"].lower(): one["value"] for one in request["headers"]}
    if headers["x-goog-cloud-target-resource"] != audience or "Action=GetCallerIdentity" not in request["url"]:
        return ""
    return str(headers["authorization"].partition("Credential=")[2].partition("/")[0])


def _json(document: dict[str, Any]) -> Answer:
    return Answer(200, json.dumps(document).encode())


def _oauth_error(status: int, code: str) -> Answer:
    return Answer(status, json.dumps({"error": code, "error_description": "scripted"}).encode())
