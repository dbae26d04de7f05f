"""The operations of `dataFrom[].rewrite`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.errors import RenderError, SyncdError, TemplateError
from syncd.manifests.data import ConflictPolicy, MergeStrategy, PriorityPolicy, Rewrite
from syncd.reconcile.rewrite import MergeRewrite, RegexpRewrite, TransformRewrite, operations, rewrite

ONE = b'{"host":"h1","port":1}'
TWO = b'{"host":"h2","user":"<u>"}'


def test_nothing_to_do() -> None:
    """Without operations the data stays, in an object of its own."""
    data = {"a": b"1"}
    assert data == rewrite([], data)
    assert rewrite([], data) is not data


def test_operations_follow_each_other() -> None:
    """Each works on what the one before it made."""
    steps = [RegexpRewrite("^my/(.*?)/(.*)", "$1-$2"), RegexpRewrite("-", "_"), RegexpRewrite("ass", "***")]
    assert {"app_key": b"1", "app_p***word": b"2"} == rewrite(steps, {"my/app/key": b"1", "my/app/password": b"2"})


@pytest.mark.parametrize("operation", [RegexpRewrite(".*", "x"), TransformRewrite("x")])
def test_keys_that_become_one(operation: RegexpRewrite | TransformRewrite) -> None:
    """Refused when their values differ, without a word of these; equal values are no loss."""
    assert {"x": b"same"} == rewrite([operation], {"a": b"same", "b": b"same"})
    with pytest.raises(RenderError) as caught:
        rewrite([RegexpRewrite("z", "z"), operation], {"a": b"hunter1", "b": b"hunter2"})
    expected = "rewrite[1]: the keys `a` and `b` both become `x`, and their values differ"
    assert expected == str(caught.value)


def test_transform() -> None:
    """`.value` is the key; what is missing prints `<no value>`, as in the reference."""
    operation = TransformRewrite('{{ .value | upper | replace "-" "_" }}{{ .nope }}')
    assert {"A_B<no value>": b"1"} == rewrite([operation], {"a-b": b"1"})


@pytest.mark.parametrize(
    ("template", "kind"), [("{{ .value", "parse"), ("{{ nofunc }}", "parse"), ("{{ fail .value }}", "exec")]
)
def test_transforms_that_fail(template: str, kind: str) -> None:
    """The error keeps what the template's error says."""
    with pytest.raises(TemplateError, match=r"^rewrite\[0\]: ") as caught:
        rewrite([TransformRewrite(template)], {"a": b"1"})
    assert kind == caught.value.kind


def test_merge_extracts() -> None:
    """The members of all values take the place of the keys; numbers go through float64, objects are written anew."""
    data = {"a": b'{"n":12345678901234567890,"f":1.50,"z":null}', "b": b'{"o":{"b":1,"a":"<"},"t":true,"s":"<"}'}
    expected = {
        "n": b"12345678901234567000",
        "f": b"1.5",
        "z": b"",
        "o": b'{"a":"\\u003c","b":1}',
        "t": b"true",
        "s": b"<",
    }
    assert expected == rewrite([MergeRewrite()], data)


def test_merge_into() -> None:
    """`JSON` adds one key, and escapes nothing for HTML."""
    operation = MergeRewrite("all", conflict_policy=ConflictPolicy.IGNORE, strategy=MergeStrategy.JSON)
    expected = {"one": ONE, "two": TWO, "all": b'{"host":"h2","port":1,"user":"<u>"}'}
    assert expected == rewrite([operation], {"one": ONE, "two": TWO})


def test_merge_conflicts() -> None:
    """A member that several keys hold is refused, unless the policy says so; then the last key wins."""
    with pytest.raises(RenderError, match=r"^rewrite\[0\]: several keys hold `host`$"):
        rewrite([MergeRewrite()], {"one": ONE, "two": TWO})
    ignoring = MergeRewrite(conflict_policy=ConflictPolicy.IGNORE)
    assert b"h2" == rewrite([ignoring], {"two": TWO, "one": ONE})["host"]


