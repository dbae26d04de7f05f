"""`printf`: verbs, flags, operands, and mistakes that are reported inside the text."""

from __future__ import annotations

import pytest

from tests.templating.rendering import rendered


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ('"%d|%5d|%-5d|%05d|%+d" 42 42 42 42 42', "42|   42|42   |00042|+42"),
        ('"%x %X %#x %o %O %b %c %U %#U" 255 255 255 8 8 5 97 233 233', "ff FF 0xff 10 0o10 101 a U+00E9 U+00E9 'é'"),
        ('"%f %.2f %e %g %G %8.3f|%-8.1f|" 1.5 1.0 1.5 1e21 1e-7 3.14159 2.0',
         "1.500000 1.00 1.500000e+00 1e+21 1E-07    3.142|2.0     |"),
        ('"%s|%10s|%-10s|%.2s|%q|%x" "ab" "ab" "ab" "abc" "a\\"b" "hi"', 'ab|        ab|ab        |ab|"a\\"b"|6869'),
        ('"%t %v %T" true false 1.5', "true false float64"),
        ('"%v %+v %#v" (dict "a" 1) (dict "a" 1) (dict "a" 1)', 'map[a:1] map[a:1] map[string]interface {}{"a":1}'),
        ('"%v %d %q" (list 1 2) (list 1 2) (list "a")', '[1 2] [1 2] ["a"]'),
        ('"%d" "x"', "%!d(string=x)"),
        ('"%d"', "%!d(MISSING)"),
        ('"%d" 1 2', "1%!(EXTRA int=2)"),
        ('"%z" 1', "%!z(int=1)"),
        ('"%" ', "%!(NOVERB)"),
        ('"%[2]d %[1]d" 1 2', "2 1"),
        ('"%[3]d" 1', "%!d(BADINDEX)"),
        ('"%*d|%-*d|%.*f" 4 1 4 1 2 1.0', "   1|1   |1.00"),
        ('"%*d" "x" 1', "%!(BADWIDTH)1"),
        ('"%5t|%%|%c" true 0x1F600', " true|%|😀"),
        ('"%s %v" nil nil', "%!s(<nil>) <nil>"),
        ('"%6.2f%%" 99.5', " 99.50%"),
        ('"%08.3f|%+.1e|% d" -3.14159 12345.678 7', "-003.142|+1.2e+04| 7"),
        ('"%x" "é"', "c3a9"),
        ('"%q" 97', "'a'"),
        ('"%5q|%-5c|" "a" 98', '  "a"|b    |'),
    ],
)  # fmt: skip
def test_formats(call: str, expected: str) -> None:
    """What Go's `fmt.Sprintf` gives."""
    assert expected == rendered("{{ printf " + call + " }}")
