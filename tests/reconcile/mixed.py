"""Manifests of mixed shapes: one ExternalSecret and one `fake` store of its own for each number."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

BROKEN = 100
"""Every so many, one cannot be rendered."""
DOCUMENT = json.dumps({"user": "ann", "password": "s3cret", "port": 5432, "nested": {"host": "db"}})
DATA = [{"key": "app/db", "value": DOCUMENT}, {"key": "app/token", "value": "dG9rZW4="}, {"key": "a", "value": "x"}]
TOKEN = {"secretKey": "TOKEN", "remoteRef": {"key": "app/token", "decodingStrategy": "Base64"}}
USER = {"secretKey": "user", "remoteRef": {"key": "app/db", "property": "user"}}
EXTRACT = {"extract": {"key": "app/db"}}
FIND = {"find": {"name": {"regexp": "^app"}}}


def _template(**data: str) -> dict[str, Any]:
    return {"template": {"data": data}}


SHAPES: list[dict[str, Any]] = [
    {"data": [TOKEN, USER]},
    {"dataFrom": [EXTRACT]},
    {"dataFrom": [FIND]},
    {"dataFrom": [{**EXTRACT, "rewrite": [{"regexp": {"source": "(.*)", "target": "db_$1"}}]}]},
    {"dataFrom": [{**EXTRACT, "rewrite": [{"transform": {"template": "{{ .value | upper }}"}}]}]},
    {"dataFrom": [EXTRACT], "target": _template(url="postgres://{{ .user }}:{{ .password }}@db:{{ .port }}/app")},
    {"dataFrom": [EXTRACT], "target": _template(cfg='{{ index . "user" | b64enc }} {{ .nested | fromJson | toYaml }}')},
    {"dataFrom": [EXTRACT], "target": {"creationPolicy": "Orphan", "immutable": True}},
    {"data": [USER], "dataFrom": [FIND, EXTRACT], "target": {"deletionPolicy": "Merge", "name": "named-{number}"}},
    {"data": [TOKEN], "refreshPolicy": "OnChange", "target": {"template": {"metadata": {"labels": {"team": "x"}}}}},
]


def manifests(number: int) -> list[dict[str, Any]]:
    name = f"app-{number}"
    spec = json.loads(json.dumps(SHAPES[number % len(SHAPES)]).replace("{number}", str(number)))
    if number % BROKEN == 0:
        spec["target"] = _template(broken="{{ .missing }}")
    return [
        _object("SecretStore", name, {"provider": {"fake": {"data": DATA}}}),
        _object("ExternalSecret", name, {"secretStoreRef": {"name": name}, **spec}),
    ]


def _object(kind: str, name: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "shop"}
    return {"apiVersion": "external-secrets.io/v1", "kind": kind, "metadata": metadata, "spec": spec}
