"""gjson's path language; the results are those of gjson 1.18."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.providers import gjson
from syncd.providers.gjson_work import TooMuchWorkError

PEOPLE = b"""{
  "name": {"first": "Tom", "last": "Anderson"}, "age": 37, "fav.movie": "Deer Hunter",
  "children": ["Sara", "Alex", "Jack"],
  "friends": [
    {"first": "Dale", "last": "Murphy", "age": 44, "nets": ["ig", "fb"]},
    {"first": "Roger", "last": "Craig", "age": 68, "nets": ["fb"]},
    {"first": "Jane", "last": "Murphy", "age": 47, "nets": []}
  ],
  "flags": [true, false, null, "true", 0, 1]
}"""


def select(document: bytes, path: str) -> str | None:
    """What a path gives a Secret; None when it selects nothing."""
    result = gjson.get(document, path.encode())
    return result.value.decode() if result.exists else None


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("name.last", "Anderson"),
        ("age", "37"),
        ("children", '["Sara", "Alex", "Jack"]'),
        ("children.#", "3"),
        ("children.1", "Alex"),
        ("children.3", None),
        ("children.-1", None),
        ("child*.2", "Jack"),
        ("c?ildren.0", "Sara"),
        ("fav\\.movie", "Deer Hunter"),
        ("fav.movie", None),
        ("name.first.x", None),
        ("friends.1.last", "Craig"),
        ("friends.#.first", '["Dale","Roger","Jane"]'),
        ("friends.#.nope", "[]"),
        ("name|first", "Tom"),
    ],
)
def test_components(path: str, expected: str | None) -> None:
    """Names, indexes, wildcards, escapes, counts and pipes."""
    assert expected == select(PEOPLE, path)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ('friends.#(last=="Murphy").first', "Dale"),
        ('friends.#(last=="Murphy")#.first', '["Dale","Jane"]'),
        ("friends.#(last==Murphy)#.first", '["Dale","Jane"]'),
        ("friends.#(age>45)#.last", '["Craig","Murphy"]'),
        ("friends.#(age<=44).first", "Dale"),
        ('friends.#(first%"D*").last', "Murphy"),
        ('friends.#(first!%"D*").last', "Craig"),
        ('friends.#(nets.#(=="fb"))#.first', '["Dale","Roger"]'),
        ("friends.#(nets.#==0).first", "Jane"),
        ('friends.#(first=="Nobody")', None),
        ('friends.#(first=="Nobody")#', "[]"),
        ("friends.#(age>45)#|#", "2"),
        ('children.#(!="Sara")', "Alex"),
        ("flags.#(==~true)#", '[true,"true",1]'),
        ("flags.#(==~false)#", "[false,null,0]"),
        ("flags.#(==true)#", '[true,"true",0]'),
        ("flags.#(>=0)#", '[true,"true",0,1]'),
    ],
)
def test_queries(path: str, expected: str | None) -> None:
    """The first or all elements that fit, by comparison, pattern or truth."""
    assert expected == select(PEOPLE, path)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("children.@reverse", '["Jack","Alex","Sara"]'),
        ("name.@reverse", '{"last":"Anderson","first":"Tom"}'),
        ("name.@ugly", '{"first":"Tom","last":"Anderson"}'),
        ("name.@pretty", '{\n  "first": "Tom",\n  "last": "Anderson"\n}\n'),
        ('name.@pretty:{"sortKeys":true,"indent":"\t"}', '{\n\t"first": "Tom",\n\t"last": "Anderson"\n}\n'),
        ("children.@pretty", '["Sara", "Alex", "Jack"]\n'),
        ("name.@keys", '["first","last"]'),
        ("name.@values", '["Tom","Anderson"]'),
        ("age.@this", "37"),
        ("age.@valid", "37"),
        ("name.@tostr", '{"first": "Tom", "last": "Anderson"}'),
        ("name.@tostr.@fromstr.first", "Tom"),
        ("friends.#.nets|@flatten", '["ig", "fb","fb"]'),
        ("[name,friends.0]|@join|age", "44"),
        ('{"a":children,"b":friends.#.age}|@group', '[{"a":"Sara","b":44},{"a":"Alex","b":68},{"a":"Jack","b":47}]'),
        ("@dig:last", '["Anderson","Murphy","Craig","Murphy"]'),
        ("children.@nope", None),
    ],
)
def test_modifiers(path: str, expected: str | None) -> None:
    """Every modifier; an unknown one is a name that is not there."""
    assert expected == select(PEOPLE, path)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("[age,name.first]", '[37,"Tom"]'),
        ("[age,nope]", "[37]"),
        ("{age,name.first}", '{"age":37,"first":"Tom"}'),
        ('{"years":age}', '{"years":37}'),
        ("friends.0.{first,age}", '{"first":"Dale","age":44}'),
        ("friends.#.[first,age]", '[["Dale",44],["Roger",68],["Jane",47]]'),
        ('{age,"kind":!"person"}', '{"age":37,"kind":"person"}'),
        ("!true", "true"),
    ],
)
def test_multipaths(path: str, expected: str) -> None:
    """New arrays and objects of several paths and of literals."""
    assert expected == select(PEOPLE, path)


def test_json_lines() -> None:
    """`..` takes lines of JSON for an array."""
    lines = b'{"a":1}\n{"a":2}\n{"b":3}\n'
    assert ["3", "2", "[1,2]"] == [select(lines, path) for path in ("..#", "..1.a", "..#.a")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("42", "42"),
        ("-0", "-0"),
        ("12345678901234567890", "12345678901234567890"),
        ("1.50", "1.5"),
        ("1e3", "1000"),
        ("1e400", "+Inf"),
        ("NaN", "NaN"),
        ("true", "true"),
        ("null", ""),
        ('"a\\n\\u00e9\\ud83d\\ude00"', "a\né😀"),
        ('"cut\\x off"', "cut"),
        ("[ 1 ,  2 ]", "[ 1 ,  2 ]"),
    ],
)
def test_values(text: str, expected: str) -> None:
    """Integers and containers are the text of the document, other numbers are normalised, strings lose their quotes."""
    assert expected == select(b'{"x":' + text.encode() + b"}", "x")


@pytest.mark.parametrize(
    "document", [b'{"a":"x"', b'{"a":"x"} rest', b'// c\n{"a":"x"}', b'{"a" "x"}', b'{"z":[1}, "a":"x"}']
)
def test_broken_documents(document: bytes) -> None:
    """What is broken is read as far as it goes."""
    assert "x" == select(document, "a")


def test_first_of_equal_names() -> None:
    """Of two members with one name the first is taken."""
    assert "1" == select(b'{"a":1,"a":2}', "a")


@pytest.mark.parametrize(
    "path",
    [
        "[" * 5000 + "a" + "]" * 5000,
        "|".join(["@this"] * 5000),
        "|".join(["@tostr"] * 50),
        '@flatten:{"deep":true}',
        "@dig:a",
    ],
)
def test_hostile_paths_end(path: str) -> None:
    """Deep nesting ends with one of two errors, and soon."""
    document = b"[" * 50_000 + b"]" * 50_000
    with pytest.raises((RecursionError, TooMuchWorkError)):
        gjson.get(document, path.encode())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=15,
)
PATHS = st.text(st.sampled_from('ab01#.|*?()[]{}"\\:,=<>!%~@ é') | st.characters(), max_size=30).map(
    str.encode
) | st.lists(
    st.sampled_from(
        ["a", "#", "@pretty", "@flatten", "@join", "@group", "@tostr", "#(a=1)#", "{a,b}", "0", "*", "@dig:a"]
    )
).map(lambda parts: ".".join(parts).encode())


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), JSON, min_size=1), st.booleans())
def test_each_member_is_found_as_it_stands(document: dict[str, Any], ascii_only: bool) -> None:
    """The escaped name of a member selects its text."""
    text = json.dumps(document, ensure_ascii=ascii_only).encode(errors="surrogatepass")
    for name, value in document.items():
        path = "".join("\\" + character for character in name).encode()
        found = gjson.get(text, path)
        assert json.dumps(value, ensure_ascii=ascii_only).encode(errors="surrogatepass") == found.raw


@given(JSON)
def test_layouts_keep_the_value(document: Any) -> None:
    """`@pretty`, `@ugly` and `@tostr` followed by `@fromstr` change blanks only."""
    text = json.dumps([document]).encode()
    for path in (b"@pretty", b"@ugly", b'@pretty:{"sortKeys":true,"width":10}', b"@tostr|@fromstr"):
        assert [document] == json.loads(gjson.get(text, path).value)


@given(st.binary() | JSON.map(lambda document: json.dumps(document).encode()), PATHS)
def test_any_text_and_any_path_give_a_result(document: bytes, path: bytes) -> None:
    """Nothing but the two documented errors is raised."""
    try:
        result = gjson.get(document, path)
    except (RecursionError, TooMuchWorkError):
        return
    assert isinstance(result.value, bytes)
