"""Tokens to statements: one flat list per definition, in which blocks open and close."""

from __future__ import annotations

from dataclasses import dataclass, field

from syncd.templating.golang.text import SPACES, encode
from syncd.templating.grammar import Functions, Grammar, ParseError, Scope
from syncd.templating.lexer import Action, Kind, LexError, Text, Token, scan
from syncd.templating.nodes import Call, Close, Definition, Leave, Literal, Open, Otherwise, Output, Statement


@dataclass(slots=True)
class _Block:
    """An open block: how many variables were known before it, and how many blocks its `end` ends."""

    kind: str
    at: int
    variables: int
    closes: int = 1
    otherwise: bool = False


@dataclass(slots=True)
class _Tree:
    """A definition while it is read; `keyword` is `define`, `block`, or nothing for the text itself."""

    name: str
    at: int = 0
    keyword: str = ""
    call: Call | None = None
    statements: list[Statement] = field(default_factory=list)
    scope: Scope = field(default_factory=Scope)
    ranges: int = 0
    blocks: list[_Block] = field(default_factory=list)
    empty: bool = True


def parse(text: str, name: str, delimiters: tuple[str, str], functions: Functions) -> dict[str, Definition]:
    """Every definition of a template by name, its own text under `name`. Raises ParseError."""
    try:
        return _Parser(name, functions).parse(text, delimiters)
    except LexError as problem:
        raise ParseError(str(problem), problem.at, limit=problem.limit) from None


class _Parser:
    def __init__(self, name: str, functions: Functions) -> None:
        self.grammar = Grammar(functions)
        self.definitions: dict[str, Definition] = {}
        self.trees = [_Tree(name)]

    def parse(self, text: str, delimiters: tuple[str, str]) -> dict[str, Definition]:
        for piece in scan(text, delimiters):
            if isinstance(piece, Text):
                tree = self.trees[-1]
                tree.empty = tree.empty and not piece.text.strip(SPACES)
                tree.statements.append(Literal(encode(piece.text)))
            else:
                self._action(piece)
        tree = self.trees[-1]
        if tree.blocks:
            raise ParseError(f"this `{tree.blocks[-1].kind}` has no `end`", tree.blocks[-1].at)
        if tree.keyword:
            raise ParseError(f"this `{tree.keyword}` has no `end`", tree.at)
        self._define(tree)
        return self.definitions

    def _action(self, action: Action) -> None:
        tree = self.trees[-1]
        self.grammar.start(action.tokens, tree.scope)
        token = self.grammar.peek()
        keyword = token.text if token.kind is Kind.KEYWORD else ""
        if keyword == "define" and not (tree.keyword or tree.blocks):
            self.grammar.next()
            self.trees.append(_Tree(self._template_name("define"), token.at, "define"))
            self.grammar.expect_end("define")
            return
        if keyword != "end":
            tree.empty = False
        if keyword in ("", "define"):
            tree.statements.append(Output(token.at, self.grammar.pipeline("an action", Kind.END)))
            return
        self.grammar.next()
        getattr(self, f"_{keyword}")(tree, token)

    def _open(self, tree: _Tree, token: Token) -> None:
        tree.ranges += token.text == "range"
        tree.blocks.append(_Block(token.text, token.at, len(tree.scope)))
        tree.statements.append(Open(token.at, token.text, self.grammar.pipeline(token.text, Kind.END)))

    _if = _with = _range = _open

    def _else(self, tree: _Tree, token: Token) -> None:
        if not tree.blocks:
            raise ParseError("this `else` belongs to no `if`, `with` or `range`", token.at)
        block = tree.blocks[-1]
        if block.otherwise:
            raise ParseError(f"this `{block.kind}` has an `else` already", token.at)
        tree.statements.append(Otherwise())
        following = self.grammar.peek()
        if following.kind is Kind.KEYWORD and following.text == block.kind and block.kind != "range":
            self.grammar.next()
            block.closes += 1
            tree.statements.append(Open(following.at, block.kind, self.grammar.pipeline(block.kind, Kind.END)))
            return
        self.grammar.expect_end("else")
        block.otherwise = True
        tree.ranges -= block.kind == "range"

    def _end(self, tree: _Tree, token: Token) -> None:
        self.grammar.expect_end("end")
        if tree.blocks:
            block = tree.blocks.pop()
            tree.ranges -= block.kind == "range" and not block.otherwise
            tree.scope.shrink(block.variables)
            tree.statements.extend([Close()] * block.closes)
        elif tree.keyword:
            self._define(self.trees.pop())
            if tree.call is not None:
                self.trees[-1].statements.append(tree.call)
        else:
            raise ParseError("this `end` ends nothing", token.at)

    def _break(self, tree: _Tree, token: Token) -> None:
        self.grammar.expect_end(token.text)
        if not tree.ranges:
            raise ParseError(f"`{token.text}` stands outside of any `range`", token.at)
        tree.statements.append(Leave(again=token.text == "continue"))

    _continue = _break

    def _template(self, tree: _Tree, token: Token) -> None:
        name = self._template_name("template")
        pipe = None
        if self.grammar.peek().kind is not Kind.END:
            pipe = self.grammar.pipeline("template", Kind.END)
        tree.statements.append(Call(token.at, name, pipe))

    def _block(self, _: _Tree, token: Token) -> None:
        name = self._template_name("block")
        call = Call(token.at, name, self.grammar.pipeline("block", Kind.END))
        self.trees.append(_Tree(name, token.at, "block", call))

    def _template_name(self, context: str) -> str:
        token = self.grammar.next()
        if token.kind is not Kind.STRING:
            self.grammar.unexpected(token, context)
        return self.grammar.unquoted(token).decode("utf-8", "replace")

    def _define(self, tree: _Tree) -> None:
        known = self.definitions.get(tree.name)
        if known is None or known.empty:
            self.definitions[tree.name] = Definition(tree.name, tree.statements, tree.empty)
        elif not tree.empty:
            raise ParseError(f"the template `{tree.name}` is defined twice", tree.at)
