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
    """One a case with a result, in base64 when it is not UTF-8, or an error; what cannot be answered stops no other."""
    file = tmp_path / "cases.jsonl"
    file.write_text(
        '{"id":"a","kind":"decode","strategy":"Base64","value":"YQ=="}\n'
        '{"id":"b","kind":"decode","strategy":"Base64","value":"/w=="}\n'
        '{"id":"c","kind":"decode-map","strategy":"Base64","in":{"x":"!"}}\n'
        '{"id":"d","kind":["nonsense"]}\n'
        '{"id":"e","kind":"decode"}\n'
        "\n"
        "not JSON\n"
        "[]\n"
        '{"id":"f","kind":"decode","strategy":"","value":"\\ud83d\\ud83d\\ude00"}'
    )
    assert 0 == main([str(file)])
    expected = [
        {"id": "a", "out": "a"},
        {"id": "b", "out_b64": "/w=="},
        {"id": "c", "error": "render"},
        {"id": "d", "error": "unknown-kind", "bug": "no such case"},
        {"id": "e", "error": "unexpected", "bug": "KeyError"},
        {"id": "cases.jsonl:7", "error": "unreadable", "bug": "no such case"},
        {"id": "cases.jsonl:8", "error": "unreadable", "bug": "no such case"},
        {"id": "f", "out": "\ufffd\U0001f600"},
    ]
    assert expected == [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_file_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Said before anything is answered, with 2."""
    with pytest.raises(SystemExit) as ended:
        main([str(FILES[0]), str(tmp_path / "absent.jsonl")])
    captured = capsys.readouterr()
    assert 2 == ended.value.code
    assert not captured.out
    assert "absent.jsonl" in captured.err


@pytest.mark.parametrize(
    ("ops", "expected"),
    [
        ([{}], {"a": "x"}),
        ([{"regexp": {"source": "a"}}], {"": "x"}),
        ([{"transform": {"template": "{{ .value }}1"}, "regexp": {"source": "a", "target": "b"}}], {"b": "x"}),
    ],
)
def test_rewrites_may_lack_fields(ops: list[object], expected: dict[str, str]) -> None:
    """What is not there is empty, an entry of none changes nothing, one of several counts: as in the reference."""
    assert {"id": "r", "out": expected} == answer({"id": "r", "kind": "rewrite", "ops": ops, "in": {"a": "x"}})


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
        ({"error": "decode"}, {"error": "unexpected", "bug": "KeyError"}, False),
        ({}, {"out": ""}, False),
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
