"""Vault's logins of AWS and GCP, which OpenBao lacks: fakes that verify the proof and give a real token of OpenBao."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials

from tests.servers.gcp_iam import Iam, Refusal
from tests.servers.openbao import OpenBao
from tests.servers.wire import Answer, Exchange

_QUESTION = "Action=GetCallerIdentity&Version=2011-06-15"
_LONGEST = 900
"""Seconds that a JWT may live, as Vault has it."""


@dataclass(kw_only=True)
class CloudLogin:
    """One role of Vault behind a login; `token` is what a right proof gives."""

    role: str
    token: str
    logins: list[str] = field(default_factory=list)
    """Who logged in."""

    def give(self, exchange: Exchange, prove: Callable[[Mapping[str, Any]], str]) -> None:
        """Answers as Vault does: a token, or 400 with what is wrong."""
        body = json.loads(exchange.call.body)
        try:
            assert "X-Vault-Token" not in exchange.call.headers, "a login sends no token"
            assert self.role == body["role"], "entry for role not found"
            self.logins.append(prove(body))
        except (AssertionError, KeyError, ValueError, Refusal) as wrong:
            exchange.send(Answer(400, json.dumps({"errors": [str(wrong)]}).encode()).raw())
        else:
            auth = {"client_token": self.token, "lease_duration": 3600, "renewable": True, "token_type": "service"}
            exchange.send(Answer(200, json.dumps({"auth": auth}).encode()).raw())


def token_for(bao: OpenBao, mount: str) -> str:
    """A token that may read a mount."""
    policy = bao.fresh_name("policy")
    bao.client().sys.create_or_update_policy(policy, f'path "{mount}/data/*" {{ capabilities = ["read"] }}')
    token: str = bao.client().auth.token.create(policies=[policy])["auth"]["client_token"]
    return token


@dataclass(kw_only=True)
class IamLogin(CloudLogin):
    """`auth/aws/login` of type `iam`: asks no AWS, but computes the signature that AWS would want to see."""

    keys: Callable[[str], ReadOnlyCredentials]
    region: str = "us-east-1"
    host: str = "sts.amazonaws.com"
    server_id: str = ""

    def __call__(self, exchange: Exchange) -> None:
        self.give(exchange, self._prove)

    def _prove(self, body: Mapping[str, Any]) -> str:
        url, question, said = (
            base64.b64decode(body[f"iam_request_{part}"]).decode() for part in ("url", "body", "headers")
        )
        assert ("POST", f"https://{self.host}/", _QUESTION) == (body["iam_http_request_method"], url, question)
        headers = {name.lower(): value for name, value in json.loads(said).items()}
        kind, _, rest = headers["authorization"].partition(" ")
        parts = dict(part.split("=", 1) for part in rest.split(", "))
        access_key, day, region, service, _ = parts["Credential"].split("/")
        assert ("AWS4-HMAC-SHA256", self.region, "sts") == (kind, region, service)
        assert headers["x-amz-date"].startswith(day)
        asked = datetime.strptime(headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        assert abs(time.time() - asked.timestamp()) < _LONGEST, "Signature expired"
        signed = {name: headers[name] for name in parts["SignedHeaders"].split(";") if name != "host"}
        assert self.server_id == signed.get("x-vault-aws-iam-server-id", ""), "server id"
        keys = self.keys(access_key)
        assert (keys.token or "") == signed.get("x-amz-security-token", ""), "session token"
        assert _signature(url, question, signed, keys, region) == parts["Signature"], "signature"
        return str(access_key)


def _signature(url: str, question: str, headers: Mapping[str, str], keys: ReadOnlyCredentials, region: str) -> str:
    """What botocore would sign such a request with."""
    request: Any = AWSRequest("POST", url, headers=dict(headers), data=question.encode())
    request.context["timestamp"] = headers["x-amz-date"]
    signer: Any = SigV4Auth(keys, "sts", region)
    text = signer.string_to_sign(request, signer.canonical_request(request))
    signature: str = signer.signature(text, request)
    return signature


@dataclass(kw_only=True)
class GcpLogin(CloudLogin):
    """`auth/gcp/login`, for keys of accounts and for machines."""

    iam: Iam

    def __call__(self, exchange: Exchange) -> None:
        self.give(exchange, self._prove)

    def _prove(self, body: Mapping[str, Any]) -> str:
        claims = self.iam.verify(body["jwt"], f"vault/{self.role}")
        if "email" in claims:
            return f"machine of {claims['email']}"
        assert claims["exp"] - time.time() <= _LONGEST, "the JWT lives too long"
        return str(claims["sub"])
