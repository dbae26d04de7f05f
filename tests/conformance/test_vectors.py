"""Every vector gives what external-secrets gives, and the runner says so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conformance.__main__ import main, read
from tests.conformance.answers import answer
from tests.conformance.score import ERROR_TEXTS, Score, agrees, enough, score

FILES = sorted(Path(__file__).parent.glob("*.jsonl"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_all_vectors_agree(file: Path) -> None:
    """All lines of a file; of texts of errors that the reference writes into values, half."""
    scores = score((case, answer(case)) for case in read(file))
    assert {} == {kind: of_kind.wrong for kind, of_kind in scores.items() if not enough(kind, of_kind)}


def test_answers_are_lines_of_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One object a line with the id and a result, in base64 when it is not UTF-8, or an error."""
    file = tmp_path / "cases.jsonl"
    file.write_text(
        '{"id":"a","kind":"decode","strategy":"Base64","value":"YQ=="}\n'
        '{"id":"b","kind":"decode","strategy":"Base64","value":"/w=="}\n'
        '{"id":"c","kind":"decode-map","strategy":"Base64","in":{"x":"!"}}\n'
        '{"id":"d","kind":"nonsense"}\n'
    )
    assert 0 == main([str(file)])
    expected = [
        {"id": "a", "out": "a"},
        {"id": "b", "out_b64": "/w=="},
        {"id": "c", "error": "render"},
        {"id": "d", "bug": "KeyError"},
    ]
    assert expected == [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize(("out", "code"), [("a", 0), ("b", 1)])
def test_score_is_the_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str], out: str, code: int) -> None:
    """1 below 100 %, with the ids of what disagrees."""
    file = tmp_path / "cases.jsonl"
    file.write_text(json.dumps({"id": "the-id", "kind": "decode", "strategy": "", "value": "a", "out": out}) + "\n")
    assert code == main(["--score", str(file)])
    assert bool(code) is ("the-id" in capsys.readouterr().out)


@pytest.mark.parametrize(
    ("case", "given", "expected"),
    [
        ({"out": {"a": "x"}}, {"out_b64": {"a": "eA=="}}, True),
        ({"out": "x"}, {"out": "y"}, False),
        ({"out": "x"}, {"error": "render"}, False),
        ({"error": "decode"}, {"error": "render"}, True),
        ({"error": "decode"}, {"out": ""}, False),
        ({"error": "decode"}, {"bug": "KeyError"}, False),
        ({"pattern": "^[0-9]{2}$"}, {"out": "42"}, True),
        ({"pattern": "^[0-9]{2}$"}, {"out": "4"}, False),
        ({"out": ["a"]}, {"out": ["a"]}, True),
    ],
)
def test_agreement(case: dict[str, object], given: dict[str, object], expected: bool) -> None:
    """Results agree byte for byte; of errors only that there is one; a crash never agrees."""
    assert expected is agrees(case, given)


def test_texts_of_errors_count_apart() -> None:
    """Half of them is enough."""
    assert enough(ERROR_TEXTS, Score(1, ["x"]))
    assert not enough("decode", Score(99, ["x"]))
