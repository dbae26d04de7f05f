"""Go's `text/template`, as a library that knows nothing of secrets.

`Template(text, name=…).render(data)` gives bytes or raises `TemplateError`. Templates have every function that External
Secrets Operator gives its own: those of `text/template`, those of Sprig, and a few more. Clock and randomness come from
an `Engine`, with the limits that end any template within about a second. `read_key_values` and
`read_value` do what `templateFrom` needs beside.

    text ─▶ lexer ─▶ parser (grammar) ─▶ statements ─▶ compiler (evaluation, invocation) ─▶ instructions ─▶ machine
    functions/  by family      golang/  how Go reads, compares and prints      crypto/  PEM, DER, PKCS#12
"""

from syncd.errors import TemplateError
from syncd.templating.engine import Engine, Limits, MissingKey
from syncd.templating.key_values import read_key_values, read_value
from syncd.templating.meter import Meter
from syncd.templating.template import Template

__all__ = ["Engine", "Limits", "Meter", "MissingKey", "Template", "TemplateError", "read_key_values", "read_value"]