def test_merge_priority() -> None:
    """The keys of `priority` come last, in their order; one that is not there is refused, unless the policy says so."""
    data = {"one": ONE, "two": TWO}
    first = MergeRewrite(priority=("two", "one"), conflict_policy=ConflictPolicy.IGNORE)
    assert b"h1" == rewrite([first], data)["host"]
    with pytest.raises(RenderError, match="no key `three`"):
        rewrite([MergeRewrite(priority=("three",), conflict_policy=ConflictPolicy.IGNORE)], data)
    lenient = MergeRewrite(
        priority=("one", "three"),
        priority_policy=PriorityPolicy.IGNORE_NOT_FOUND,
        conflict_policy=ConflictPolicy.IGNORE,
    )
    assert b"h1" == rewrite([lenient], data)["host"]


@pytest.mark.parametrize(
    "value",
    [b"hunter2", b'["hunter2"]', b'"hunter2"', b'{"a":1e999}', b'{"a":1e999,"a":1}', b"", b'{"a":' * 9000],
)
def test_merge_of_what_is_no_object(value: bytes) -> None:
    """The error names the key and not its value; `null` merges nothing."""
    assert {} == rewrite([MergeRewrite()], {"a": b"null"})
    with pytest.raises(RenderError) as caught:
        rewrite([MergeRewrite()], {"bad": value})
    assert "rewrite[0]: the value of `bad` is not a JSON object" == str(caught.value)


def test_merge_of_deep_values() -> None:
    """What is nested beyond reason is an error like any other."""
    with pytest.raises(RenderError, match="nested too deeply"):
        rewrite([MergeRewrite()], {"a": b'{"a":' * 5000 + b"1" + b"}" * 5000})


def test_a_priority_named_twice_conflicts_with_itself() -> None:
    """As in the reference, unless conflicts are ignored."""
    with pytest.raises(RenderError, match="several keys hold"):
        rewrite([MergeRewrite(priority=("one", "one"))], {"one": ONE})


def test_keys_that_end_up_empty_do_not_collide() -> None:
    """They are dropped, all of them; a key that is made of them by a later operation could be any."""
    emptied = RegexpRewrite(".*", "")
    assert ["", "x"] == sorted(rewrite([RegexpRewrite("[ab]", "")], {"a": ONE, "b": TWO, "x": ONE}))
    with pytest.raises(RenderError, match="both become ``"):
        rewrite([emptied, RegexpRewrite("^", "p")], {"a": ONE, "b": TWO})


@pytest.mark.parametrize(
    "operation",
    [
        TransformRewrite("{{ range 10000 }}{{ end }}"),
        RegexpRewrite("(a|b|k)*", "$0" * 1000),
        RegexpRewrite("(k)?" * 99, "x"),
    ],
)
def test_work_on_many_keys_is_bounded(operation: RegexpRewrite | TransformRewrite) -> None:
    """An operation that is quick for one key must not stand for minutes on all of them."""
    with pytest.raises(RenderError, match=r"too many steps|too much work"):
        rewrite([operation], {f"k{number:050}": b"" for number in range(5_000)})


@given(st.dictionaries(st.text(), st.binary(), max_size=3), st.text(), st.text())
def test_any_text_renames_or_is_refused(data: dict[str, bytes], source: str, target: str) -> None:
    """Whatever an operation says, it gives data or a SyncdError."""
    for operation in (RegexpRewrite(source, target), TransformRewrite(source), MergeRewrite(source)):
        try:
            result = rewrite([operation], data)
        except SyncdError:
            continue
        assert all(isinstance(value, bytes) for value in result.values())


def test_unknown_strategy() -> None:
    """Nothing comes of a strategy that no manifest can have, as in the reference."""
    assert {} == rewrite([MergeRewrite(strategy="Bogus")], {"one": ONE})


def test_operations_of_a_manifest() -> None:
    """As the manifest writes them, in their order."""
    manifest = [
        Rewrite.model_validate({"regexp": {"source": "a", "target": "b"}}),
        Rewrite.model_validate({"transform": {"template": "x"}}),
        Rewrite.model_validate({"merge": {"into": "k", "priority": ["p"], "strategy": "JSON"}}),
    ]
    merge = MergeRewrite("k", ("p",), strategy=MergeStrategy.JSON)
    assert (RegexpRewrite("a", "b"), TransformRewrite("x"), merge) == operations(manifest)
