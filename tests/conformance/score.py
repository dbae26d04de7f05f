"""Compares answers with what the vectors expect."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from syncd.manifests.expressions import expression

ERROR_TEXTS = "texts of errors"
"""Stands for the lines in which the reference puts a library's error text into the result."""
_ENOUGH = {ERROR_TEXTS: 0.5}
_EXPECTATIONS = {"out", "out_b64", "error", "pattern"}


@dataclass(slots=True)
class Score:
    """How many of a kind's vectors agree; `wrong` are the ids of the others."""

    agreed: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        return self.agreed + len(self.wrong)


def agrees(case: Mapping[str, Any], answer: Mapping[str, Any]) -> bool:
    """Whether an answer is the reference's; of an error, that it is one."""
    if "bug" in answer or not case.keys() & _EXPECTATIONS:
        return False
    if "error" in case or "error" in answer:
        return "error" in case and "error" in answer
    if "pattern" in case:
        return expression(case["pattern"]).search(str(answer.get("out", "")))
    return bool(_bytes(case) == _bytes(answer))


def score(pairs: Iterable[tuple[Mapping[str, Any], Mapping[str, Any]]]) -> dict[str, Score]:
    """The scores by kind."""
    scores: dict[str, Score] = {}
    for case, answer in pairs:
        of_kind = scores.setdefault(ERROR_TEXTS if case.get("errtext") else str(case.get("kind")), Score())
        if agrees(case, answer):
            of_kind.agreed += 1
        else:
            of_kind.wrong.append(str(case.get("id")))
    return scores


def enough(kind: str, score: Score) -> bool:
    return score.agreed >= score.total * _ENOUGH.get(kind, 1.0)


def _bytes(line: Mapping[str, Any]) -> Any:
    """The result with its texts as bytes, however the line writes them."""
    if "out_b64" in line:
        return _mapped(line["out_b64"], base64.b64decode)
    return _mapped(line["out"], str.encode)


def _mapped(value: Any, change: Any) -> Any:
    if isinstance(value, str):
        return change(value)
    return {key: _mapped(item, change) for key, item in value.items()} if isinstance(value, dict) else value
